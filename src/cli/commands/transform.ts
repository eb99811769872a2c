import { setTimeout as sleep } from 'node:timers/promises';
import { dryRunRequested } from '../../config.ts';
import { FreshetError } from '../../runtime/errors.ts';
import { countText } from '../../runtime/quantity-text.ts';
import type { RegisterCommands } from '../command-groups.ts';
import type { CommandContext, JsonOption } from '../context.ts';
import { INTERRUPTED, PARTIAL } from '../exit-codes.ts';
import { wholeNumber } from '../option-values.ts';
import { openTerminal, type Terminal } from '../terminal.ts';
import { backfillTransform, previewBackfill } from '../transform/backfill.ts';
import { hasMetricTables } from '../transform/expected-results.ts';
import { ProgressNotes } from '../transform/progress-notes.ts';
import { previewRollback, type RollbackRows, rollbackTransform } from '../transform/rollback.ts';
import { isConsumed, openTransform, type TransformSetup, whileStill } from '../transform/setup.ts';
import { summaryLines, type TransformSummary } from '../transform/summary.ts';
import { type Check, type Verification, verifyTransform } from '../transform/verification.ts';

interface BackfillOptions extends JsonOption {
  readonly dryRun?: boolean;
  readonly batchSize?: number;
  readonly brandId?: string;
  readonly resume?: boolean;
  readonly keepSlot?: boolean;
}

/** Changes that are on their way while a pipeline runs are no difference: it is looked again. */
const VERIFY_TRIES = 4;
const VERIFY_PAUSE_MS = 2_000;
/** What a refresh of the view may take. */
const VIEW_GRACE_MS = 10_000;

export const registerTransform: RegisterCommands = ({ backfill, verify, rollback }, context) => {
  backfill
    .command('transform')
    .description('bring the flat extraction rows into the metric tables, then refresh the daily view')
    .option('--dry-run', 'say what would be done, and write nothing anywhere; also DRY_RUN=true')
    .option(
      '--batch-size <n>',
      'rows of a partition in one transaction (default: consumers.maxBatchRecords)',
      wholeNumber,
    )
    .option('--brand-id <id>', 'only the results with a row of this brand')
    .option('--resume', 'go on with a backfill that was interrupted')
    .option('--keep-slot', 'keep a replication slot that had to be made')
    .option('--json', 'the summary as one JSON object')
    .action((options: BackfillOptions) => backfillCommand(context, options));
  verify
    .command('transform')
    .description('compare the metric tables with what the flat rows come to; exit code 1 on a difference')
    .option('--json', 'as one JSON object')
    .action((options: JsonOption) => verifyCommand(context, options));
  rollback
    .command('transform')
    .description('empty the metric tables and forget how far the pipeline came; without --yes a preview')
    .option('--yes', 'do it')
    .option('--json', 'as one JSON object')
    .action((options: JsonOption & { readonly yes?: boolean }) => rollbackCommand(context, options));
};

async function backfillCommand(context: CommandContext, options: BackfillOptions): Promise<void> {
  const terminal = openTerminal(context.env, options.json === true);
  const { batchSize, brandId = null } = options;
  if (batchSize === 0) throw new FreshetError('USAGE', '--batch-size 0: give 1 or more');
  const setup = await openTransform(context, terminal, batchSize === undefined ? {} : { batchSize });
  if (options.dryRun === true || dryRunRequested(context.env)) {
    report(terminal, await previewBackfill(setup, brandId, terminal), ['DRY RUN: nothing was written']);
    return;
  }
  const { resume = false, keepSlot = false } = options;
  const end = await backfillTransform(setup, { brandId, resume, keepSlot }, terminal);
  if (end.interrupted) {
    terminal.note('interrupted; freshet backfill transform --resume goes on from here');
    process.exitCode = INTERRUPTED;
    return;
  }
  report(terminal, end.summary, [`Daily view refreshed in ${(end.viewMs / 1_000).toFixed(1)} s`]);
  process.exitCode = end.summary.errors + end.summary.rejectedRows > 0 ? PARTIAL : 0;
}

