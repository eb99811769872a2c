import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Pool } from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { parseScoreBackfillOptions } from '../../../src/consumers/score/backfill-options.ts';
import { continuousJob, continuousKind } from '../../../src/consumers/score/score-jobs.ts';
import { runScoreBackfill } from '../../../src/consumers/score/run-backfill.ts';
import { readState, writeState } from '../../../src/consumers/score/state-file.ts';
import { nextCommand } from '../../../src/consumers/score/summary.ts';
import { differencesOf, verifyScores } from '../../../src/consumers/score/verify.ts';
import { TARGET_DEFAULTS, createTargetPool, inTransaction } from '../../../src/sinks/target-pool.ts';
import { until } from '../../support/capture.ts';
import { createDatabase } from '../../support/database.ts';
import { type ScoreDatabase, addLeads, leadScore, scoreDatabase, startWorker } from '../../support/score.ts';
import { SCORE_SOURCE_SQL } from '../../../src/consumers/score/migrations.ts';

let database: ScoreDatabase;
let pool: Pool;
let folder: string;
const stateFile = (): string => join(folder, 'state.json');

beforeAll(async () => {
  database = await scoreDatabase();
  pool = createTargetPool({ url: database.url }, 'backfill', TARGET_DEFAULTS);
  folder = await mkdtemp(join(tmpdir(), 'freshet-score-'));
});
afterAll(async () => {
  await pool.end();
  await rm(folder, { recursive: true });
  await database[Symbol.asyncDispose]();
});

/**
 * Twelve leads in the order of their ids: a and b unscored, c silent, d opted out and e blacklisted, both
 * not stored yet, f scored, g with a continuous job, h disqualified and stored, i to l unscored; of client
 * c2 are b, d, f and l.
 */
beforeEach(async () => {
  await rm(stateFile(), { force: true });
  await database.pool.query('DELETE FROM leads; DELETE FROM graphile_worker._private_jobs');
  const of = (id: string) => (['b', 'd', 'f', 'l'].includes(id) ? 'c2' : 'c1');
  const texts: Record<string, string[]> = { c: ['>Hello?'], d: ['Stop texting me'], h: ['Unsubscribe'] };
  await addLeads(
    database.pool,
    'abcdefghijkl'.split('').map((id) => ({
      id,
      client: of(id),
      blacklisted: id === 'e',
      messages: texts[id] ?? ['>Hello?', 'Tell me more'],
    })),
  );
  await database.pool.query(
    `UPDATE leads SET overall_score = 6, score_anchor = 'f-m2', score_model_version = 'old' WHERE id = 'f';
     UPDATE leads SET overall_score = 1, score_model_version = 'disqualified-1', opted_out_at = now(),
            opt_out_message_id = 'h-m1', opt_out_message_at = now(), disqualified_at = now() WHERE id = 'h'`,
  );
  const client = await database.pool.connect();
  await database.queue.enqueue(client, continuousKind(25), [continuousJob('g', 'g-m2')]);
  client.release();
});

async function run(raw: object, stopAfterPages = Infinity) {
  const parsed = parseScoreBackfillOptions({ stateFile: stateFile(), ...raw });
  const stop = new AbortController();
  const result = await runScoreBackfill(
    { pool, queue: database.queue, options: parsed.options, lowestScore: 1, maxAttempts: 25 },
    {
      signal: stop.signal,
      page: ({ pages }) => {
        if (pages >= stopAfterPages) stop.abort();
      },
      retry: () => {},
      failed: () => {},
    },
  );
  return { ...result, notices: parsed.notices, next: nextCommand(parsed.options, result.totals, result.end) };
}

async function queued(): Promise<string> {
  const { rows } = await database.pool.query<{ key: string }>(
    `SELECT key FROM graphile_worker.jobs WHERE key LIKE 'lead_scoring_backfill:%' ORDER BY key`,
  );
  return rows.map(({ key }) => key.slice('lead_scoring_backfill:'.length)).join('');
}

