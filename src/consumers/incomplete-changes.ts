import type { PoolClient } from 'pg';
import type { RowWriter, WriteCounts } from '../sinks/row-writer.ts';
import type { TargetTable } from '../sinks/target-table.ts';
import { type TableWrites, writeKey } from '../sinks/write-set.ts';
import type { AnyChange, Pipeline, PipelineContext } from './define-pipeline.ts';
import { transformed } from './run-transform.ts';

/** What a step has written of some changes. */
interface Written {
  readonly changes: readonly AnyChange[];
  readonly tables: readonly TableWrites[];
  /** Of the tables, in their order. */
  readonly counts: readonly WriteCounts[];
  readonly context: PipelineContext;
}

/** Partial changes whose row the target lacks, or has of an older epoch only: a refresh has to bring it. */
export async function incompleteChanges(
  pipeline: Pipeline,
  rows: RowWriter,
  client: PoolClient,
  { changes, tables, counts, context }: Written,
): Promise<AnyChange[]> {
  const patches = changes.filter(({ kind }) => kind === 'patch');
  if (patches.length === 0) return [];
  const missing = await missingRows(rows, client, tables, counts);
  return patches.filter((change) => {
    if (pipeline.lookup !== null && context.stored(change) === null) return true;
    // A write does not tell its change; a change by itself tells its writes.
    return (
      missing.size > 0 &&
      transformed(pipeline, [change], context)
        .flatMap(({ writes }) => writes)
        .some(
          (write) =>
            write.kind === 'patch' &&
            missing.get(write.table)?.has(writeKey(write.table, write.row)) === true,
        )
    );
  });
}

/** The keys of patches that found no row. */
async function missingRows(
  rows: RowWriter,
  client: PoolClient,
  tables: readonly TableWrites[],
  counts: readonly WriteCounts[],
): Promise<Map<TargetTable, Set<string>>> {
  const missing = new Map<TargetTable, Set<string>>();
  for (const [i, { table, patches }] of tables.entries()) {
    if (patches.length === 0 || counts[i]?.unchanged === 0) continue;
    const keys = patches.map(({ row, epoch }) => ({ key: row, epoch }));
    const found = await rows.lookup(client, table, keys);
    const without = patches.filter((_, n) => found[n] === null);
    if (without.length > 0) missing.set(table, new Set(without.map(({ row }) => writeKey(table, row))));
  }
  return missing;
}
