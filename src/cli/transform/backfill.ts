import { refreshDailyView } from '../../consumers/transform/daily-view.ts';
import { readId } from '../../consumers/transform/field.ts';
import { FreshetError } from '../../runtime/errors.ts';
import { connect } from '../../runtime/postgres.ts';
import { stopOnSignals } from '../../runtime/shutdown.ts';
import { readTallies } from '../../sinks/refresh-tallies.ts';
import { type BackfillProgress, runBackfill } from '../backfill/run-backfill.ts';
import { assertReachable } from '../doctor.ts';
import type { Terminal } from '../terminal.ts';
import { dryRun } from './dry-run.ts';
import { ProgressNotes } from './progress-notes.ts';
import type { TransformSetup } from './setup.ts';
import { whileStill } from './setup.ts';
import { brandCondition, countPositions, type ResultFilter, type SourceTables } from './source-results.ts';
import { readSummary, type TransformSummary } from './summary.ts';

export interface BackfillOptions {
  readonly brandId: string | null;
  readonly resume: boolean;
  readonly keepSlot: boolean;
}

/** `interrupted`: stopped by hand; there is no summary then. */
export type BackfillEnd =
  | { readonly interrupted: true }
  | { readonly interrupted: false; readonly summary: TransformSummary; readonly viewMs: number };

/** What a backfill would do now: source and target are read, nothing is written anywhere. */
export async function previewBackfill(
  setup: TransformSetup,
  brandId: string | null,
  terminal: Terminal,
): Promise<TransformSummary> {
  using stop = stopOnSignals(() => terminal.note('stopping'));
  using notes = new ProgressNotes(terminal);
  const filter = filterOf(brandId, setup.tables);
  return await whileStill(setup, (places) =>
    dryRun(places, setup.tables, filter, {
      signal: stop.signal,
      progress: (rows, total) => notes.update('reading', rows, total),
    }),
  );
}

/** Brings every row of the source, or those of a brand's results, through the pipeline; then the view is refreshed once. */
export async function backfillTransform(
  setup: TransformSetup,
  { brandId, resume, keepSlot }: BackfillOptions,
  terminal: Terminal,
): Promise<BackfillEnd> {
  const startedAt = performance.now();
  const { engine, pipeline, source, tables, config, group } = setup;
  await assertReachable(config);
  const filter = filterOf(brandId, tables);
  using stop = stopOnSignals(() =>
    terminal.note('stopping; --resume goes on from here; once more to end at once'),
  );
  using notes = new ProgressNotes(terminal);
  const total = await countRows(setup, filter);
  const outcome = await runBackfill(
    engine,
    { pipeline, source, parts: partsOf(brandId, tables), options: {}, keepSlot, resume },
    {
      signal: stop.signal,
      progress: (now) => showProgress(notes, now, engine.status.pipeline(pipeline.name).applied, total),
    },
  );
  if (outcome.interrupted) return { interrupted: true };
  await using target = await connect(config.target, 'backfill');
  const viewStartedAt = performance.now();
  await refreshDailyView(target, { wait: true });
  const summary = await readSummary(target, outcome.id, await readTallies(target, group, outcome.id), {
    rows: outcome.rowsPublished,
    rejectedRows: outcome.deadLetters,
    durationMs: performance.now() - startedAt,
  });
  return { interrupted: false, summary, viewMs: performance.now() - viewStartedAt };
}

/** A process that runs the pipeline itself knows best what is applied. */
function showProgress(notes: ProgressNotes, now: BackfillProgress, applied: number, total: number): void {
  if (applied > 0 || now.phase === 'applying')
    notes.update('transforming', Math.min(total, Math.max(applied, now.rowsApplied)), total);
  else notes.update(now.phase, now.rowsPublished, total);
}

async function countRows({ source, tables }: TransformSetup, filter: ResultFilter): Promise<number> {
  await using client = await connect(source.connection, 'backfill');
  return await countPositions(client, tables, filter);
}

/** Names first: results that find theirs at once are computed once. */
function partsOf(brandId: string | null, { positions, competitors }: SourceTables) {
  const [ofBrand, ofResults] =
    brandId === null
      ? [null, null]
      : [`"brand_id" = ${literal(brandId)}`, brandCondition(positions, brandId)];
  return [
    { table: competitors, where: ofBrand, keys: null },
    { table: positions, where: ofResults, keys: null },
  ];
}

/** Throws USAGE on an id that the column cannot hold. */
function filterOf(brandId: string | null, { ids }: SourceTables): ResultFilter {
  if (brandId === null) return { kind: 'all' };
  const id = readId(brandId, ids);
  if ('value' in id && id.value !== null) return { kind: 'brand', brandId: id.value };
  throw new FreshetError('USAGE', `--brand-id: "${brandId}" is no ${ids}`, {
    cure: 'Give a brand_id as the source has it; transform.ids in the config is its type.',
  });
}

function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
