import type { SourceConfig } from '../../config.ts';
import type { Pipeline } from '../../consumers/define-pipeline.ts';
import { ITEMS_PATH } from '../../items-api/items-routes.ts';
import { HttpServer } from '../../metrics/http-server.ts';
import { FreshetError } from '../../runtime/errors.ts';
import { runTogether, stopOnSignals } from '../../runtime/shutdown.ts';
import { parseCron } from '../../sinks/job-worker.ts';
import { type CommandContext, type JsonOption, config } from '../context.ts';
import { assertReachable } from '../doctor.ts';
import { embeddingTasks } from '../embeddings.ts';
import { Engine } from '../engine.ts';
import { everything, type FreshnessScope, watchFreshness } from '../freshness/freshness-watch.ts';
import { httpRoutes } from '../http-routes.ts';
import { ItemsApi } from '../items-api.ts';
import { configuredPipelines, pipelineNamed, writesItems } from '../pipelines.ts';
import { scorePipeline } from '../score/setup.ts';
import { workOnScores } from '../score/work.ts';
import { chosenSource } from '../sources.ts';
import { createLog, openTerminal } from '../terminal.ts';
import { REFRESH_TASK, refreshDaily } from '../upsert/daily-refresh.ts';

export interface CaptureOptions extends JsonOption {
  readonly source?: string;
  readonly snapshotOnly?: boolean;
}

type Task = (signal: AbortSignal) => Promise<void>;

/** Everything in one process. */
export async function runCommand(context: CommandContext, options: JsonOption): Promise<void> {
  const engine = await openEngine(context, options);
  const pipelines = configuredPipelines(engine.config);
  await engine.migrate(pipelines);
  const tasks = [
    ...engine.config.sources.map(
      (source): Task =>
        (signal) =>
          engine.capture(source, signal),
    ),
    ...pipelines.map(
      (pipeline): Task =>
        (signal) =>
          engine.consume(pipeline, signal),
    ),
    ...pipelines
      .filter(({ name }) => name === 'score')
      .map((): Task => (signal) => workOnScores(engine, signal)),
    ...embeddingTasks(engine),
    ...dailyRefreshes(engine),
  ];
  await runRoles(engine, tasks, { sources: engine.config.sources, pipelines }, pipelines);
}

export async function captureCommand(context: CommandContext, options: CaptureOptions): Promise<void> {
  const engine = await openEngine(context, options);
  const { sources } = engine.config;
  const named = options.source === undefined ? sources : [chosenSource(engine.config, options.source, null)];
  const chosen = options.snapshotOnly === true ? named.map(withoutStream) : named;
  await runRoles(
    engine,
    chosen.map(
      (source): Task =>
        (signal) =>
          engine.capture(source, signal),
    ),
    { sources: chosen, pipelines: [] },
  );
}

/** Throws USAGE. */
function withoutStream(source: SourceConfig): SourceConfig {
  if (!source.failoverSlot) return { ...source, mode: 'snapshot-only' };
  throw new FreshetError(
    'USAGE',
    `--snapshot-only: source ${source.name} has failoverSlot, and no slot then`,
    {
      cure: 'Leave out the one or the other.',
    },
  );
}

export async function consumeCommand(
  context: CommandContext,
  name: string,
  options: JsonOption,
): Promise<void> {
  const engine = await openEngine(context, options);
  const pipeline = pipelineNamed(configuredPipelines(engine.config), name);
  await engine.migrate([pipeline]);
  await runRoles(engine, [(signal) => engine.consume(pipeline, signal)], {
    sources: [],
    pipelines: [pipeline],
  });
}

export async function workCommand(context: CommandContext, options: JsonOption): Promise<void> {
  const engine = await openEngine(context, options);
  const besides = [...embeddingTasks(engine), ...dailyRefreshes(engine)];
  const isScoring = besides.length === 0 || engine.config.pipelines.includes('score');
  const scores = isScoring ? [scorePipeline(engine.config)] : [];
  await engine.migrate([...scores, ...configuredPipelines(engine.config).filter(writesItems)]);
  const scoring = scores.map((): Task => (signal) => workOnScores(engine, signal));
  await runRoles(engine, [...scoring, ...besides], { sources: [], pipelines: scores });
}

/** Throws CONFIG_INVALID on a wrong pattern, before anything runs. */
function dailyRefreshes(engine: Engine): Task[] {
  const { refreshCron } = engine.config.upsert;
  if (refreshCron === null) return [];
  parseCron(REFRESH_TASK, refreshCron);
  return [(signal) => refreshDaily(engine, refreshCron, signal)];
}

/** The items API where one of the pipelines takes what is posted, beside the endpoints that every role has. */
export async function serveCommand(context: CommandContext, options: JsonOption): Promise<void> {
  const engine = await openEngine(context, options);
  const served = configuredPipelines(engine.config).filter((pipeline) => pipeline.posted);
  await engine.migrate(served);
  await runRoles(engine, [], everything(engine), served);
}

async function openEngine(context: CommandContext, options: JsonOption): Promise<Engine> {
  const terminal = openTerminal(context.env, options.json === true);
  const settings = await config(context);
  await assertReachable(settings);
  return new Engine(settings, createLog(terminal, false));
}

/**
 * Runs the roles and the HTTP endpoints until Ctrl-C, SIGTERM, or the first role that fails. Of what is in `scope`
 * the process says how fresh it is. `served`: the items API is there where one of them takes what is posted.
 */
async function runRoles(
  engine: Engine,
  tasks: readonly Task[],
  scope: FreshnessScope,
  served: readonly Pipeline[] = [],
): Promise<void> {
  using stop = stopOnSignals(() => process.stderr.write('stopping; once more to end at once\n'));
  const posted = served.find((pipeline) => pipeline.posted);
  await using items = posted === undefined ? null : await ItemsApi.open(engine, posted);
  const routes = [...httpRoutes(engine, scope.pipelines), ...(items?.routes ?? [])];
  await using server = await HttpServer.listen(engine.config.http, routes);
  process.stderr.write(`status page at ${server.url}/, metrics at ${server.url}/metrics\n`);
  if (items !== null) process.stderr.write(`items API at ${server.url}${ITEMS_PATH}\n`);
  const upkeep = items === null ? [] : [(signal: AbortSignal) => items.forgetRegularly(signal)];
  const watch: Task = (signal) => watchFreshness(engine, scope, signal);
  await runTogether(stop.signal, [...tasks, ...upkeep, watch]);
}
