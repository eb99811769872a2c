import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { FreshetError } from '../../runtime/errors.ts';
import { countText } from '../../runtime/quantity-text.ts';
import type { RegisterCommands } from '../command-groups.ts';
import type { CommandContext, JsonOption } from '../context.ts';
import { backfillUpsert } from '../upsert/backfill.ts';
import { bringAndTell } from '../upsert/catalog-command.ts';
import { dryRunUpsert } from '../upsert/dry-run.ts';
import type { UpsertReport } from '../upsert/upsert-report.ts';

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
  const bring = options.dryRun === true ? dryRunUpsert : backfillUpsert;
  const file = options.fromFile === undefined ? null : readable(options.fromFile);
  await bringAndTell(context, options, (setup, hooks) => bring(setup, file, hooks), reportLines);
}

function readable(file: string): string {
  const path = resolve(file);
  if (existsSync(path)) return path;
  throw new FreshetError('USAGE', `--from-file: there is no file "${file}"`, {
    cure: 'Name a feed of JSON Lines or CSV, plain or gzip.',
  });
}

function reportLines(report: UpsertReport): string[] {
  const { items, rejects, examples } = report;
  const counts = [
    `${countText(items.created)} created, ${countText(items.updated)} updated, ${countText(items.removed)} removed, ${countText(items.unchanged)} unchanged`,
  ];
  const more = [
    report.duplicates > 0 ? `${countText(report.duplicates)} rows whose sku came before were left out` : null,
    report.rejected > 0 ? `${countText(report.rejected)} lines are no products` : null,
    ...rejects.map(({ line, reason }) => `  line ${line}: ${reason}`),
    report.dead_letters > 0 ? `${countText(report.dead_letters)} dead letters: freshet dlq list` : null,
    report.left > 0 ? `${countText(report.left)} items are not as they should be yet` : null,
    report.undecided > 0
      ? `${countText(report.undecided)} items hold something undecided: freshet catalog review`
      : null,
    report.pinned === null
      ? null
      : `the items stay at ${report.pinned}, which is pinned: freshet catalog unpin`,
  ].filter((line) => line !== null);
  const shown = report.dry_run ? examples.map(({ sku, what }) => `  ${sku}: ${what}`) : [];
  const head = report.dry_run
    ? `DRY RUN: nothing was written; ${countText(report.rows)} rows of ${report.from} would be brought`
    : `${report.snapshot}: ${countText(report.rows)} rows of ${report.from}, content ${report.content_hash}`;
  return [head, ...counts, ...shown, ...more, `${report.seconds.toFixed(1)} s`];
}
