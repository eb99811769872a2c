import { sqlArray } from './sql-array.ts';
import type { SqlClient } from './sql-client.ts';

/** A result, and the refresh in which it is computed; null outside of one. */
export interface AffectedResult {
  readonly id: string;
  readonly refresh: string | null;
}

/**
 * Locks results in the order given, which must be sorted: two batches that share results wait for each
 * other and never deadlock. The lock's row remembers the last refresh that asked for the result, so that
 * its summary counts each result once; otherwise the row is not written when it is there.
 */
export async function lockResults(client: SqlClient, results: readonly AffectedResult[]): Promise<void> {
  await client.query({
    name: 'transform_lock_results',
    text: `INSERT INTO freshet.transform_results AS r (collector_result_id, refresh)
     SELECT * FROM unnest($1::bigint[], $2::text[])
     ON CONFLICT (collector_result_id) DO UPDATE SET refresh = excluded.refresh, written = false
       WHERE excluded.refresh <> r.refresh OR (excluded.refresh IS NOT NULL AND r.refresh IS NULL)`,
    values: [sqlArray(results.map(({ id }) => id)), sqlArray(results.map(({ refresh }) => refresh))],
  });
}

/** Remembers that the refresh changed something of these results. */
export async function markWritten(client: SqlClient, results: readonly string[]): Promise<void> {
  if (results.length === 0) return;
  await client.query({
    name: 'transform_mark_written',
    text: `UPDATE freshet.transform_results SET written = true
     WHERE collector_result_id = ANY($1::bigint[]) AND NOT written`,
    values: [sqlArray(results)],
  });
}

/** Lock rows of results that have no input rows any more. */
export async function forgetResults(client: SqlClient, results: readonly string[]): Promise<void> {
  if (results.length === 0) return;
  await client.query('DELETE FROM freshet.transform_results WHERE collector_result_id = ANY($1::bigint[])', [
    sqlArray(results),
  ]);
}
