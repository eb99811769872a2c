import type { ClientBase } from 'pg';

/** Does work in a transaction that holds an advisory lock: commits it, or leaves nothing of it. */
export async function lockedTransaction(
  client: ClientBase,
  lock: string | number,
  work: () => Promise<void>,
): Promise<void> {
  await client.query('BEGIN');
  try {
    await client.query('SELECT pg_advisory_xact_lock($1)', [lock]);
    await work();
    await client.query('COMMIT');
  } catch (error) {
    await client.query('ROLLBACK').catch(() => {});
    throw error;
  }
}
