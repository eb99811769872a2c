import type pg from 'pg';
import { computeOne } from '../../consumers/transform/recompute.ts';
import type { Computed } from '../../consumers/transform/result.ts';
import { compareResults, type Difference, missingRows } from '../../consumers/transform/target-comparison.ts';
import {
  countPositions,
  readNames,
  readResults,
  type ResultFilter,
  type SourceTables,
} from './source-results.ts';
import type { ResultError } from './summary.ts';

/** Both in transactions that began with `beginReading`. */
export interface Places {
  readonly source: pg.ClientBase;
  readonly target: pg.ClientBase;
}

/** What a batch of results ought to be, and how the target differs from it. */
export interface ExpectedBatch {
  readonly rows: number;
  /** Rows that belong to no result. */
  readonly rejected: number;
  /** Of all batches. */
  readonly totalRows: number;
  /** collector_result_id of every result of the batch, in the source's order. */
  readonly results: readonly string[];
  readonly computed: readonly Computed[];
  readonly errors: readonly ResultError[];
  readonly differences: readonly Difference[];
}

/** Computes results from the source's rows and compares them with the target, batch by batch. Writes nothing anywhere. */
export async function* expectedResults(
  { source, target }: Places,
  tables: SourceTables,
  filter: ResultFilter,
): AsyncGenerator<ExpectedBatch> {
  const names = await readNames(source, tables);
  const totalRows = await countPositions(source, tables, filter);
  const migrated = await hasMetricTables(target);
  for await (const { results, rows, rejected } of readResults(source, tables, filter)) {
    const outcomes = results.map(({ collectorResultId, positions }) =>
      computeOne(collectorResultId, positions, names),
    );
    const computed = outcomes.flatMap((outcome) => outcome.computed ?? []);
    const errors = outcomes.flatMap((outcome) => outcome.error ?? []);
    const asked = results.map(({ collectorResultId }) => collectorResultId);
    const differences = migrated
      ? await compareResults(target, tables.ids, asked, computed)
      : missingRows(computed);
    yield { rows, rejected, totalRows, results: asked, computed, errors, differences };
  }
}

/** False for a target that was never migrated. */
export async function hasMetricTables(target: pg.ClientBase): Promise<boolean> {
  const { rows } = await target.query<{ exists: boolean }>(
    `SELECT to_regclass('metric_facts') IS NOT NULL AS exists`,
  );
  return rows[0]?.exists === true;
}
