import type { Command } from 'commander';
import { formatTable } from '../../change/table.ts';
import type { Pipeline } from '../../consumers/define-pipeline.ts';
import { consumerGroup } from '../../consumers/pipeline-runner.ts';
import { connect } from '../../runtime/postgres.ts';
import { pauseGroup, pausedSince, resumeGroup } from '../../sinks/paused-groups.ts';
import { createKafka } from '../../topics/kafka.ts';
import { hasMembers, withAdmin } from '../../topics/topic-admin.ts';
import { type CommandContext, config, type JsonOption } from '../context.ts';
import { Engine } from '../engine.ts';
import { configuredPipelines, pipelineNamed } from '../pipelines.ts';
import { createLog, openTerminal } from '../terminal.ts';

/** `freshet pipelines …`. */
export function addPipelines(program: Command, context: CommandContext): void {
  const pipelines = program.command('pipelines').description('the configured pipelines');
  pipelines
    .command('list')
    .description('which there are, whether they run, and which are paused')
    .option('--json', 'as one JSON object')
    .action((options: JsonOption) => listCommand(context, options));
  pipelines
    .command('pause <name>')
    .description('every process of it finishes its batch, and waits; changes stay in the topics')
    .action((name: string) => switchCommand(context, name, true));
  pipelines
    .command('resume <name>')
    .description('go on where it was')
    .action((name: string) => switchCommand(context, name, false));
}

async function listCommand(context: CommandContext, options: JsonOption): Promise<void> {
  const terminal = openTerminal(context.env, options.json === true);
  const engine = new Engine(await config(context), createLog(terminal, true));
  const pipelines = configuredPipelines(engine.config);
  await engine.migrate(pipelines);
  const rows = await Promise.all(pipelines.map((pipeline) => stateOf(engine, pipeline)));
  if (terminal.json) terminal.out(JSON.stringify(rows));
  else
    for (const { name, sources, running, pausedSince } of rows) {
      const state = pausedSince === null ? '' : `, paused since ${pausedSince.toISOString()}`;
      terminal.out(`${name}  ${sources.join(', ')}  ${running ? 'running' : 'not running'}${state}`);
    }
}

async function switchCommand(context: CommandContext, name: string, pause: boolean): Promise<void> {
  const terminal = openTerminal(context.env, false);
  const engine = new Engine(await config(context), createLog(terminal, true));
  const pipeline = pipelineNamed(configuredPipelines(engine.config), name);
  await engine.migrate([pipeline]);
  const group = consumerGroup(engine.sourceOf(pipeline).prefix, pipeline);
  await using client = await connect(engine.targetOf(pipeline), 'pipelines');
  const wasPaused = await (pause ? pauseGroup(client, group) : resumeGroup(client, group));
  if (pause) terminal.out(wasPaused ? `${name} was paused already` : `${name} is paused`);
  else terminal.out(wasPaused ? `${name} goes on` : `${name} was not paused`);
}

async function stateOf(
  engine: Engine,
  pipeline: Pipeline,
): Promise<{ name: string; sources: string[]; running: boolean; pausedSince: Date | null }> {
  const group = consumerGroup(engine.sourceOf(pipeline).prefix, pipeline);
  const running = await withAdmin(createKafka(engine.config.kafka), (admin) => hasMembers(admin, group));
  await using client = await connect(engine.targetOf(pipeline), 'pipelines');
  const sources = Object.values(pipeline.sources).map(({ table }) => formatTable(table));
  return { name: pipeline.name, sources, running, pausedSince: await pausedSince(client, group) };
}
