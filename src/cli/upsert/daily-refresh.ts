import { errorMessage } from '../../runtime/postgres.ts';
import { JobQueue } from '../../sinks/job-queue.ts';
import { keepWorking } from '../../sinks/job-worker.ts';
import { createTargetPool, TARGET_DEFAULTS } from '../../sinks/target-pool.ts';
import type { Engine } from '../engine.ts';
import { refreshCatalog } from './refresh.ts';
import { openCatalog } from './setup.ts';

/** The job's name in the queue. */
export const REFRESH_TASK = 'catalog_metadata_refresh';

/** Lock, listener, schedule, and one for each job. */
const CONNECTIONS = 5;

/** Compares and repairs the items whenever the pattern says, until the signal. The queue is in the target. */
export async function refreshDaily(engine: Engine, cron: string, signal: AbortSignal): Promise<void> {
  const { config, log } = engine;
  const queue = new JobQueue(config.score.queueSchema);
  await queue.migrate(config.target);
  const pool = createTargetPool(config.target, 'work', { ...TARGET_DEFAULTS, poolSize: CONNECTIONS });
  try {
    await keepWorking(
      {
        queue,
        pool,
        task: REFRESH_TASK,
        cron,
        concurrency: 1,
        prefetch: 0,
        handle: (_payload, stop) => refreshOnce(engine, AbortSignal.any([signal, stop])),
        observer: {
          jobFailed: (message, final) =>
            log('error', `${REFRESH_TASK} failed${final ? '' : ' and is tried again'}: ${message}`),
          log: (level, message) => log(level, `${REFRESH_TASK}: ${message}`),
        },
      },
      signal,
    );
  } finally {
    await pool.end();
  }
}

async function refreshOnce({ config, metrics, log }: Engine, signal: AbortSignal): Promise<void> {
  const setup = openCatalog(config, log);
  const { compared, found, items, left, dead_letters, interrupted, seconds } = await refreshCatalog(
    setup,
    false,
    { signal, progress: () => {} },
  ).catch((error: unknown) => {
    throw new Error(`the daily diff: ${errorMessage(error)}`, { cause: error });
  });
  for (const [kind, count] of Object.entries(items)) metrics.catalogRefreshed.inc({ kind }, count);
  if (interrupted) throw new Error('the daily diff was stopped');
  if (left + dead_letters > 0)
    throw new Error(`${left} items are not as they should be, ${dead_letters} became dead letters`);
  metrics.catalogRefreshSeconds.setToCurrentTime();
  log('info', `${REFRESH_TASK}: ${compared} products compared, ${found} brought, in ${seconds} s`);
}
