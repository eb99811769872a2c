import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Pool } from 'pg';
import { Engine } from '../src/cli/engine.ts';
import { scorePipeline, scoreQueue } from '../src/cli/score/setup.ts';
import { workOnScores } from '../src/cli/score/work.ts';
import type { Config } from '../src/config.ts';
import { parseScoreBackfillOptions } from '../src/consumers/score/backfill-options.ts';
import { SCORE_SOURCE_SQL } from '../src/consumers/score/migrations.ts';
import { runScoreBackfill } from '../src/consumers/score/run-backfill.ts';
import { SCORE_TASK } from '../src/consumers/score/score-jobs.ts';
import { runJobWorker } from '../src/sinks/job-worker.ts';
import { TARGET_DEFAULTS, createTargetPool } from '../src/sinks/target-pool.ts';
import type { BenchContext } from './bench-context.ts';
import { type ContenderResult, type Figures, percentile } from './figures.ts';
import { UsageMeter } from './process-usage.ts';
import { insertsBesideEndpoint } from './score-inserts.ts';
import { scoreConfig, startRoles } from './score-roles.ts';

const MESSAGES_PER_LEAD = 6;
/** Messages a second while the latency of fresh ones is measured. */
const MAX_RATE = 50;
const POLL_MS = 100;

/** `--rows` leads with six messages each: enqueued, worked off, and fresh messages beside a waiting backfill. */
export async function benchScore(context: BenchContext): Promise<ContenderResult[]> {
  return context.interleave([{ name: 'freshet', run: () => runScore(context) }]);
}

async function runScore(context: BenchContext): Promise<Figures> {
  const config = scoreConfig(context);
  const engine = new Engine(config, () => {});
  const pool = createTargetPool({ url: context.services.urls.sourceUrl }, 'bench', TARGET_DEFAULTS);
  try {
    await context.source.query(
      'DROP SCHEMA IF EXISTS freshet CASCADE; DROP TABLE IF EXISTS messages, leads, clients',
    );
    await context.source.query(SCORE_SOURCE_SQL);
    await engine.migrate([scorePipeline(config)]);
    await fillLeads(context);
    return {
      ...(await enqueueAll(context, config, pool)),
      ...(await workOff(context, 'queue', (signal) => workOnNothing(config, pool, signal))),
      ...(await enqueueAll(context, config, pool)),
      ...(await workOff(context, 'worker', (signal) => workOnScores(engine, signal))),
      ...(await freshBesideBackfill(context, engine, pool)),
      ...(await insertsBesideEndpoint(context)),
    };
  } finally {
    await pool.end();
    await context.forget(config.sources[0]?.slot ?? '');
  }
}

const TEXTS = [
  'Hi, thanks for getting back to me',
  'How much would that be for three rooms?',
  'We are looking to start in March if the price is right',
  'Can you call me tomorrow afternoon?',
  'Not sure yet, I have to talk to my wife',
  'Sounds good',
  'I am at work, can we do this later',
  'What about the warranty on the windows, is that 5 years or 10?',
];

async function fillLeads({ source, options }: BenchContext): Promise<void> {
  await source.query(`INSERT INTO clients SELECT 'c' || n, 'Client ' || n FROM generate_series(1, 20) AS n`);
  await source.query(
    `INSERT INTO leads (id, client_id) SELECT 'l' || lpad(n::text, 8, '0'), 'c' || (n % 20 + 1) FROM generate_series(1, $1) AS n`,
    [options.rows],
  );
  await source.query(
    `INSERT INTO messages (id, lead_id, direction, body, created_at)
     SELECT l.id || '-' || n, l.id, CASE WHEN n % 2 = 0 THEN 'inbound' ELSE 'outbound' END,
            ($1::text[])[1 + (hashtext(l.id || n) & 7)], now() - interval '10 days' + n * interval '1 hour'
       FROM leads AS l, generate_series(1, ${MESSAGES_PER_LEAD}) AS n`,
    [TEXTS],
  );
  await source.query('ANALYZE leads, messages');
}

