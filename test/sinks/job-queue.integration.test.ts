import type { PoolClient } from 'pg';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { JobQueue } from '../../src/sinks/job-queue.ts';
import { type JobWorkerOptions, runJobWorker } from '../../src/sinks/job-worker.ts';
import { TARGET_DEFAULTS, createTargetPool } from '../../src/sinks/target-pool.ts';
import { until } from '../support/capture.ts';
import { type TestDatabase, createDatabase } from '../support/database.ts';
import { start } from '../support/running.ts';

const KIND = { task: 'TEST', priority: 10, maxAttempts: 2 };
const job = (key: string, n = 0) => ({ key, payload: { n }, runAt: null });

async function open(): Promise<{ database: TestDatabase; queue: JobQueue }> {
  const database = await createDatabase();
  const queue = new JobQueue('graphile_worker');
  await queue.migrate({ url: database.url });
  return { database, queue };
}

async function withClient<T>(database: TestDatabase, act: (client: PoolClient) => Promise<T>): Promise<T> {
  const client = await database.pool.connect();
  try {
    return await act(client);
  } finally {
    client.release();
  }
}

function work(database: TestDatabase, queue: JobQueue, handle: (n: number) => Promise<void>, prefetch = 0) {
  const failures: { message: string; final: boolean }[] = [];
  const pool = createTargetPool({ url: database.url }, 'work', TARGET_DEFAULTS);
  const options: JobWorkerOptions = {
    queue,
    pool,
    task: 'TEST',
    handle: (payload) => handle((payload as { n: number }).n),
    concurrency: 4,
    prefetch,
    observer: { jobFailed: (message, final) => void failures.push({ message, final }), log: () => {} },
  };
  const running = start(async (signal) => {
    try {
      await runJobWorker(options, signal);
    } finally {
      await pool.end();
    }
  });
  return { failures, [Symbol.asyncDispose]: () => running.stop() };
}

async function jobs(
  database: TestDatabase,
): Promise<{ key: string | null; attempts: number; last_error: string | null }[]> {
  const { rows } = await database.pool.query(
    'SELECT key, attempts, last_error FROM graphile_worker.jobs ORDER BY key, id',
  );
  return rows as { key: string | null; attempts: number; last_error: string | null }[];
}