function report(terminal: Terminal, summary: TransformSummary, more: readonly string[]): void {
  if (terminal.json) {
    terminal.out(JSON.stringify(summary));
    return;
  }
  for (const { collectorResultId, code, reason } of summary.firstErrors)
    terminal.note(`error: collector_result ${collectorResultId}: ${code}, ${reason}`);
  const unnamed = summary.errors - summary.firstErrors.length;
  if (unnamed > 0) terminal.note(`… and ${unnamed} more errors`);
  for (const { brandId, name, results } of summary.firstMissingCompetitors)
    terminal.note(`warning: brand ${brandId} has no competitor ${JSON.stringify(name)}; results: ${results}`);
  const unlisted = summary.competitorsNotFound.names - summary.firstMissingCompetitors.length;
  if (unlisted > 0) terminal.note(`… and ${unlisted} more names`);
  terminal.out([...summaryLines(summary), ...more].join('\n'));
}

async function verifyCommand(context: CommandContext, options: JsonOption): Promise<void> {
  const terminal = openTerminal(context.env, options.json === true);
  const setup = await openTransform(context, terminal);
  const found = await verified(setup, terminal);
  terminal.out(terminal.json ? JSON.stringify(found) : verificationLines(found).join('\n'));
  process.exitCode = found.ok ? 0 : 1;
}

async function verified(setup: TransformSetup, terminal: Terminal): Promise<Verification> {
  using notes = new ProgressNotes(terminal);
  const progress = (rows: number, total: number): void => notes.update('comparing', rows, total);
  const { mvRefreshDebounceMs } = setup.config.transform;
  for (let tries = 1; ; tries++) {
    const isLive = await isConsumed(setup);
    const viewMayLagMs = isLive ? mvRefreshDebounceMs + VIEW_GRACE_MS : 0;
    const found = await whileStill(setup, async (places) => {
      if (!(await hasMetricTables(places.target)))
        throw new FreshetError('PREFLIGHT', 'the target has no metric tables', {
          cure: 'Run freshet backfill transform first, or correct target.url.',
        });
      return verifyTransform(places, setup.tables, { viewMayLagMs, progress });
    });
    if (found.ok || tries === VERIFY_TRIES || !isLive) return found;
    await sleep(VERIFY_PAUSE_MS);
  }
}

function verificationLines({ checks, sample, rows, results, errors }: Verification): string[] {
  return [
    `${countText(rows)} rows of ${countText(results)} results, ${countText(errors)} of them with an error`,
    ...checks.map(checkLine),
    '',
    'collector_result_id  brand_id  collector_type  visibility_index  share_of_answers  competitors',
    ...sample.map((row) => Object.values(row).map(String).join('  ')),
  ];
}

function checkLine({ name, ok, expected, found, firstIds }: Check): string {
  const first = firstIds.length === 0 ? '' : `; first: ${firstIds.join(', ')}`;
  return ok ? `ok       ${name}: ${found}` : `DIFFERS  ${name}: expected ${expected}, found ${found}${first}`;
}

async function rollbackCommand(
  context: CommandContext,
  { json, yes }: JsonOption & { readonly yes?: boolean },
): Promise<void> {
  const terminal = openTerminal(context.env, json === true);
  const setup = await openTransform(context, terminal);
  const rows = yes === true ? await rollbackTransform(setup) : await previewRollback(setup);
  terminal.out(
    terminal.json ? JSON.stringify({ done: yes === true, rows }) : rollbackLines(rows, yes === true),
  );
}

function rollbackLines(rows: RollbackRows, done: boolean): string {
  const lines = Object.entries(rows).map(([table, count]) => `${table.padEnd(40)} ${countText(count)} rows`);
  const end = done
    ? 'rolled back; freshet backfill transform fills the tables again'
    : 'nothing was changed: with --yes all of this is removed';
  return [...lines, end].join('\n');
}
