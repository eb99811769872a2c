import type pg from 'pg';
import type { TargetName } from '../../consumers/transform/fact-rows.ts';
import { countText } from '../../runtime/quantity-text.ts';

/** Errors and names that a summary lists; the counts are of all of them. */
export const LISTED = 1_000;

interface TableSummary {
  created: number;
  updated: number;
  removed: number;
}

export interface ResultError {
  readonly collectorResultId: string;
  readonly code: string;
  readonly reason: string;
}

/** A name that a brand's rows have, and that brand_competitors lacks. */
export interface MissingCompetitor {
  readonly brandId: string;
  readonly name: string;
  /** Results that name it. */
  readonly results: number;
}

/** What `backfill transform` did, or (dry run) would do. */
export interface TransformSummary {
  readonly dryRun: boolean;
  /** Rows of the flat table that were read. */
  readonly rows: number;
  /** Collector results, each counted once. */
  readonly processed: number;
  /** Results that were there already as they should be. */
  readonly skipped: number;
  readonly errors: number;
  readonly errorsByCode: Readonly<Record<string, number>>;
  readonly firstErrors: readonly ResultError[];
  readonly tables: Readonly<Record<TargetName, TableSummary>>;
  /** Names without a competitor, each once a brand; and the results that name them. */
  readonly competitorsNotFound: { readonly names: number; readonly results: number };
  /** Those that most results name come first; at most `LISTED`. */
  readonly firstMissingCompetitors: readonly MissingCompetitor[];
  /** Rows that belong to no result. */
  readonly rejectedRows: number;
  readonly durationMs: number;
}

const LABELS: Readonly<Record<TargetName, string>> = {
  metric_facts: 'Metric facts',
  brand_metrics: 'Brand metrics',
  competitor_metrics: 'Competitor metrics',
  brand_sentiment: 'Brand sentiments',
  competitor_sentiment: 'Competitor sentiments',
};

export function summaryLines(summary: TransformSummary): string[] {
  const { dryRun, tables, competitorsNotFound, errorsByCode } = summary;
  const does = (what: string): string => (dryRun ? `to be ${what}` : what);
  const line = (label: string, value: string): string => `${`${label}:`.padEnd(42)} ${value}`;
  const lines = [
    line('Rows read', countText(summary.rows)),
    line('Collector results processed', countText(summary.processed)),
  ];
  for (const [name, label] of Object.entries(LABELS)) {
    const { created, updated, removed } = tables[name as TargetName];
    const more = [
      updated > 0 ? `${countText(updated)} ${does('updated')}` : '',
      removed > 0 ? `${countText(removed)} ${does('removed')}` : '',
    ].filter((part) => part !== '');
    lines.push(line(`${label} ${does('created')}`, [countText(created), ...more].join(', ')));
  }
  const codes = Object.entries(errorsByCode).map(([code, count]) => `${code} ${countText(count)}`);
  const { names, results } = competitorsNotFound;
  lines.push(
    line('Skipped (already migrated)', countText(summary.skipped)),
    line(
      'Competitors not found',
      names === 0 ? '0' : `${countText(names)} names, in ${countText(results)} results`,
    ),
    line('Errors', [countText(summary.errors), ...codes].join('  ')),
  );
  if (summary.rejectedRows > 0)
    lines.push(line('Rows that belong to no result', countText(summary.rejectedRows)));
  lines.push(line('Duration', `${(summary.durationMs / 1_000).toFixed(1)} s`));
  return lines;
}

/** What a finished refresh came to: exact, whichever processes applied it. */
export async function readSummary(
  target: pg.ClientBase,
  refresh: string,
  tallies: ReadonlyMap<string, number>,
  known: Pick<TransformSummary, 'rows' | 'rejectedRows' | 'durationMs'>,
): Promise<TransformSummary> {
  const { rows } = await target.query<{ processed: number; skipped: number; names: number; naming: number }>(
    `WITH asked AS (SELECT r.collector_result_id, r.written, e.collector_result_id IS NOT NULL AS failed
       FROM freshet.transform_results r LEFT JOIN freshet.transform_errors e USING (collector_result_id)
       WHERE r.refresh = $1),
     unknown AS (SELECT u.* FROM freshet.transform_unknown_competitors u JOIN asked USING (collector_result_id))
     SELECT (SELECT count(*)::integer FROM asked) AS processed,
       (SELECT count(*)::integer FROM asked WHERE NOT written AND NOT failed) AS skipped,
       (SELECT count(*)::integer FROM (SELECT DISTINCT brand_id, name FROM unknown) n) AS names,
       (SELECT count(DISTINCT collector_result_id)::integer FROM unknown) AS naming`,
    [refresh],
  );
  const errors = await target.query<{ id: string; code: string; reason: string }>(
    `SELECT e.collector_result_id::text AS id, e.code, e.reason FROM freshet.transform_errors e
     JOIN freshet.transform_results r USING (collector_result_id) WHERE r.refresh = $1
     ORDER BY e.collector_result_id LIMIT ${LISTED}`,
    [refresh],
  );
  const codes = await target.query<{ code: string; count: number }>(
    `SELECT e.code, count(*)::integer AS count FROM freshet.transform_errors e
     JOIN freshet.transform_results r USING (collector_result_id) WHERE r.refresh = $1 GROUP BY 1 ORDER BY 1`,
    [refresh],
  );
  const missing = await target.query<{ brand: string; name: string; results: number }>(
    `SELECT u.brand_id::text AS brand, u.name, count(*)::integer AS results
     FROM freshet.transform_unknown_competitors u JOIN freshet.transform_results r USING (collector_result_id)
     WHERE r.refresh = $1 GROUP BY 1, 2 ORDER BY 3 DESC, 1, 2 LIMIT ${LISTED}`,
    [refresh],
  );
  const [{ processed, skipped, names, naming } = { processed: 0, skipped: 0, names: 0, naming: 0 }] = rows;
  return {
    dryRun: false,
    ...known,
    processed,
    skipped,
    errors: codes.rows.reduce((sum, { count }) => sum + count, 0),
    errorsByCode: Object.fromEntries(codes.rows.map(({ code, count }) => [code, count])),
    firstErrors: errors.rows.map(({ id, code, reason }) => ({ collectorResultId: id, code, reason })),
    tables: tableSummaries(tallies),
    competitorsNotFound: { names, results: naming },
    firstMissingCompetitors: missing.rows.map(({ brand, name, results }) => ({
      brandId: brand,
      name,
      results,
    })),
  };
}

export function noRows(): Record<TargetName, TableSummary> {
  return rowsOf(() => ({ created: 0, updated: 0, removed: 0 }));
}

/** A row that came and went within the refresh was neither created nor removed. */
function tableSummaries(tallies: ReadonlyMap<string, number>): Record<TargetName, TableSummary> {
  return rowsOf((name) => {
    const inserted = tallies.get(`${name}.inserted`) ?? 0;
    const deleted = tallies.get(`${name}.deleted`) ?? 0;
    return {
      created: Math.max(0, inserted - deleted),
      updated: tallies.get(`${name}.updated`) ?? 0,
      removed: Math.max(0, deleted - inserted),
    };
  });
}

function rowsOf(of: (name: TargetName) => TableSummary): Record<TargetName, TableSummary> {
  return {
    metric_facts: of('metric_facts'),
    brand_metrics: of('brand_metrics'),
    competitor_metrics: of('competitor_metrics'),
    brand_sentiment: of('brand_sentiment'),
    competitor_sentiment: of('competitor_sentiment'),
  };
}
