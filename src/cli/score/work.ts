import { setTimeout as sleep } from 'node:timers/promises';
import type { Pool } from 'pg';
import { countRows } from '../../consumers/missing-counts.ts';
import { CallLog } from '../../consumers/score/call-log.ts';
import { PausingScorer } from '../../consumers/score/pausing-scorer.ts';
import { ScoreWorker } from '../../consumers/score/score-worker.ts';
import { ScorerError } from '../../consumers/score/scorer-error.ts';
import { SCORE_TASK } from '../../consumers/score/score-jobs.ts';
import { showMissing } from '../../metrics/consumer-metrics.ts';
import { scorerObserver } from '../../metrics/score-metrics.ts';
import { errorMessage } from '../../runtime/postgres.ts';
import type { JobQueue } from '../../sinks/job-queue.ts';
import { keepWorking } from '../../sinks/job-worker.ts';
import { TARGET_DEFAULTS, createTargetPool } from '../../sinks/target-pool.ts';
import type { Engine } from '../engine.ts';
import { createScorer, scorePipeline, scoreQueue } from './setup.ts';

const LOCAL = { concurrency: 100, prefetch: 200 };
/** Calls take seconds: a job that waits here would wait in vain for a free worker elsewhere. */
const ENDPOINT = { concurrency: 8, prefetch: 0 };
const CONNECTIONS = 8;
const FIGURES_MS = 10_000;
/** After so many requests in a row that the endpoint rejected, it is the config that is wrong. */
const REJECTIONS = 5;
const UNSCORED_FIELD = { pipeline: 'score', field: 'overall_score' };
const UNSCORED = `SELECT count(*)::int AS unscored FROM public.leads AS l WHERE overall_score IS NULL AND EXISTS (
  SELECT FROM public.messages AS m WHERE m.lead_id = l.id AND m.direction = 'inbound')`;

/** The role `work`: does the score jobs until the signal; a database that is away is waited for. */
export async function workOnScores(engine: Engine, signal: AbortSignal): Promise<void> {
  const database = engine.targetOf(scorePipeline(engine.config));
  const settings = { ...TARGET_DEFAULTS, poolSize: CONNECTIONS };
  const pool = createTargetPool(database, 'work', settings);
  const queue = scoreQueue(engine.config);
  try {
    await Promise.all([workLoop(engine, pool, queue, signal), showUnscored(engine, pool, signal)]);
  } finally {
    await pool.end();
  }
}

async function workLoop(engine: Engine, pool: Pool, queue: JobQueue, signal: AbortSignal): Promise<void> {
  const work = new Work(engine, pool);
  const stop = AbortSignal.any([signal, work.broken]);
  await keepWorking({ queue, pool, task: SCORE_TASK, ...work.jobs }, stop);
  if (work.broken.aborted) throw work.broken.reason;
}

/** The worker and what is said of its jobs. */
class Work {
  readonly #engine: Engine;
  readonly #worker: ScoreWorker;
  readonly #broken = new AbortController();
  readonly #limits: { readonly concurrency: number; readonly prefetch: number };
  #rejections = 0;

  constructor(engine: Engine, pool: Pool) {
    const { config, metrics } = engine;
    this.#engine = engine;
    const scorer = createScorer(config, scorerObserver(metrics));
    const limits = config.scorer === null ? LOCAL : ENDPOINT;
    const concurrency = config.score.concurrency ?? limits.concurrency;
    this.#limits = { concurrency, prefetch: limits.prefetch };
    this.#worker = new ScoreWorker({
      pool,
      scorer: scorer.billed ? new PausingScorer(scorer) : scorer,
      lowestScore: config.score.scale.min,
      calls: new CallLog(pool),
      finished: (outcome, seconds) => {
        metrics.scoreJobsDone.inc({ outcome });
        metrics.scoreJobSeconds.observe({ outcome }, seconds);
      },
    });
  }

  /** Aborts with the error that no job can get around. */
  get broken(): AbortSignal {
    return this.#broken.signal;
  }

  get jobs() {
    const { metrics, log } = this.#engine;
    return {
      ...this.#limits,
      handle: (payload: unknown, signal: AbortSignal) => this.#handle(payload, signal),
      observer: {
        jobFailed: (message: string, final: boolean) => {
          metrics.scoreJobsDone.inc({ outcome: final ? 'failed' : 'tried-again' });
          log('warn', `work: a job failed${final ? ' for good' : ' and is tried again'}: ${message}`);
        },
        log: (level: 'info' | 'warn' | 'error', message: string) => log(level, `work: ${message}`),
      },
    };
  }

  async #handle(payload: unknown, signal: AbortSignal): Promise<void> {
    try {
      await this.#worker.handle(payload, signal);
      this.#rejections = 0;
    } catch (error) {
      if (error instanceof ScorerError && error.failure === 'rejected') {
        this.#rejections += 1;
        if (this.#rejections >= REJECTIONS) this.#broken.abort(error);
      }
      throw error;
    }
  }
}

async function showUnscored(engine: Engine, pool: Pool, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    try {
      const { rows } = await pool.query<{ unscored: number }>(UNSCORED);
      const unscored = rows[0]?.unscored ?? 0;
      engine.metrics.scoreUnscoredLeads.set(unscored);
      const leads = Math.max(unscored, await countRows(pool, 'public.leads'));
      showMissing(engine.metrics, engine.status, UNSCORED_FIELD, unscored, leads);
    } catch (error) {
      engine.log('warn', `work: no count of leads without score: ${errorMessage(error)}`);
    }
    await sleep(FIGURES_MS, undefined, { signal }).catch(() => {});
  }
}
