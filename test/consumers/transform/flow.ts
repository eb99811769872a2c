import { DEMO_SOURCE_SQL } from '../../../src/consumers/transform/migrations.ts';
import { transformPipeline } from '../../../src/consumers/transform/pipeline.ts';
import { captureContext } from '../../support/capture.ts';
import { createDatabase, type TestDatabase } from '../../support/database.ts';
import { type RunningPipeline, startPipeline } from '../../support/pipeline.ts';
import { services } from '../../support/services.ts';

const TABLES = ['extracted_positions', 'brand_competitors'] as const;

/** A source with the flat tables, and an empty target. */
export interface Flow extends AsyncDisposable {
  readonly source: TestDatabase;
  readonly target: TestDatabase;
}

export async function createFlow(): Promise<Flow> {
  const source = await createDatabase();
  const target = await createDatabase(services().targetUrl);
  await source.pool.query(DEMO_SOURCE_SQL);
  const dispose = async (): Promise<void> => {
    await source[Symbol.asyncDispose]();
    await target[Symbol.asyncDispose]();
  };
  return { source, target, [Symbol.asyncDispose]: dispose };
}

export function flowPipeline(mvRefreshDebounceMs: number | null): ReturnType<typeof transformPipeline> {
  return transformPipeline({
    positionsTable: 'public.extracted_positions',
    competitorsTable: 'public.brand_competitors',
    ids: 'bigint',
    mvRefreshDebounceMs,
  });
}

/** Capture and pipeline; both end with the scope. */
export function startFlow(
  { source, target }: Flow,
  pipeline: ReturnType<typeof transformPipeline>,
): RunningPipeline {
  const context = captureContext(source, TABLES);
  const capture = context.start();
  capture.ended.catch(() => {});
  const running = startPipeline({
    services: services(),
    targetUrl: target.url,
    prefix: context.config.prefix,
    pipeline,
  });
  const dispose = async (): Promise<void> => {
    await running[Symbol.asyncDispose]();
    await capture[Symbol.asyncDispose]();
  };
  return { ...running, [Symbol.asyncDispose]: dispose };
}
