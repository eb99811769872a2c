import { type ClassifyReport, reportText } from '../../consumers/classify/report.ts';
import { FreshetError } from '../../runtime/errors.ts';
import { stopOnSignals } from '../../runtime/shutdown.ts';
import { backfillClassify, dryRunClassify } from '../classify/backfill.ts';
import type { RegisterCommands } from '../command-groups.ts';
import { type CommandContext, config, type JsonOption } from '../context.ts';
import { assertReachable } from '../doctor.ts';
import { Engine } from '../engine.ts';
import { INTERRUPTED, PARTIAL } from '../exit-codes.ts';
import { wholeNumberFrom } from '../option-values.ts';
import { ProgressLine } from '../progress-line.ts';
import { createLog, openTerminal, type Terminal } from '../terminal.ts';

interface ClassifyOptions extends JsonOption {
  readonly accountId?: string;
  readonly dryRun?: boolean;
  readonly batchSize: number;
  readonly resume?: boolean;
  readonly reclassify?: boolean;
  readonly keepSlot?: boolean;
}

const DEFAULT_BATCH = 2_000;

export const registerClassify: RegisterCommands = ({ backfill }, context) => {
  backfill
    .command('classify')
    .description('give every URL its page type, and print a summary; what people set is never touched')
    .option('--account-id <id>', 'only the URLs of this account')
    .option('--dry-run', 'the same summary of what would be done, with examples; writes nothing at all')
    .option(
      '--batch-size <n>',
      'rows of one UPDATE statement, 1 to 10000',
      wholeNumberFrom(1, 10_000),
      DEFAULT_BATCH,
    )
    .option('--resume', 'go on with the last backfill that was stopped, if there is one')
    .option('--reclassify', 'judge again what this version of the classifier has judged')
    .option('--keep-slot', 'keep a replication slot that had to be made: a capture must then be started soon')
    .option('--json', 'the summary as one JSON object')
    .action((options: ClassifyOptions) => backfillCommand(context, options));
};

async function backfillCommand(context: CommandContext, options: ClassifyOptions): Promise<void> {
  if (options.dryRun === true && options.resume === true) {
    throw new FreshetError('USAGE', '--dry-run and --resume do not go together', {
      cure: 'A dry run keeps no progress: leave one of them out.',
    });
  }
  const terminal = openTerminal(context.env, options.json === true);
  const engine = new Engine(await config(context), createLog(terminal, true));
  using stop = stopOnSignals(() => terminal.note('\nstopping; --resume goes on'));
  using progress = new ProgressLine(terminal);
  const what = {
    account: options.accountId ?? null,
    batchSize: options.batchSize,
    reclassify: options.reclassify === true,
  };
  const hooks = {
    signal: stop.signal,
    progress: (phase: string, done: number, total: number) => progress.update(phase, done, total),
  };
  let report: ClassifyReport;
  if (options.dryRun === true) report = await dryRunClassify(engine, what, hooks);
  else {
    await assertReachable(engine.config);
    const { resume = false, keepSlot = false } = options;
    report = await backfillClassify(engine, { ...what, resume, keepSlot }, hooks);
  }
  progress[Symbol.dispose]();
  finish(terminal, report);
}

function finish(terminal: Terminal, report: ClassifyReport): void {
  terminal.out(terminal.json ? JSON.stringify(report) : reportText(report));
  if (report.interrupted) process.exitCode = INTERRUPTED;
  else if (report.dead_letters > 0) process.exitCode = PARTIAL;
}
