import type { Command } from 'commander';
import { countText } from '../../runtime/quantity-text.ts';
import { type CommandContext, config, type JsonOption } from '../context.ts';
import { createLog, openTerminal, type Terminal } from '../terminal.ts';
import { bringAndTell } from '../upsert/catalog-command.ts';
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
      const count = countText(rows).padStart(11);
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
  const restore = options.yes === true ? restoreSnapshot : previewRestore;
  await bringAndTell(context, options, (setup, hooks) => restore(setup, date, hooks), restoreLines);
}

async function unpinCommand(context: CommandContext, options: JsonOption): Promise<void> {
  await bringAndTell(context, options, unpin, restoreLines);
}

async function refreshCommand(context: CommandContext, options: RefreshOptions): Promise<void> {
  const isDryRun = options.dryRun === true;
  await bringAndTell(
    context,
    options,
    (setup, hooks) => refreshCatalog(setup, isDryRun, hooks),
    refreshLines,
  );
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
    `${countText(compared)} products compared with ${against} in ${seconds.toFixed(1)} s`,
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
