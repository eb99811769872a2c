import type { Command } from 'commander';
import { stopOnSignals } from '../../runtime/shutdown.ts';
import { type CommandContext, config, type JsonOption } from '../context.ts';
import { assertReachable } from '../doctor.ts';
import { INTERRUPTED, PARTIAL } from '../exit-codes.ts';
import { ProgressLine } from '../progress-line.ts';
import { createLog, openTerminal, type Terminal } from '../terminal.ts';
import type { BringHooks } from '../upsert/bring.ts';
import { refreshCatalog, type RefreshReport } from '../upsert/refresh.ts';
import {
  diffNow,
  previewRestore,
  type RestoreReport,
  restoreSnapshot,
  snapshotsNow,
  unpin,
} from '../upsert/restore.ts';
import { type CatalogSetup, openCatalog } from '../upsert/setup.ts';

interface RefreshOptions extends JsonOption {
  readonly dryRun?: boolean;
}

interface RestoreOptions extends JsonOption {
  readonly yes?: boolean;
}

const EXAMPLES = 20;

/** `freshet catalog snapshots | diff | restore | unpin | refresh`. */
export function addSnapshots(catalog: Command, context: CommandContext): void {
  catalog
    .command('snapshots')
    .description('which there are in the schema "analytics", the newest first')
    .option('--json', 'as one JSON array')
    .action((options: JsonOption) => listCommand(context, options));
  catalog
    .command('diff <before> <after>')
    .description('what became of the products from one snapshot to another: 2026-11-21, 20261121_2')
    .option('--json', 'as one JSON object')
    .action((before: string, after: string, options: JsonOption) =>
      diffCommand(context, { before, after }, options),
    );
  catalog
    .command('restore <date>')
    .description(
      'bring the items back to a snapshot and pin it: nothing else changes them; without --yes a preview',
    )
    .option('--yes', 'do it')
    .option('--json', 'as one JSON object')
    .action((date: string, options: RestoreOptions) => restoreCommand(context, date, options));
  catalog
    .command('unpin')
    .description('let the items follow their sources again, and bring them up to now')
    .option('--json', 'as one JSON object')
    .action((options: JsonOption) => unpinCommand(context, options));
  catalog
    .command('refresh')
    .description('compare the items with their sources, and bring what differs: the daily diff')
    .option('--dry-run', 'say what differs, and write nothing')
    .option('--json', 'as one JSON object')
    .action((options: RefreshOptions) => refreshCommand(context, options));
}

async function listCommand(context: CommandContext, options: JsonOption): Promise<void> {
  const terminal = openTerminal(context.env, options.json === true);
  const snapshots = await snapshotsNow(await setupOf(context, terminal));
  if (terminal.json) terminal.out(JSON.stringify(snapshots));
  else if (snapshots.length === 0) terminal.out('no snapshot yet: freshet backfill upsert makes one');
  else
    for (const { snapshot, takenAt, rows, takenFrom, contentHash, pinned } of snapshots) {
      const count = rows.toLocaleString('en-US').padStart(11);
      terminal.out(
        `${snapshot}  ${takenAt}${count} rows  ${contentHash}  ${takenFrom}${pinned ? '  pinned' : ''}`,
      );
    }
}

async function diffCommand(
  context: CommandContext,
  names: { readonly before: string; readonly after: string },
  options: JsonOption,
): Promise<void> {
  const terminal = openTerminal(context.env, options.json === true);
  const diff = await diffNow(await setupOf(context, terminal), names, EXAMPLES);
  if (terminal.json) {
    terminal.out(JSON.stringify(diff));
    return;
  }
  terminal.out(
    `${diff.before} → ${diff.after}: ${diff.added} added, ${diff.removed} removed, ${diff.changed} changed`,
  );
  for (const [field, count] of Object.entries(diff.fields)) terminal.out(`  ${field}: ${count}`);
  for (const { sku, what } of diff.examples) terminal.out(`  ${sku}: ${what}`);
}

async function restoreCommand(context: CommandContext, date: string, options: RestoreOptions): Promise<void> {
  await bringing(context, options, async (setup, hooks, terminal) => {
    const restored = await (options.yes === true ? restoreSnapshot : previewRestore)(setup, date, hooks);
    terminal.out(terminal.json ? JSON.stringify(restored) : restoreLines(restored).join('\n'));
    return restored;
  });
}

async function unpinCommand(context: CommandContext, options: JsonOption): Promise<void> {
  await bringing(context, options, async (setup, hooks, terminal) => {
    const report = await unpin(setup, hooks);
    terminal.out(terminal.json ? JSON.stringify(report) : restoreLines(report).join('\n'));
    return report;
  });
}

async function refreshCommand(context: CommandContext, options: RefreshOptions): Promise<void> {
  await bringing(context, options, async (setup, hooks, terminal) => {
    const report = await refreshCatalog(setup, options.dryRun === true, hooks);
    terminal.out(terminal.json ? JSON.stringify(report) : refreshLines(report).join('\n'));
    return report;
  });
}

type Outcome = Pick<RestoreReport, 'left' | 'dead_letters' | 'interrupted'>;

async function bringing(
  context: CommandContext,
  options: JsonOption,
  work: (setup: CatalogSetup, hooks: BringHooks, terminal: Terminal) => Promise<Outcome>,
): Promise<void> {
  const terminal = openTerminal(context.env, options.json === true);
  const setup = await setupOf(context, terminal);
  await assertReachable(setup.config);
  using stop = stopOnSignals(() => terminal.note('\nstopping; run it again to go on'));
  using line = new ProgressLine(terminal);
  const progress = (phase: string, done: number, total: number): void => line.update(phase, done, total);
  try {
    const { left, dead_letters, interrupted } = await work(
      setup,
      { signal: stop.signal, progress },
      terminal,
    );
    if (interrupted) process.exitCode = INTERRUPTED;
    else if (left + dead_letters > 0) process.exitCode = PARTIAL;
  } catch (error) {
    if (!stop.signal.aborted) throw error;
    process.exitCode = INTERRUPTED;
  }
}

async function setupOf(context: CommandContext, terminal: Terminal): Promise<CatalogSetup> {
  return openCatalog(await config(context), createLog(terminal, true));
}

function restoreLines({ done, pinned, items, examples, left }: RestoreReport): string[] {
  const end = pinned === null ? 'the items follow their sources' : `the items stay at ${pinned}`;
  return [
    ...differenceLines(items, done ? [] : examples),
    ...leftLine(left),
    done ? end : `nothing was changed: with --yes ${end} until freshet catalog unpin`,
  ];
}

function refreshLines(report: RefreshReport): string[] {
  const { compared, items, examples, pinned, dry_run, seconds, left } = report;
  const against = pinned === null ? 'their sources' : `${pinned}, which is pinned`;
  return [
    `${compared.toLocaleString('en-US')} products compared with ${against} in ${seconds.toFixed(1)} s`,
    ...differenceLines(items, examples),
    ...leftLine(left),
    ...(dry_run ? ['DRY RUN: nothing was written'] : []),
  ];
}

function differenceLines(items: RestoreReport['items'], examples: RestoreReport['examples']): string[] {
  const { missing, different, surplus } = items;
  const counts = [`${missing} to create`, `${different} to update`, `${surplus} to remove`];
  return [counts.join(', '), ...examples.map(({ sku, what }) => `  ${sku}: ${what}`)];
}

function leftLine(left: number): string[] {
  return left === 0 ? [] : [`${left} are not as they should be yet: freshet dlq list, or run it again`];
}
