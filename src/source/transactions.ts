import type pg from 'pg';

/** Readable by any role: every transaction with an id holds the lock of that id until it is visible to all. */
export async function xidsInProgress(client: pg.ClientBase): Promise<number[]> {
  const { rows } = await client.query<{ xid: string }>(
    `SELECT DISTINCT transactionid::text AS xid FROM pg_catalog.pg_locks
      WHERE locktype = 'transactionid' AND granted AND mode = 'ExclusiveLock'`,
  );
  return rows.map((row) => Number(row.xid));
}
