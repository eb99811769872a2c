import { stopOnSignals } from '../../runtime/shutdown.ts';
import type { RegisterCommands } from '../command-groups.ts';
import { type CommandContext, config, type JsonOption } from '../context.ts';
import { assertReachable } from '../doctor.ts';
import { INTERRUPTED, PARTIAL } from '../exit-codes.ts';
import { ProgressLine } from '../progress-line.ts';
import { createLog, openTerminal } from '../terminal.ts';
import { backfillUpsert, dryRunUpsert, type UpsertReport } from '../upsert/backfill.ts';
import { openCatalog } from '../upsert/setup.ts';

interface UpsertOptions extends JsonOption {
  readonly fromFile?: string;
  readonly dryRun?: boolean;
}

export const registerUpsert: RegisterCommands = ({ backfill }, context) => {
  backfill
    .command('upsert')
    .description(
      'make a snapshot of the catalogue, and bring it into the items; unchanged items are left alone',
    )
    .option('--from-file <file>', 'of a product feed: JSON Lines or CSV, plain or gzip; else of the source')
    .option('--dry-run', 'the same summary of what would be done, with examples; writes nothing at all')
    .option('--json', 'the summary as one JSON object')
    .action((options: UpsertOptions) => backfillCommand(context, options));
};

async function backfillCommand(context: CommandContext, options: UpsertOptions): Promise<void> {
  const terminal = openTerminal(context.env, options.json === true);
  const setup = openCatalog(await config(context), createLog(terminal, true));
  await assertReachable(setup.config);
  using stop = stopOnSignals(() => terminal.note('\nstopping; run it again to go on'));
  using progress = new ProgressLine(terminal);
  const hooks = {
    signal: stop.signal,
    progress: (phase: string, done: number, total: number) => progress.update(phase, done, total),
  };
  const file = options.fromFile ?? null;
  let report: UpsertReport;
  try {
    report = await (options.dryRun === true ? dryRunUpsert : backfillUpsert)(setup, file, hooks);
  } catch (error) {
    if (!stop.signal.aborted) throw error;
    process.exitCode = INTERRUPTED;
    return;
  }
  progress[Symbol.dispose]();
  terminal.out(terminal.json ? JSON.stringify(report) : reportLines(report).join('\n'));
  if (report.interrupted) process.exitCode = INTERRUPTED;
  else if (report.dead_letters + report.rejected + report.left > 0) process.exitCode = PARTIAL;
}

function reportLines(report: UpsertReport): string[] {
  const { items, rejects, examples } = report;
  const n = (value: number): string => value.toLocaleString('en-US');
  const counts = [
    `${n(items.created)} created, ${n(items.updated)} updated, ${n(items.removed)} removed, ${n(items.unchanged)} unchanged`,
  ];
  const more = [
    report.duplicates > 0 ? `${n(report.duplicates)} rows whose sku came before were left out` : null,
    report.rejected > 0 ? `${n(report.rejected)} lines are no products` : null,
    ...rejects.map(({ line, reason }) => `  line ${line}: ${reason}`),
    report.dead_letters > 0 ? `${n(report.dead_letters)} dead letters: freshet dlq list` : null,
    report.left > 0 ? `${n(report.left)} items are not as they should be yet` : null,
    report.undecided > 0
      ? `${n(report.undecided)} items hold something undecided: freshet catalog review`
      : null,
    report.pinned === null
      ? null
      : `the items stay at ${report.pinned}, which is pinned: freshet catalog unpin`,
  ].filter((line) => line !== null);
  const shown = report.dry_run ? examples.map(({ sku, what }) => `  ${sku}: ${what}`) : [];
  const head = report.dry_run
    ? `DRY RUN: nothing was written; ${n(report.rows)} rows of ${report.from} would be brought`
    : `${report.snapshot}: ${n(report.rows)} rows of ${report.from}, content ${report.content_hash}`;
  return [head, ...counts, ...shown, ...more, `${report.seconds.toFixed(1)} s`];
}
