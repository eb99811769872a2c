import { type ExpectedBatch, expectedResults, type Places } from './expected-results.ts';
import type { ResultFilter, SourceTables } from './source-results.ts';
import {
  LISTED,
  type MissingCompetitor,
  noRows,
  type ResultError,
  type TransformSummary,
} from './summary.ts';

/** What a backfill does about a difference. */
const DONE = { missing: 'created', different: 'updated', surplus: 'removed' } as const;

export interface DryRunHooks {
  readonly signal: AbortSignal;
  readonly progress: (rows: number, totalRows: number) => void;
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
  readonly #tables = noRows();
  readonly #missing = new Map<string, MissingCompetitor>();
  #naming = 0;

  add({ rows, rejected, results, computed, errors, differences }: ExpectedBatch): void {
    this.rows += rows;
    this.#rejected += rejected;
    this.#processed += results.length;
    this.#errors += errors.length;
    const differing = new Set(differences.map(({ collectorResultId }) => collectorResultId));
    this.#skipped += computed.filter(({ fact }) => !differing.has(fact.collectorResultId)).length;
    for (const { table, kind } of differences) this.#tables[table][DONE[kind]] += 1;
    for (const { collectorResultId, code, reason } of errors) {
      this.#codes[code] = (this.#codes[code] ?? 0) + 1;
      if (this.#firstErrors.length < LISTED) this.#firstErrors.push({ collectorResultId, code, reason });
    }
    for (const { fact, unknownCompetitors } of computed) {
      if (unknownCompetitors.length > 0) this.#naming += 1;
      for (const name of unknownCompetitors) this.#miss(fact.brandId, name);
    }
  }

  #miss(brandId: string, name: string): void {
    const key = `${brandId}\n${name}`;
    const results = (this.#missing.get(key)?.results ?? 0) + 1;
    this.#missing.set(key, { brandId, name, results });
  }

  summary(durationMs: number): TransformSummary {
    return {
      dryRun: true,
      rows: this.rows,
      processed: this.#processed,
      skipped: this.#skipped,
      errors: this.#errors,
      errorsByCode: this.#codes,
      firstErrors: this.#firstErrors,
      tables: this.#tables,
      competitorsNotFound: { names: this.#missing.size, results: this.#naming },
      firstMissingCompetitors: [...this.#missing.values()]
        .toSorted((a, b) => b.results - a.results || (a.brandId < b.brandId ? -1 : 1))
        .slice(0, LISTED),
      rejectedRows: this.#rejected,
      durationMs,
    };
  }
}
