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
  const tables = new Map<TargetTable, Map<string, KeyWrite>>();
  for (const { writes, epoch } of groups) {
    for (const write of writes) {
      let keys = tables.get(write.table);
      if (keys === undefined) tables.set(write.table, (keys = new Map<string, KeyWrite>()));
      const row = write.kind === 'delete' ? write.key : write.row;
      const key = writeKey(write.table, row);
      keys.set(key, combine(keys.get(key), { kind: write.kind, row, epoch }));
    }
  }
  return [...tables].map(([table, keys]) => byKind(table, keys));
}

function combine(before: KeyWrite | undefined, next: KeyWrite): KeyWrite {
  if (before === undefined || next.kind !== 'patch') return next;
  if (before.kind === 'delete') return before;
  // A patch needs a row of its own epoch: one that follows an older patch or upsert is left out.
  if (before.epoch < next.epoch) return before;
  return { kind: before.kind, row: { ...before.row, ...next.row }, epoch: next.epoch };
}

function byKind(table: TargetTable, keys: ReadonlyMap<string, KeyWrite>): TableWrites {
  const of: Record<Write['kind'], KeyWrite[]> = { upsert: [], patch: [], delete: [] };
  // By UTF-16 code units, as strings compare.
  for (const key of [...keys.keys()].toSorted()) {
    const write = keys.get(key);
    if (write !== undefined) of[write.kind].push(write);
  }
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