async function disqualified(): Promise<string> {
  const { rows } = await database.pool.query<{ id: string }>(
    `SELECT id FROM leads WHERE score_model_version = 'disqualified-1' ORDER BY id`,
  );
  return rows.map(({ id }) => id).join('');
}

interface Effect {
  /** Leads with a backfill's job afterwards. */
  readonly jobs?: string;
  readonly disqualified?: string;
  readonly pages: number;
  readonly leads: number;
  readonly last: string | null;
  readonly end: 'done' | 'more';
  readonly notices?: number;
}
const DRY = { jobs: '', disqualified: 'h' };
const ALL = { jobs: 'abijkl', disqualified: 'deh' };

describe('a backfill of scores', () => {
  it.each<[object, Effect]>([
    [{}, { ...DRY, pages: 1, leads: 12, last: 'l', end: 'done' }],
    [{ dryRun: true }, { ...DRY, pages: 1, leads: 12, last: 'l', end: 'done' }],
    [{ limit: '5' }, { ...DRY, pages: 1, leads: 5, last: 'e', end: 'more' }],
    [
      { limit: '5', runUntilDone: true },
      { ...DRY, pages: 3, leads: 12, last: 'l', end: 'done' },
    ],
    [
      { limit: '5', singleBatch: true },
      { ...DRY, pages: 1, leads: 5, last: 'e', end: 'more' },
    ],
    [
      { limit: '5', cursor: 'e' },
      { ...DRY, pages: 1, leads: 5, last: 'j', end: 'more' },
    ],
    [{ cursor: 'l' }, { ...DRY, pages: 0, leads: 0, last: null, end: 'done' }],
    [{ clientId: 'c2' }, { ...DRY, pages: 1, leads: 4, last: 'l', end: 'done' }],
    [{ rescoreAll: true }, { ...DRY, pages: 1, leads: 12, last: 'l', end: 'done' }],
    [{ delayMs: '10' }, { ...DRY, pages: 1, leads: 12, last: 'l', end: 'done', notices: 1 }],
    [
      { limit: '4', runUntilDone: true, pageDelayMs: '1' },
      { ...DRY, pages: 3, leads: 12, last: 'l', end: 'done' },
    ],
    [{ apply: true }, { ...ALL, pages: 1, leads: 12, last: 'l', end: 'done' }],
    [
      { apply: true, limit: '1' },
      { ...ALL, pages: 12, leads: 12, last: 'l', end: 'done' },
    ],
    [
      { apply: true, limit: '5' },
      { ...ALL, pages: 3, leads: 12, last: 'l', end: 'done' },
    ],
    [
      { apply: true, limit: '6' },
      { ...ALL, pages: 2, leads: 12, last: 'l', end: 'done' },
    ],
    [
      { apply: true, limit: '5', runUntilDone: true },
      { ...ALL, pages: 3, leads: 12, last: 'l', end: 'done' },
    ],
    [
      { apply: true, limit: '5', singleBatch: true },
      { jobs: 'ab', disqualified: 'deh', pages: 1, leads: 5, last: 'e', end: 'more' },
    ],
    [
      { apply: true, limit: '5', singleBatch: true, cursor: 'e' },
      { jobs: 'ij', disqualified: 'h', pages: 1, leads: 5, last: 'j', end: 'more' },
    ],
    [
      { apply: true, cursor: 'h' },
      { jobs: 'ijkl', disqualified: 'h', pages: 1, leads: 4, last: 'l', end: 'done' },
    ],
    [
      { apply: true, cursor: 'bb' },
      { jobs: 'ijkl', disqualified: 'deh', pages: 1, leads: 10, last: 'l', end: 'done' },
    ],
    [
      { apply: true, clientId: 'c2' },
      { jobs: 'bl', disqualified: 'dh', pages: 1, leads: 4, last: 'l', end: 'done' },
    ],
    [
      { apply: true, clientId: 'c2', limit: '3', cursor: 'b' },
      { jobs: 'l', disqualified: 'dh', pages: 1, leads: 3, last: 'l', end: 'done' },
    ],
    [
      { apply: true, clientId: 'nobody' },
      { ...DRY, pages: 0, leads: 0, last: null, end: 'done' },
    ],
    [
      { apply: true, rescoreAll: true },
      { jobs: 'abfijkl', disqualified: 'deh', pages: 1, leads: 12, last: 'l', end: 'done' },
    ],
    [
      { apply: true, rescoreAll: true, clientId: 'c2', limit: '2', singleBatch: true },
      { jobs: 'b', disqualified: 'dh', pages: 1, leads: 2, last: 'd', end: 'more' },
    ],
    [
      { apply: true, delayMs: '1000' },
      { ...ALL, pages: 1, leads: 12, last: 'l', end: 'done' },
    ],
    [
      { apply: true, limit: '7', pageDelayMs: '5' },
      { ...ALL, pages: 2, leads: 12, last: 'l', end: 'done' },
    ],
    [
      { apply: true, limit: '9', singleBatch: true, pageDelayMs: '5' },
      { jobs: 'abi', disqualified: 'deh', pages: 1, leads: 9, last: 'i', end: 'more', notices: 1 },
    ],
    [
      { apply: true, cursor: 'k', resume: true },
      { jobs: 'l', disqualified: 'h', pages: 1, leads: 1, last: 'l', end: 'done', notices: 1 },
    ],
    [
      { apply: true, limit: '12' },
      { ...ALL, pages: 1, leads: 12, last: 'l', end: 'done' },
    ],
  ])('with %j', async (raw, effect) => {
    const { totals, end, notices } = await run(raw);
    expect({
      jobs: await queued(),
      disqualified: await disqualified(),
      pages: totals.pages,
      leads: totals.leads,
      last: totals.lastLeadId,
      end,
      notices: notices.filter((notice) => !notice.startsWith('--state-file')).length,
    }).toEqual({ notices: 0, ...effect });
    const state = await readState(stateFile());
    expect(state?.totals ?? null).toEqual('apply' in raw ? totals : null);
  });

  it('counts in a dry run what it would do, and writes nothing, not even tables', async () => {
    const { totals, next } = await run({});
    expect(totals).toMatchObject({
      enqueued: 6,
      disqualified: 2,
      errors: 0,
      skipped: {
        'no-inbound': 1,
        'already-scored': 1,
        'already-disqualified': 1,
        'continuous-job-live': 1,
      },
    });
    expect(next).toContain('freshet backfill score --apply');
    await using bare = await createDatabase();
    await bare.pool.query(SCORE_SOURCE_SQL);
    await addLeads(bare.pool, [
      { id: 'a', messages: ['Tell me more'] },
      { id: 'b', messages: ['STOP'] },
    ]);
    const options = parseScoreBackfillOptions({}).options;
    const barePool = createTargetPool({ url: bare.url }, 'backfill', TARGET_DEFAULTS);
    const dry = await runScoreBackfill(
      { pool: barePool, queue: database.queue, options, lowestScore: 1, maxAttempts: 1 },
      { signal: new AbortController().signal, page: () => {}, retry: () => {}, failed: () => {} },
    );
    await barePool.end();
    expect(dry.totals).toMatchObject({ enqueued: 1, disqualified: 1 });
    const { rows } = await bare.pool.query(
      `SELECT nspname FROM pg_namespace WHERE nspname IN ('freshet', 'graphile_worker')`,
    );
    expect(rows).toEqual([]);
  });

  it('goes on exactly where it was interrupted, however often', async () => {
    const first = await run({ apply: true, limit: '3' }, 1);
    expect(first).toMatchObject({ end: 'interrupted', totals: { pages: 1, lastLeadId: 'c' } });
    expect(first.next).toContain('--resume');
    const second = await run({ apply: true, limit: '3', resume: true }, 3);
    expect(second).toMatchObject({ end: 'interrupted', totals: { pages: 3, lastLeadId: 'i' } });
    const third = await run({ apply: true, limit: '3', resume: true });
    expect(third).toMatchObject({
      end: 'done',
      totals: { pages: 4, leads: 12, enqueued: 6, disqualified: 2 },
    });
    expect(await queued()).toBe(ALL.jobs);
    expect(JSON.parse(await readFile(stateFile(), 'utf8'))).toMatchObject({ finished: true });
  });

  it('repeats the page whose state a crash kept from being written', async () => {
    await run({ apply: true, limit: '3' }, 2);
    const behindTwo = await readState(stateFile());
    await run({ apply: true, limit: '3', resume: true }, 3);
    if (behindTwo !== null) await writeState(stateFile(), behindTwo);
    await run({ apply: true, limit: '3', resume: true });
    expect(await queued()).toBe(ALL.jobs);
    expect(await disqualified()).toBe(ALL.disqualified);
  });

  it('enqueues again without doubling, also what has failed, and spreads the jobs over time', async () => {
    await run({ apply: true });
    await database.pool.query(
      `UPDATE graphile_worker._private_jobs SET attempts = max_attempts WHERE key = 'lead_scoring_backfill:a'`,
    );
    await run({ apply: true, delayMs: '60000' });
    expect(await queued()).toBe(ALL.jobs);
    const { rows } = await database.pool.query<{ after: number; attempts: number; priority: number }>(
      `SELECT round(extract(epoch FROM run_at - min(run_at) OVER ()))::int AS after, attempts, priority
         FROM graphile_worker.jobs WHERE key LIKE 'lead_scoring_backfill:%' ORDER BY key`,
    );
    expect(rows.map(({ after }) => after)).toEqual([0, 60, 120, 180, 240, 300]);
    expect(rows.every(({ attempts, priority }) => attempts === 0 && priority > 0)).toBe(true);
  });

  it('leaves a lead out that cannot be enqueued, counts it, and goes on with the others', async () => {
    const long = `b${'x'.repeat(600)}`;
    await addLeads(database.pool, [{ id: long, messages: ['Tell me more'] }]);
    const { totals, end, next } = await run({ apply: true, limit: '5' });
    expect({ totals, end }).toMatchObject({
      end: 'done',
      totals: { leads: 13, errors: 1, enqueued: 6, disqualified: 2, lastLeadId: 'l', pages: 3 },
    });
    expect(await queued()).toBe(ALL.jobs);
    expect(next).toContain('--apply');
  });

  it('is found unfinished by a verification, and finished once the worker has done its jobs', async () => {
    const verify = () =>
      inTransaction(database.pool, (client) => verifyScores(client, database.queue, { min: 1, max: 10 }));
    const before = await verify();
    expect(before).toMatchObject({
      leads: 12,
      unscored: 9,
      unscoredWithJob: 1,
      wronglyScored: 1,
      doubledJobs: 0,
      outOfScale: 0,
      callsForDisqualified: 0,
    });
    expect(differencesOf(before)).toBe(10);
    await run({ apply: true });
    {
      await using worker = startWorker(database);
      await until('all jobs are done', () => worker.outcomes.length === 7);
    }
    expect(differencesOf(await verify())).toBe(0);
    await database.pool.query(
      `INSERT INTO freshet.score_calls (lead_id, model_version, called_at) VALUES ('h', 'x', now() + interval '1 minute');
       UPDATE leads SET overall_score = 11 WHERE id = 'a'; UPDATE leads SET overall_score = 4 WHERE id = 'e'`,
    );
    expect(await verify()).toMatchObject({ callsForDisqualified: 1, outOfScale: 1, wronglyScored: 1 });
    await database.pool.query('DELETE FROM freshet.score_calls');
  });

  it('scores nothing itself; the worker scores what it enqueued, each lead once', async () => {
    await run({ apply: true, rescoreAll: true });
    expect(await leadScore(database.pool, 'a')).toMatchObject({ overall_score: null });
    await using worker = startWorker(database);
    await until('all jobs are done', () => worker.outcomes.length === 8);
    expect(worker.outcomes).toEqual(Array(8).fill('scored'));
    expect((await run({ apply: true })).totals).toMatchObject({ enqueued: 0, disqualified: 0 });
  });
});
