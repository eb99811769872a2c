import type { Row } from '../change/change.ts';
import { formatTable } from '../change/table.ts';
import { FreshetError } from '../runtime/errors.ts';
import { valueText } from './array-parameter.ts';
import type { TargetTable } from './target-table.ts';
import type { EpochWrites, Write } from './write.ts';

/** The one thing to do about a key of a table. */
export interface KeyWrite {
  readonly kind: Write['kind'];
  /** The whole row, a patch's part of it, or a delete's key. */
  readonly row: Row;
  readonly epoch: number;
}

export interface TableWrites {
  readonly table: TargetTable;
  /** Sorted by key: two transactions that meet lock rows in the same order. */
  readonly upserts: readonly KeyWrite[];
  readonly patches: readonly KeyWrite[];
  readonly deletes: readonly KeyWrite[];
}

/**
 * Reduces writes to one per table and key, with the outcome of applying them one by one: a patch after
 * an upsert becomes part of it, a patch after a delete has nothing to change. Tables stand in the order
 * in which they are first written.
 */
export function reduceWrites(groups: readonly EpochWrites[]): TableWrites[] {
  const tables = new Map<TargetTable, KeyedWrites>();
  for (const { writes, epoch } of groups) {
    for (const write of writes) {
      let keyed = tables.get(write.table);
      if (keyed === undefined) tables.set(write.table, (keyed = new KeyedWrites()));
      const row = write.kind === 'delete' ? write.key : write.row;
      keyed.add(writeKey(write.table, row), { kind: write.kind, row, epoch });
    }
  }
  return [...tables].map(([table, keyed]) => byKind(table, keyed.sorted()));
}

/** One write per key. The rows of a snapshot come sorted by their keys: as long as they do, none comes twice. */
class KeyedWrites {
  readonly #keys: string[] = [];
  readonly #writes: KeyWrite[] = [];
  #last = '';
  /** From the first key on that does not come behind the one before it. */
  #byKey: Map<string, KeyWrite> | null = null;

  add(key: string, write: KeyWrite): void {
    if (this.#byKey === null && (key > this.#last || this.#keys.length === 0)) {
      this.#keys.push(key);
      this.#writes.push(write);
      this.#last = key;
      return;
    }
    this.#byKey ??= new Map(this.#keys.map((known, i) => [known, this.#writes[i] ?? write]));
    this.#byKey.set(key, combine(this.#byKey.get(key), write));
  }

  /** By the UTF-16 code units of their keys, as strings compare. */
  sorted(): readonly KeyWrite[] {
    if (this.#byKey === null) return this.#writes;
    return [...this.#byKey].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, write]) => write);
  }
}

function combine(before: KeyWrite | undefined, next: KeyWrite): KeyWrite {
  if (before === undefined || next.kind !== 'patch') return next;
  if (before.kind === 'delete') return before;
  // A patch needs a row of its own epoch: one that follows an older patch or upsert is left out.
  if (before.epoch < next.epoch) return before;
  return { kind: before.kind, row: { ...before.row, ...next.row }, epoch: next.epoch };
}

function byKind(table: TargetTable, sorted: readonly KeyWrite[]): TableWrites {
  const of: Record<Write['kind'], KeyWrite[]> = { upsert: [], patch: [], delete: [] };
  for (const write of sorted) of[write.kind].push(write);
  return { table, upserts: of.upsert, patches: of.patch, deletes: of.delete };
}

/** Tells a table's keys apart. Throws RECORD_INVALID where a column of the key has no value. */
export function writeKey(table: TargetTable, row: Row): string {
  let text = '';
  for (const column of table.key) {
    const part = valueText(row[column]);
    if (part === null) {
      throw new FreshetError(
        'RECORD_INVALID',
        `a write to ${formatTable(table)} has no value for its key "${column}"`,
      );
    }
    text += text === '' ? part : `\u0000${part}`;
  }
  return text;
}