describe('the job queue', () => {
  it('keeps one waiting job a key, with the payload of the last enqueuing', async () => {
    const { database, queue } = await open();
    await using _ = database;
    for (let n = 1; n <= 3; n++)
      await withClient(database, (client) => queue.enqueue(client, KIND, [job('b', n), job('a', n)]));
    expect(await jobs(database)).toMatchObject([{ key: 'a' }, { key: 'b' }]);
    const seen: number[] = [];
    await using worker = work(database, queue, async (n) => void seen.push(n));
    await until('both ran', () => seen.length === 2);
    expect(seen).toEqual([3, 3]);
    expect(worker.failures).toEqual([]);
  });

  it('takes back what it enqueued with the transaction that it stood in', async () => {
    const { database, queue } = await open();
    await using _ = database;
    await withClient(database, async (client) => {
      await client.query('BEGIN');
      await queue.enqueue(client, KIND, [job('a')]);
      await client.query('ROLLBACK');
    });
    expect(await jobs(database)).toEqual([]);
  });

  it('queues a succeeded job again, and one that failed for good, with its tries begun anew', async () => {
    const { database, queue } = await open();
    await using _ = database;
    let broken = true;
    const ran: number[] = [];
    await using worker = work(database, queue, async (n) => {
      ran.push(n);
      if (broken) throw new Error('the cause');
    });
    const enqueue = (n: number) =>
      withClient(database, (client) => queue.enqueue(client, { ...KIND, maxAttempts: 1 }, [job('a', n)]));
    await enqueue(1);
    await until('it failed', () => worker.failures.length === 1);
    await until('the failure is stored', async () => (await jobs(database))[0]?.last_error !== null);
    expect(worker.failures).toEqual([{ message: 'the cause', final: true }]);
    expect(await jobs(database)).toEqual([{ key: 'a', attempts: 1, last_error: 'the cause' }]);
    expect(await withClient(database, (client) => queue.liveKeys(client, ['a']))).toEqual(new Set());
    broken = false;
    await enqueue(2);
    await until('it ran again', () => ran.length === 2);
    await until('it is done', async () => (await jobs(database)).length === 0);
    await enqueue(3);
    await until('it ran once more', () => ran.length === 3);
  });

  it('tries a failed job again after a pause', async () => {
    const { database, queue } = await open();
    await using _ = database;
    let tries = 0;
    await using worker = work(database, queue, async () => {
      tries += 1;
      if (tries === 1) throw new Error('for now');
    });
    await withClient(database, (client) => queue.enqueue(client, KIND, [job('a')]));
    await until('it is tried again', () => tries === 2);
    expect(worker.failures).toEqual([{ message: 'for now', final: false }]);
  });

  it('lets a job that is enqueued while it runs run once more, and no oftener', async () => {
    const { database, queue } = await open();
    await using _ = database;
    const gate = Promise.withResolvers<void>();
    const ran: number[] = [];
    await using __ = work(database, queue, async (n) => {
      ran.push(n);
      if (n === 1) await gate.promise;
    });
    await withClient(database, (client) => queue.enqueue(client, KIND, [job('a', 1)]));
    await until('it runs', () => ran.length === 1);
    for (const n of [2, 3, 4])
      await withClient(database, (client) => queue.enqueue(client, { ...KIND, priority: 20 }, [job('a', n)]));
    gate.resolve();
    await until('it ran once more', () => ran.length >= 2);
    await until('nothing is left', async () => (await jobs(database)).length === 0);
    expect(ran.filter((n) => n === 4).length).toBe(1);
  });

  it('never has two live jobs of a key, however enqueuing and working meet', async () => {
    const { database, queue } = await open();
    await using _ = database;
    const last = new Map<number, number>();
    let most = 0;
    await using __ = work(
      database,
      queue,
      async (n) => {
        last.set(n % 10, Math.max(n, last.get(n % 10) ?? 0));
        await sleep(n % 3);
      },
      20,
    );
    await Promise.all(
      [0, 1].map(async (lane) => {
        for (let round = 0; round < 60; round++) {
          const keys = [...Array(5).keys()].map((i) => lane * 5 + i);
          await withClient(database, (client) =>
            queue.enqueue(client, KIND, keys.map((i) => job(`k${i}`, round * 10 + i)).toReversed()),
          );
          const { rows } = await database.pool.query<{ most: number }>(
            'SELECT coalesce(max(n), 0)::int AS most FROM (SELECT count(*) AS n FROM graphile_worker.jobs WHERE key IS NOT NULL GROUP BY key) AS c',
          );
          most = Math.max(most, rows[0]?.most ?? 0);
        }
      }),
    );
    await until('all are done', async () => (await jobs(database)).length === 0);
    expect(most).toBe(1);
    expect([...last.values()].every((n) => n >= 590)).toBe(true);
  });

  it('begins nothing before its time, and goes by priority', async () => {
    const { database, queue } = await open();
    await using _ = database;
    const later = new Date(Date.now() + 3_600_000);
    await withClient(database, async (client) => {
      await queue.enqueue(client, KIND, [{ key: 'later', payload: { n: 9 }, runAt: later }]);
      await queue.enqueue(client, { ...KIND, priority: 100 }, [job('slow', 2)]);
      await queue.enqueue(client, { ...KIND, priority: 0 }, [job('fast', 1)]);
    });
    expect(await withClient(database, (client) => queue.states(client, 'TEST'))).toMatchObject({
      waiting: 2,
      scheduled: 1,
      running: 0,
      failed: 0,
    });
    const ran: number[] = [];
    await using __ = work(database, queue, async (n) => void ran.push(n), 4);
    await until('two ran', () => ran.length === 2);
    expect(ran).toEqual([1, 2]);
  });

  it('gives the jobs of a worker that died back at once, and leaves those of a living one alone', async () => {
    const { database, queue } = await open();
    await using _ = database;
    await withClient(database, (client) => queue.enqueue(client, KIND, [job('dead'), job('alive')]));
    await database.pool.query(
      `UPDATE graphile_worker._private_jobs SET locked_at = now() - interval '1 minute', locked_by = key || '-worker'`,
    );
    const living = await database.pool.connect();
    await queue.announce(living, 'alive-worker');
    expect(await withClient(database, (client) => queue.tidy(client, 'TEST'))).toBe(1);
    const { rows } = await database.pool.query(
      'SELECT key FROM graphile_worker.jobs WHERE locked_by IS NULL',
    );
    expect(rows).toEqual([{ key: 'dead' }]);
    living.release(true);
    await until('the other is given back, too', async () =>
      withClient(database, async (client) => (await queue.tidy(client, 'TEST')) === 1),
    );
  });
});
