import type { ClientBase } from 'pg';
import { atomically } from '../runtime/transactions.ts';

/** Does work in a transaction that holds an advisory lock: commits it, or leaves nothing of it. */
export async function lockedTransaction(
  client: ClientBase,
  lock: string | number,
  work: () => Promise<void>,
): Promise<void> {
  await atomically(client, async () => {
    await client.query('SELECT pg_advisory_xact_lock($1)', [lock]);
    await work();
  });
}