async function enqueueAll({ options, signal }: BenchContext, config: Config, pool: Pool): Promise<Figures> {
  const folder = await mkdtemp(join(tmpdir(), 'freshet-score-'));
  try {
    const raw = { apply: true, stateFile: join(folder, 'state.json'), rescoreAll: true };
    const backfill = {
      pool,
      queue: scoreQueue(config),
      options: parseScoreBackfillOptions(raw).options,
      lowestScore: 1,
      maxAttempts: 25,
    };
    const startedAt = performance.now();
    const { totals } = await runScoreBackfill(backfill, {
      signal,
      page: () => {},
      retry: () => {},
      failed: () => {},
    });
    if (totals.enqueued !== options.rows)
      throw new Error(`${totals.enqueued} jobs, ${options.rows} were expected`);
    const seconds = (performance.now() - startedAt) / 1_000;
    return { 'enqueue.seconds': seconds, 'enqueue.leads_per_s': options.rows / seconds };
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** What the queue itself takes: jobs that do nothing. */
function workOnNothing(config: Config, pool: Pool, signal: AbortSignal): Promise<void> {
  const observer = { jobFailed: () => {}, log: () => {} };
  const limits = { concurrency: 100, prefetch: 200 };
  const queue = scoreQueue(config);
  return runJobWorker({ queue, pool, task: SCORE_TASK, handle: async () => {}, ...limits, observer }, signal);
}

async function workOff(
  context: BenchContext,
  name: string,
  work: (signal: AbortSignal) => Promise<void>,
): Promise<Figures> {
  const { rows } = context.options;
  const stop = new AbortController();
  const meter = UsageMeter.start(context.tracked(null));
  const startedAt = performance.now();
  const working = work(AbortSignal.any([stop.signal, context.signal]));
  await Promise.race([working, emptyQueue(context)]);
  const seconds = (performance.now() - startedAt) / 1_000;
  const { cpuSeconds, outsideShare } = meter.stop();
  stop.abort();
  await working;
  return {
    [`${name}.jobs_per_s`]: rows / seconds,
    [`${name}.cpu_us_per_job.node`]: ((cpuSeconds.bench ?? 0) * 1e6) / rows,
    [`${name}.cpu_us_per_job.postgres`]: ((cpuSeconds.postgres ?? 0) * 1e6) / rows,
    [`${name}.outside_cpu_share`]: outsideShare,
  };
}

async function emptyQueue({ source, signal }: BenchContext): Promise<void> {
  for (;;) {
    signal.throwIfAborted();
    const { rows } = await source.query('SELECT FROM graphile_worker.jobs LIMIT 1');
    if (rows.length === 0) return;
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

/** From a message's insertion until its lead's score stands, by the database's clock; all roles in one process. */
async function freshBesideBackfill(context: BenchContext, engine: Engine, pool: Pool): Promise<Figures> {
  const stop = new AbortController();
  const signal = AbortSignal.any([stop.signal, context.signal]);
  const { ended } = await startRoles(engine, signal);
  await enqueueAll(context, engine.config, pool);
  const working = workOnScores(engine, signal);
  working.catch(() => {});
  const leads = await insertFresh(context);
  const waiting = await context.source.query<{ jobs: number }>(
    'SELECT count(*)::int AS jobs FROM graphile_worker.jobs',
  );
  const latencies = await latenciesOf(context, leads);
  stop.abort();
  await Promise.all([ended, working]);
  return {
    'fresh.messages': latencies.length,
    'fresh.backfill_jobs_left': waiting.rows[0]?.jobs ?? 0,
    'fresh.p50_ms': percentile(latencies, 0.5),
    'fresh.p99_ms': percentile(latencies, 0.99),
    'fresh.max_ms': latencies.at(-1) ?? Number.NaN,
  };
}

/** One message each to leads from the end of the backfill's order, at an even rate. Returns the leads. */
async function insertFresh({ source, options, signal }: BenchContext): Promise<string[]> {
  const rate = Math.min(options.rate, MAX_RATE);
  const count = Math.min(rate * options.seconds, options.rows);
  const ids: string[] = [];
  const startedAt = performance.now();
  for (let n = 0; n < count; n++) {
    signal.throwIfAborted();
    const id = `l${String(options.rows - n).padStart(8, '0')}`;
    await source.query(
      `INSERT INTO messages VALUES ($1 || '-fresh', $1, 'inbound', 'Can you call me today?', clock_timestamp())`,
      [id],
    );
    ids.push(id);
    const due = startedAt + ((n + 1) * 1_000) / rate;
    await new Promise((resolve) => setTimeout(resolve, Math.max(0, due - performance.now())));
  }
  return ids;
}

async function latenciesOf({ source, signal }: BenchContext, leads: readonly string[]): Promise<number[]> {
  for (;;) {
    signal.throwIfAborted();
    const { rows } = await source.query<{ ms: number | null }>(
      `SELECT CASE WHEN l.score_anchor = m.id THEN (extract(epoch FROM l.scored_at - m.created_at) * 1000)::float8 END AS ms
         FROM leads AS l JOIN messages AS m ON m.id = l.id || '-fresh' WHERE l.id = ANY ($1)`,
      [leads],
    );
    const done = rows.flatMap(({ ms }) => ms ?? []);
    if (done.length === leads.length) return done.toSorted((a, b) => a - b);
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}
