import { describe, expect, it } from 'vitest';
import { captureContext, until } from '../support/capture.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';

const MEBIBYTE = 1024 * 1024;

async function withRows(rows: number): Promise<TestDatabase> {
  const database = await createDatabase();
  await database.pool.query('CREATE TABLE items (id int PRIMARY KEY, n int)');
  await database.pool.query(`INSERT INTO items SELECT i, i FROM generate_series(1, ${rows}) i`);
  return database;
}

async function writeWal({ pool }: TestDatabase, mebibytes: number): Promise<void> {
  await pool.query('CREATE TABLE IF NOT EXISTS filler (t text)');
  await pool.query(
    `INSERT INTO filler SELECT repeat('x', 1000) FROM generate_series(1, ${mebibytes * 1000})`,
  );
}

describe("a capture's slot", () => {
  it('keeps little WAL while its database is idle and a neighbour writes', async () => {
    await using database = await withRows(5);
    await using neighbour = await createDatabase();
    const context = captureContext(database, ['items']);
    let finished = false;
    let retained = 0;
    await using _ = context.start({
      progress: (plan) => (finished = plan.finishedAt !== null),
      slot: (status) => (retained = status.retainedBytes),
    });
    await until('the refresh is finished', () => finished);
    await writeWal(neighbour, 40);
    // A logical slot can move on where the server logs its running transactions: every 15 s, or at a checkpoint.
    await until('the slot has moved on', async () => {
      await neighbour.pool.query('CHECKPOINT');
      return retained > 0 && retained < 4 * MEBIBYTE;
    });
    expect(retained).toBeLessThan(4 * MEBIBYTE);
  });

  it('makes refreshes wait before it keeps too much, and go on when it does not', async () => {
    await using database = await withRows(20_000);
    const context = captureContext(database, ['items']);
    const { snapshot } = context.config;
    const told: boolean[] = [];
    let finished = false;
    let published = 0;
    const running = await database.pool.connect();
    await using _ = context.start(
      {
        progress: (plan) => (finished = plan.finishedAt !== null),
        walBudget: (isTight) => void told.push(isTight),
        published: (_t, op, rows) => (published += op === 'r' ? rows : 0),
      },
      {
        snapshot: { ...snapshot, walBudgetBytes: 8 * MEBIBYTE, chunkRows: 50 },
        stream: { queueBytes: 1 << 20, batchRecords: 50, batchBytes: 1 << 20 },
      },
    );
    await until('a part is published', () => published > 0);
    // From now on the slot keeps all WAL; before, that of other tests could make the first part wait for ever.
    await running.query('BEGIN; SELECT pg_current_xact_id()');
    await writeWal(database, 12);
    await until('refreshes wait', () => told.at(-1) === true);
    const held = published;
    await new Promise((resolve) => setTimeout(resolve, 500));
    // What was in flight is still published.
    expect(published - held).toBeLessThanOrEqual(snapshot.chunksInFlight * 50);
    expect(finished).toBe(false);
    await running.query('COMMIT');
    running.release();
    await until('the refresh goes on and ends', async () => {
      await database.pool.query('CHECKPOINT');
      return finished;
    });
    expect(told.slice(0, 2)).toEqual([true, false]);
  });
});
