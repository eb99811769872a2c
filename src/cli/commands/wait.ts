import type { Command } from 'commander';
import { stopOnSignals } from '../../runtime/shutdown.ts';
import { type CommandContext, config, type JsonOption } from '../context.ts';
import { Engine } from '../engine.ts';
import { everything, FreshnessWatch } from '../freshness/freshness-watch.ts';
import { parseUntil, waitUntilApplied } from '../freshness/wait.ts';
import { wholeNumberFrom } from '../option-values.ts';
import { pipelineNamed } from '../pipelines.ts';
import { openTerminal } from '../terminal.ts';

interface WaitCommandOptions extends JsonOption {
  readonly until: string;
  readonly pipeline?: string;
  readonly strict?: boolean;
  readonly timeout: number;
}

const DAY_SECONDS = 86_400;

export function addWait(program: Command, context: CommandContext): void {
  program
    .command('wait')
    .description('return when all that is committed now is applied; exit code 1 where it is not in time')
    .option('--until <point>', 'now, a time like 2026-01-31T12:00:00Z, or a WAL address of the source', 'now')
    .option('--pipeline <name>', 'only this one')
    .option(
      '--strict',
      'also wait for dead letters to be settled, jobs to be done, and embeddings to be made',
    )
    .option('--timeout <seconds>', 'give up after this long', wholeNumberFrom(1, DAY_SECONDS), 60)
    .option('--json', 'the state at the end as one JSON object, as freshet status --json')
    .action((options: WaitCommandOptions) => waitCommand(context, options));
}

async function waitCommand(context: CommandContext, options: WaitCommandOptions): Promise<void> {
  const until = parseUntil(options.until);
  const terminal = openTerminal(context.env, options.json === true);
  const engine = new Engine(await config(context), () => {});
  // What is posted to the items API is no commit at a source.
  const applied = everything(engine).pipelines.filter(({ posted }) => !posted);
  const pipelines = options.pipeline === undefined ? applied : [pipelineNamed(applied, options.pipeline)];
  using stop = stopOnSignals();
  await using watch = new FreshnessWatch(engine, { sources: [], pipelines });
  const report = await waitUntilApplied(watch, {
    until,
    strict: options.strict === true,
    timeoutMs: options.timeout * 1_000,
    signal: stop.signal,
  });
  if (terminal.json) terminal.out(JSON.stringify(report));
  else
    for (const { name, appliedThrough } of report.pipelines)
      terminal.out(`${name}: applied through ${appliedThrough ?? 'unknown'}`);
}
