import type { Command } from 'commander';
import { FreshetError } from '../../runtime/errors.ts';
import { type CommandContext, config, type JsonOption } from '../context.ts';
import { Engine } from '../engine.ts';
import { type LaneMove, applyReset, laneOffsets, parseResetPoint, planReset } from '../lane-offsets.ts';
import { configuredPipelines, pipelineNamed } from '../pipelines.ts';
import { createLog, openTerminal } from '../terminal.ts';

interface ResetOptions extends JsonOption {
  readonly to: string;
  readonly table?: string;
  readonly partition?: number;
  readonly yes?: boolean;
}

/** `freshet offsets …`: where a pipeline reads. */
export function addOffsets(program: Command, context: CommandContext): void {
  const offsets = program.command('offsets').description('where a pipeline reads its topics');
  offsets
    .command('show <pipeline>')
    .description('next offset of each partition, and what the broker has')
    .option('--json', 'as one JSON object')
    .action((pipeline: string, options: JsonOption) => showCommand(context, pipeline, options));
  offsets
    .command('reset <pipeline>')
    .description('read from elsewhere; what was applied stays known, so that reading again writes nothing')
    .requiredOption('--to <point>', 'earliest, latest, an offset, or a time')
    .option('--table <schema.table>', 'only the partitions of this table')
    .option('--partition <n>', 'only this partition', Number)
    .option('--yes', 'do it; without it, only say what would be read again or left out')
    .option('--json', 'as one JSON object')
    .action((pipeline: string, options: ResetOptions) => resetCommand(context, pipeline, options));
}

async function showCommand(context: CommandContext, name: string, options: JsonOption): Promise<void> {
  const terminal = openTerminal(context.env, options.json === true);
  const engine = new Engine(await config(context), createLog(terminal, true));
  const lanes = await laneOffsets(engine, pipelineNamed(configuredPipelines(engine.config), name));
  const rows = lanes.map(({ lane, table, next, low, high }) => {
    const behind = Number(high > next ? high - next : 0n);
    return {
      table,
      partition: lane.partition,
      next: Number(next),
      low: Number(low),
      high: Number(high),
      behind,
    };
  });
  if (terminal.json) terminal.out(JSON.stringify(rows));
  else if (rows.length === 0) terminal.out('nothing was read yet');
  else
    for (const { table, partition, next, low, high, behind } of rows)
      terminal.out(`${table}/${partition}  next ${next}, broker has ${low} to ${high}, ${behind} behind`);
}

async function resetCommand(context: CommandContext, name: string, options: ResetOptions): Promise<void> {
  const terminal = openTerminal(context.env, options.json === true);
  const engine = new Engine(await config(context), createLog(terminal, true));
  const pipeline = pipelineNamed(configuredPipelines(engine.config), name);
  const lanes = (await laneOffsets(engine, pipeline)).filter(
    ({ lane, table }) =>
      (options.table === undefined || options.table === table) &&
      (options.partition === undefined || options.partition === lane.partition),
  );
  if (lanes.length === 0)
    throw new FreshetError('USAGE', `pipeline "${name}" has read from no such partition`, {
      cure: `See freshet offsets show ${name}.`,
    });
  const moves = await planReset(engine, lanes, parseResetPoint(options.to));
  if (options.yes === true) await applyReset(engine, pipeline, moves);
  if (terminal.json) {
    const rows = moves.map(({ lane, table, next, to }) => {
      return { table, partition: lane.partition, from: Number(next), to: Number(to) };
    });
    terminal.out(JSON.stringify({ done: options.yes === true, partitions: rows }));
    return;
  }
  for (const move of moves) terminal.out(describe(move));
  if (options.yes !== true) terminal.out('nothing was changed: --yes does it');
}

function describe({ lane, table, next, to }: LaneMove): string {
  const place = `${table}/${lane.partition}  ${next} → ${to}: `;
  if (to > next) return `${place}leaves out ${to - next} records: refresh the table afterwards`;
  return `${place}reads ${next - to} records again, and applies none that it has applied`;
}
