import { type Config, resolveConfig, type SourceConfig } from '../../config.ts';
import type { Pipeline } from '../../consumers/define-pipeline.ts';
import { consumerGroup } from '../../consumers/pipeline-runner.ts';
import { transformPipeline } from '../../consumers/transform/pipeline.ts';
import { runningUrls } from '../../embedded/background.ts';
import { connect } from '../../runtime/postgres.ts';
import { beginReading } from '../../runtime/transactions.ts';
import { createKafka } from '../../topics/kafka.ts';
import { hasMembers, withAdmin } from '../../topics/topic-admin.ts';
import { type CommandContext, parsedConfig } from '../context.ts';
import { Engine } from '../engine.ts';
import { createLog, type Terminal } from '../terminal.ts';
import type { Places } from './expected-results.ts';
import type { SourceTables } from './source-results.ts';

/** What every command of the pipeline works with. */
export interface TransformSetup {
  readonly config: Config;
  readonly engine: Engine;
  /** Without the view's refresher: a command refreshes it itself, once. */
  readonly pipeline: Pipeline;
  readonly source: SourceConfig;
  readonly group: string;
  readonly tables: SourceTables;
}

/** A config without sources gets one of the pipeline's own tables: the commands then need the URLs only. */
export async function openTransform(
  context: CommandContext,
  terminal: Terminal,
  { batchSize }: { readonly batchSize?: number } = {},
): Promise<TransformSetup> {
  const parsed = await parsedConfig(context);
  const { positionsTable, competitorsTable } = parsed.transform;
  const own = {
    name: 'transform',
    tables: [positionsTable, competitorsTable],
    mode: 'stream' as const,
    onSlotLoss: 'stop' as const,
    failoverSlot: false,
  };
  const consumers = {
    ...parsed.consumers,
    ...(batchSize === undefined ? {} : { maxBatchRecords: batchSize }),
  };
  const config = resolveConfig(
    { ...parsed, consumers, sources: parsed.sources ?? [own] },
    context.env,
    await runningUrls(parsed.dataDir),
  );
  const engine = new Engine(config, createLog(terminal, true));
  const pipeline = transformPipeline({ ...config.transform, mvRefreshDebounceMs: null });
  const source = engine.sourceOf(pipeline);
  return {
    config,
    engine,
    pipeline,
    source,
    group: consumerGroup(source.prefix, pipeline),
    tables: tablesOf(pipeline, config),
  };
}

function tablesOf({ sources }: Pipeline, { transform }: Config): SourceTables {
  const { positions, competitors } = sources;
  if (positions === undefined || competitors === undefined)
    throw new TypeError('the pipeline has two sources');
  return { positions: positions.table, competitors: competitors.table, ids: transform.ids };
}

/** Whether any process runs the pipeline now. */
export async function isConsumed({ config, group }: TransformSetup): Promise<boolean> {
  return withAdmin(createKafka(config.kafka), (admin) => hasMembers(admin, group));
}

/** Does work on source and target while both stand still, and nothing can be written. */
export async function whileStill<T>(
  { source, config }: TransformSetup,
  work: (places: Places) => Promise<T>,
): Promise<T> {
  await using from = await connect(source.connection, 'compare');
  await beginReading(from);
  await using into = await connect(config.target, 'compare');
  await beginReading(into);
  return await work({ source: from, target: into });
}
