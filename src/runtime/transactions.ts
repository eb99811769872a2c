import type { ClientBase } from 'pg';

/** Commits what `work` does over this connection, or nothing of it. */
export async function atomically<T>(client: ClientBase, work: () => Promise<T>): Promise<T> {
  await client.query('BEGIN');
  try {
    const result = await work();
    await client.query('COMMIT');
    return result;
  } catch (error) {
    await client.query('ROLLBACK').catch(() => {});
    throw error;
  }
}

/** Begins a transaction in which the database stands still, and in which nothing can be written. */
export async function beginReading(client: ClientBase): Promise<void> {
  await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
}
