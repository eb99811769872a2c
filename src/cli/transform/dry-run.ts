import type pg from 'pg';
import type { TargetName } from '../../consumers/transform/fact-rows.ts';
import { computeOne } from '../../consumers/transform/recompute.ts';
import type { Computed } from '../../consumers/transform/result.ts';
import { type Comparison, compareResults, noDifferences } from '../../consumers/transform/target-comparison.ts';
import { countPositions, readNames, readResults, type ResultFilter, type SourceTables } from './source-results.ts';
import { LISTED, type ResultError, type TransformSummary } from './summary.ts';

export interface Places {
  /** In a transaction that began with `beginReading`. */
  readonly source: pg.ClientBase;
  readonly target: pg.ClientBase;
}

/** What a batch of results ought to be, and how the target differs from it. */
export interface ExpectedBatch {
  readonly rows: number;
  readonly rejected: number;
  readonly totalRows: number;
  readonly results: number;
  readonly computed: readonly Computed[];
  readonly errors: readonly ResultError[];
  readonly comparison: Comparison;
}

/** Computes results from the source's rows and compares them with the target, batch by batch. Writes nothing anywhere. */
export async function* expectedResults(
  { source, target }: Places,
  tables: SourceTables,
  filter: ResultFilter,
): AsyncGenerator<ExpectedBatch> {
  const names = await readNames(source, tables);
  const totalRows = await countPositions(source, tables, filter);
  const migrated = await hasTables(target);
  for await (const { results, rows, rejected } of readResults(source, tables, filter)) {
    const outcomes = results.map(({ collectorResultId, positions }) => computeOne(collectorResultId, positions, names));
    const computed = outcomes.flatMap((outcome) => outcome.computed ?? []);
    const errors = outcomes.flatMap((outcome) => outcome.error ?? []);
    const asked = results.map(({ collectorResultId }) => collectorResultId);
    const comparison = migrated
      ? await compareResults(target, tables.ids, asked, computed)
      : allMissing(computed);
    yield { rows, rejected, totalRows, results: results.length, computed, errors, comparison };
  }
}

export interface DryRunHooks {
  readonly signal: AbortSignal;
  progress(rows: number, totalRows: number): void;
}

/** What a backfill would do now. */
export async function dryRun(
  places: Places,
  tables: SourceTables,
  filter: ResultFilter,
  { signal, progress }: DryRunHooks,
): Promise<TransformSummary> {
  const startedAt = performance.now();
  const tally = new Tally();
  for await (const batch of expectedResults(places, tables, filter)) {
    signal.throwIfAborted();
    tally.add(batch);
    progress(tally.rows, batch.totalRows);
  }
  return tally.summary(performance.now() - startedAt);
}

class Tally {
  rows = 0;
  #rejected = 0;
  #processed = 0;
  #skipped = 0;
  #errors = 0;
  readonly #codes: Record<string, number> = {};
  readonly #firstErrors: ResultError[] = [];
  readonly #tables = noDifferences();
  readonly #names = new Set<string>();
  #naming = 0;

  add({ rows, rejected, results, computed, errors, comparison }: ExpectedBatch): void {
    this.rows += rows;
    this.#rejected += rejected;
    this.#processed += results;
    this.#errors += errors.length;
    this.#skipped += computed.filter(({ fact }) => !comparison.results.has(fact.collectorResultId)).length;
    for (const { collectorResultId, code, reason } of errors) {
      this.#codes[code] = (this.#codes[code] ?? 0) + 1;
      if (this.#firstErrors.length < LISTED) this.#firstErrors.push({ collectorResultId, code, reason });
    }
    for (const { fact, unknownCompetitors } of computed) {
      if (unknownCompetitors.length > 0) this.#naming += 1;
      for (const name of unknownCompetitors) this.#names.add(`${fact.brandId}\n${name}`);
    }
    for (const [name, { missing, different, surplus }] of Object.entries(comparison.tables)) {
      const table = this.#tables[name as TargetName];
      table.missing += missing;
      table.different += different;
      table.surplus += surplus;
    }
  }

  summary(durationMs: number): TransformSummary {
    const of = (name: TargetName) => {
      const { missing, different, surplus } = this.#tables[name];
      return { created: missing, updated: different, removed: surplus };
    };
    return {
      dryRun: true,
      rows: this.rows,
      processed: this.#processed,
      skipped: this.#skipped,
      errors: this.#errors,
      errorsByCode: this.#codes,
      firstErrors: this.#firstErrors,
      tables: {
        metric_facts: of('metric_facts'),
        brand_metrics: of('brand_metrics'),
        competitor_metrics: of('competitor_metrics'),
        brand_sentiment: of('brand_sentiment'),
        competitor_sentiment: of('competitor_sentiment'),
      },
      competitorsNotFound: { names: this.#names.size, results: this.#naming },
      rejectedRows: this.#rejected,
      durationMs,
    };
  }
}

async function hasTables(target: pg.ClientBase): Promise<boolean> {
  const { rows } = await target.query<{ exists: boolean }>(
    `SELECT to_regclass('metric_facts') IS NOT NULL AS exists`,
  );
  return rows[0]?.exists === true;
}

/** A target that was never migrated. */
function allMissing(computed: readonly Computed[]): Comparison {
  const tables = noDifferences();
  for (const { competitorMetrics, brandSentiment, competitorSentiments } of computed) {
    tables.metric_facts.missing += 1;
    tables.brand_metrics.missing += 1;
    tables.competitor_metrics.missing += competitorMetrics.length;
    tables.brand_sentiment.missing += brandSentiment === null ? 0 : 1;
    tables.competitor_sentiment.missing += competitorSentiments.length;
  }
  return { tables, results: new Set(computed.map(({ fact }) => fact.collectorResultId)) };
}
