import { EventEmitter } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseCronItems, type ParsedCronItem, type Runner, type WorkerEvents, run } from 'graphile-worker';
import type { Pool } from 'pg';
import { backoffMs } from '../runtime/backoff.ts';
import { FreshetError, isFreshetError } from '../runtime/errors.ts';
import { errorMessage } from '../runtime/postgres.ts';
import { queueLogger } from './job-log.ts';
import type { JobQueue } from './job-queue.ts';

export interface JobWorkerOptions {
  readonly queue: JobQueue;
  readonly pool: Pool;
  readonly task: string;
  /** Resolves when the job is done. A rejection's message is kept with the job, which is tried again later. */
  readonly handle: (payload: unknown, signal: AbortSignal) => Promise<void>;
  /** Jobs that are worked on side by side. */
  readonly concurrency: number;
  /**
   * Jobs that are fetched at once and wait in this process: little overhead for short jobs. 0: each when
   * it can begin, so that a long job delays no other one, and a new one with priority goes next.
   */
  readonly prefetch: number;
  /** Enqueues the task by itself, in UTC: minute, hour, day, month, day of week. One job a time, whatever the number of workers. */
  readonly cron?: string;
  readonly observer: JobWorkerObserver;
}

interface JobWorkerObserver {
  /** `final`: it was the last try. */
  jobFailed(message: string, final: boolean): void;
  log(level: 'info' | 'warn' | 'error', message: string): void;
}

const POLL_MS = 1_000;
const TIDY_MS = 20_000;
/** Completions and failures are written together. */
const BATCH_MS = 5;

/** As `runJobWorker`; a database that is away is waited for. */
export async function keepWorking(options: JobWorkerOptions, signal: AbortSignal): Promise<void> {
  for (let attempt = 0; !signal.aborted; attempt++) {
    const startedAt = Date.now();
    try {
      await runJobWorker(options, signal);
    } catch (error) {
      if (!isFreshetError(error, 'CONNECTION')) throw error;
      if (Date.now() - startedAt > 60_000) attempt = 0;
      options.observer.log('warn', `${error.message}; trying again`);
      await sleep(backoffMs(attempt), undefined, { signal }).catch(() => {});
    }
  }
}

/**
 * Works on jobs until the signal; those that run then have some seconds to end. Rejects with CONNECTION
 * where the queue's database is lost.
 */
export async function runJobWorker(options: JobWorkerOptions, signal: AbortSignal): Promise<void> {
  const { queue, pool, observer } = options;
  const client = await pool.connect();
  const ignore = (): void => {};
  client.on('error', ignore);
  let runner: Runner | null = null;
  try {
    await tidy(options);
    if (signal.aborted) return;
    const events = new EventEmitter() as WorkerEvents;
    const announced = new Promise<void>((resolve, reject) => {
      events.once('pool:create', ({ workerPool }) => {
        queue.announce(client, workerPool.id).then(resolve, reject);
      });
    });
    announced.catch(ignore);
    events.on('job:error', ({ job, error }) =>
      observer.jobFailed(errorMessage(error), job.attempts >= job.max_attempts),
    );
    runner = await run(runnerOptions(options, events));
    await announced;
    await Promise.race([runner.promise, untilAborted(signal), tidyOften(options, signal)]);
  } catch (error) {
    if (!signal.aborted) throw lost(error);
  } finally {
    await runner?.stop().catch(ignore);
    client.off('error', ignore);
    // The advisory lock ends with the session.
    client.release(true);
  }
  if (!signal.aborted) throw lost(new Error('the worker ended'));
}

function runnerOptions(
  { queue, pool, task, handle, concurrency, prefetch, observer, cron }: JobWorkerOptions,
  events: WorkerEvents,
): Parameters<typeof run>[0] {
  return {
    pgPool: pool,
    schema: queue.schema,
    concurrency,
    pollInterval: POLL_MS,
    noHandleSignals: true,
    parsedCronItems: cron === undefined ? [] : parseCron(task, cron),
    events,
    logger: queueLogger((message) => observer.log('warn', `job queue: ${message}`)),
    taskList: {
      // Aborts some seconds after the runner was told to stop.
      [task]: (payload, { abortSignal }) => handle(payload, abortSignal),
    },
    preset: {
      worker: {
        completeJobBatchDelay: BATCH_MS,
        failJobBatchDelay: BATCH_MS,
        ...(prefetch > 0 ? { localQueue: { size: Math.max(prefetch, concurrency) } } : {}),
      },
    },
  };
}

/** A run that was missed within this time is made up for when a worker starts. */
const MISSED_MS = 12 * 3_600_000;

/** Throws CONFIG_INVALID on what is no cron pattern. */
export function parseCron(task: string, match: string): ParsedCronItem[] {
  const options = { backfillPeriod: MISSED_MS, maxAttempts: 3, jobKey: task };
  try {
    return parseCronItems([{ task, match, options }]);
  } catch (cause) {
    throw new FreshetError('CONFIG_INVALID', `"${match}" is no cron pattern: ${errorMessage(cause)}`, {
      cause,
      cure: 'Give minute, hour, day, month and day of week, in UTC: "0 3 * * *".',
    });
  }
}

async function tidyOften(options: JobWorkerOptions, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await sleep(TIDY_MS, undefined, { signal, ref: false }).catch(() => {});
    if (!signal.aborted) await tidy(options).catch(() => {});
  }
}

async function tidy({ queue, pool, task, observer }: JobWorkerOptions): Promise<void> {
  const client = await pool.connect();
  try {
    const returned = await queue.tidy(client, task);
    if (returned > 0) observer.log('warn', `${returned} jobs of workers that died are waiting again`);
  } finally {
    client.release();
  }
}

function untilAborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

function lost(error: unknown): FreshetError {
  return new FreshetError('CONNECTION', `the job queue's database: ${errorMessage(error)}`, { cause: error });
}
