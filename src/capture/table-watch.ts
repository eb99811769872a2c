import type pg from 'pg';
import { formatTable, type TableId } from '../change/table.ts';
import { FreshetError } from '../runtime/errors.ts';
import { ensurePublication } from '../source/publication.ts';
import { readTable } from '../source/table-catalog.ts';
import { changesOldRows, readTableFacts, type TableFacts } from '../source/table-facts.ts';
import { xidsInProgress } from '../source/transactions.ts';
import { TypeCatalog } from '../source/type-catalog.ts';
import { currentWal } from '../source/wal-position.ts';
import { stopsTable, type TableGuard } from './table-guard.ts';
import type { TableStates } from './table-states.ts';

/** What became of a table, by what the catalog shows now and what it showed before. */
export type TableVerdict =
  | { readonly kind: 'same' | 'changed' }
  /** The table alone is stopped. */
  | { readonly kind: 'halt'; readonly error: FreshetError }
  /** Changes of the table can have been left out of the stream, unnoticed. */
  | { readonly kind: 'gap'; readonly error: FreshetError };

export function judgeTable(
  id: TableId,
  before: TableFacts | null,
  now: TableFacts | undefined,
  publication: string,
): TableVerdict {
  const table = formatTable(id);
  if (now === undefined)
    return { kind: 'halt', error: missing(table, 'does not exist any more: it was dropped or renamed') };
  if (before !== null && before.oid !== now.oid)
    return { kind: 'halt', error: missing(table, 'was dropped and created again') };
  if (now.publication === null) return { kind: 'gap', error: unpublished(table, publication) };
  if (before !== null && before.publication !== now.publication)
    return { kind: 'gap', error: altered(table, publication) };
  if (now.leavesOut !== null) return { kind: 'gap', error: partly(table, publication, now.leavesOut) };
  const same = before !== null && JSON.stringify(before.columns) === JSON.stringify(now.columns);
  return { kind: same ? 'same' : 'changed' };
}

export interface TableWatchOptions {
  readonly control: pg.Client;
  /** Null: a snapshot-only capture, which needs none. */
  readonly publication: string | null;
  readonly tables: () => readonly TableId[];
  readonly states: TableStates;
  readonly guard: TableGuard;
}

/** Compares the catalog with what the capture believes, again and again. */
export class TableWatch {
  readonly #options: TableWatchOptions;

  constructor(options: TableWatchOptions) {
    this.#options = options;
  }

  /** Throws PUBLICATION_CHANGED where the stream may have a gap, PREFLIGHT where it always has. */
  async look(): Promise<void> {
    const { control, publication, tables, states, guard } = this.#options;
    const ids = tables();
    const facts = await readTableFacts(control, publication, ids);
    for (const id of ids) {
      const table = formatTable(id);
      const now = facts.get(table);
      if (guard.isHalted(table)) {
        await this.#tryCure(id, now);
        continue;
      }
      const before = states.factsOf(table);
      const verdict = judgeTable(id, before, now, publication ?? '');
      if (verdict.kind === 'gap') throw verdict.error;
      if (verdict.kind === 'halt') guard.halt(table, verdict.error);
      if (verdict.kind !== 'changed' || now === undefined) continue;
      if (before !== null && changesOldRows(before.columns, now.columns))
        guard.refresh(id, 'its columns changed, and with them rows that no change is streamed for');
      states.remember(table, now);
    }
  }

  async #tryCure(id: TableId, now: TableFacts | undefined): Promise<void> {
    if (now === undefined) return;
    try {
      const facts = now.publication === null ? await this.#publish(id) : now;
      if (facts === undefined) return;
      await this.#options.guard.tryShape(
        (await readTable(this.#options.control, new TypeCatalog(), id)).schema,
      );
      // Without a stream, no change of theirs is expected.
      const inProgress =
        this.#options.publication === null ? [] : await xidsInProgress(this.#options.control);
      this.#options.guard.cured(id, facts, await currentWal(this.#options.control), inProgress);
    } catch (error) {
      if (!stopsTable(error)) throw error;
    }
  }

  /** A table that was created again is no member of the publication. */
  async #publish(id: TableId): Promise<TableFacts | undefined> {
    const { control, publication, tables } = this.#options;
    if (publication === null) return undefined;
    const facts = await readTableFacts(control, publication, tables());
    const existing = tables().filter((each) => facts.has(formatTable(each)));
    await ensurePublication(control, publication, existing);
    const after = await readTableFacts(control, publication, [id]);
    return after.get(formatTable(id));
  }
}

function missing(table: string, what: string): FreshetError {
  return new FreshetError('TABLE_MISSING', `table ${table} ${what}`, {
    cure: 'Give it its name again, or create it; or take it out of the list of tables.',
  });
}

function unpublished(table: string, publication: string): FreshetError {
  return new FreshetError(
    'PUBLICATION_CHANGED',
    `publication "${publication}" no longer holds table ${table}`,
  );
}

function altered(table: string, publication: string): FreshetError {
  return new FreshetError(
    'PUBLICATION_CHANGED',
    `publication "${publication}" was altered, or made anew, for table ${table}: changes may be missing`,
  );
}

function partly(table: string, publication: string, what: string): FreshetError {
  return new FreshetError('PREFLIGHT', `publication "${publication}" leaves out ${what} of table ${table}`, {
    cure: `Publish the whole table: no WHERE, no column list, publish = 'insert, update, delete, truncate', publish_via_partition_root.`,
  });
}
