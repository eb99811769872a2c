import { join } from 'node:path';
import { parseScoreBackfillOptions } from '../../consumers/score/backfill-options.ts';
import { runScoreBackfill } from '../../consumers/score/run-backfill.ts';
import { TARGET_DEFAULTS, createTargetPool } from '../../sinks/target-pool.ts';
import type { Engine } from '../engine.ts';
import { scorePipeline, scoreQueue } from './setup.ts';

/** As `freshet backfill score --apply` does: a job for every lead of the demo that was there before it began. */
export async function enqueueDemoLeads(engine: Engine, signal: AbortSignal): Promise<void> {
  const { config, log } = engine;
  const raw = { apply: true, stateFile: join(config.dataDir, 'demo-score-backfill.json') };
  const pool = createTargetPool(engine.targetOf(scorePipeline(config)), 'backfill score', TARGET_DEFAULTS);
  try {
    await runScoreBackfill(
      {
        pool,
        queue: scoreQueue(config),
        options: parseScoreBackfillOptions(raw).options,
        lowestScore: config.score.scale.min,
        maxAttempts: config.score.maxAttempts,
      },
      {
        signal,
        page: () => {},
        retry: (message) => log('warn', message),
        failed: (id, message) => log('error', `${id}: ${message}`),
      },
    );
  } finally {
    await pool.end();
  }
}
