import type pg from 'pg';
import { dailyViewAgeMs } from '../../consumers/transform/daily-view.ts';
import type { TargetName } from '../../consumers/transform/fact-rows.ts';
import { DAILY_METRICS_QUERY } from '../../consumers/transform/migrations.ts';
import type { Computed } from '../../consumers/transform/result.ts';
import type { Difference } from '../../consumers/transform/target-comparison.ts';
import { type ExpectedBatch, expectedResults, type Places } from './expected-results.ts';
import type { SourceTables } from './source-results.ts';

/** Ids that a check names. */
const FIRST_IDS = 10;
const LOWEST_ID = String(-(2n ** 63n));

/** `expected` and `found`: of the source and of the target. */
export interface Check {
  readonly name: string;
  readonly ok: boolean;
  readonly expected: number | string;
  readonly found: number | string;
  /** Of the first results (for the view: brands and days) that differ. */
  readonly firstIds: readonly string[];
}

interface SampleRow extends Record<string, unknown> {
  readonly collector_result_id: string;
  readonly brand_id: string;
  readonly collector_type: string | null;
  readonly visibility_index: string | null;
  readonly share_of_answers: string | null;
  readonly competitor_count: number;
}

export interface Verification {
  readonly ok: boolean;
  readonly rows: number;
  readonly results: number;
  /** Results that have no facts because something is wrong with their rows. */
  readonly errors: number;
  readonly checks: readonly Check[];
  /** The seed's look at the new tables. */
  readonly sample: readonly SampleRow[];
}

const SAMPLE = `
SELECT mf.collector_result_id::text, mf.brand_id::text, mf.collector_type, bm.visibility_index::text,
  bm.share_of_answers::text, count(cm.id)::integer AS competitor_count
FROM metric_facts mf
LEFT JOIN brand_metrics bm ON bm.metric_fact_id = mf.id
LEFT JOIN competitor_metrics cm ON cm.metric_fact_id = mf.id
GROUP BY mf.collector_result_id, mf.brand_id, mf.collector_type, bm.visibility_index, bm.share_of_answers
ORDER BY mf.collector_result_id
LIMIT ${FIRST_IDS}`;

export interface VerifyOptions {
  /** A view that was refreshed less than this ago is waiting for the next refresh; 0: nobody refreshes it. */
  readonly viewMayLagMs: number;
  readonly progress: (rows: number, totalRows: number) => void;
}

/** Compares the whole target with what the source's rows come to; both stand still meanwhile. */
export async function verifyTransform(
  places: Places,
  tables: SourceTables,
  { viewMayLagMs, progress }: VerifyOptions,
): Promise<Verification> {
  const expected = new Expected();
  for await (const batch of expectedResults(places, tables, { kind: 'all' })) {
    expected.add(batch);
    await addOrphans(places.target, expected, batch.results);
    progress(expected.rows, batch.totalRows);
  }
  await addOrphans(places.target, expected, null);
  const sample = (await places.target.query<SampleRow>(SAMPLE)).rows;
  const checks = [
    ...rowChecks(expected),
    await orphanCheck(places.target),
    ...(await totalChecks(places.target, expected)),
    sampleCheck(expected, sample),
    ...(await viewChecks(places.target, viewMayLagMs)),
  ];
  return {
    ok: checks.every(({ ok }) => ok),
    rows: expected.rows,
    results: expected.results,
    errors: expected.errors,
    checks,
    sample,
  };
}

/** What the source comes to, summed up. */
class Expected {
  rows = 0;
  results = 0;
  errors = 0;
  facts = 0;
  brandMentions = 0;
  competitorMentions = 0;
  brandSentiments = 0;
  competitorSentiments = 0;
  lastId = LOWEST_ID;
  readonly collectorTypes = new Map<string, number>();
  readonly first: Computed[] = [];
  readonly #counts = new Map<string, number>();
  readonly #ids = new Map<string, Set<string>>();

  add({ rows, results, errors, computed, differences }: ExpectedBatch): void {
    this.rows += rows;
    this.results += results.length;
    this.errors += errors.length;
    for (const each of computed) this.#count(each);
    for (const each of differences) this.differ(each);
  }

  differ({ collectorResultId, table, kind }: Difference): void {
    const key = `${table} ${kind}`;
    this.#counts.set(key, (this.#counts.get(key) ?? 0) + 1);
    const ids = this.#ids.get(key) ?? new Set<string>();
    this.#ids.set(key, ids);
    if (ids.size < FIRST_IDS) ids.add(collectorResultId);
  }

  /** How many rows of a table differ in one of the ways, and whose they are. */
  differences(
    table: TargetName,
    kinds: readonly Difference['kind'][],
  ): { count: number; firstIds: string[] } {
    const keys = kinds.map((kind) => `${table} ${kind}`);
    return {
      count: keys.reduce((sum, key) => sum + (this.#counts.get(key) ?? 0), 0),
      firstIds: keys.flatMap((key) => [...(this.#ids.get(key) ?? [])]).slice(0, FIRST_IDS),
    };
  }

  #count(result: Computed): void {
    const type = result.fact.collectorType ?? 'NULL';
    this.facts += 1;
    this.collectorTypes.set(type, (this.collectorTypes.get(type) ?? 0) + 1);
    this.brandMentions += result.brandMetrics.totalMentions;
    for (const { totalMentions } of result.competitorMetrics) this.competitorMentions += totalMentions;
    this.brandSentiments += result.brandSentiment === null ? 0 : 1;
    this.competitorSentiments += result.competitorSentiments.length;
    if (this.first.length < FIRST_IDS) this.first.push(result);
  }
}

/** Facts between the results of the batch that the source does not have; null: behind the last one. */
async function addOrphans(
  target: pg.ClientBase,
  expected: Expected,
  results: readonly string[] | null,
): Promise<void> {
  const last = results?.at(-1);
  if (results !== null && last === undefined) return;
  const { rows } = await target.query<{ id: string }>(
    `SELECT collector_result_id::text AS id FROM metric_facts
     WHERE collector_result_id > $1 AND ($2::bigint IS NULL OR collector_result_id <= $2)
       AND collector_result_id NOT IN (SELECT unnest($3::bigint[]))`,
    [expected.lastId, last ?? null, results ?? []],
  );
  for (const { id } of rows)
    expected.differ({ collectorResultId: id, table: 'metric_facts', kind: 'surplus' });
  if (last !== undefined) expected.lastId = last;
}

function rowChecks(expected: Expected): Check[] {
  const check = (name: string, table: TargetName, kinds: readonly Difference['kind'][]): Check => {
    const { count, firstIds } = expected.differences(table, kinds);
    return { name, ok: count === 0, expected: 0, found: count, firstIds };
  };
  const all = ['missing', 'different', 'surplus'] as const;
  return [
    check('results of the source without a fact', 'metric_facts', ['missing']),
    check('facts without a (valid) result at the source', 'metric_facts', ['surplus']),
    check('facts that differ from their brand row', 'metric_facts', ['different']),
    check('brand metrics that differ', 'brand_metrics', all),
    check('competitor metrics that differ', 'competitor_metrics', all),
    check('brand sentiments that differ', 'brand_sentiment', all),
    check('competitor sentiments that differ', 'competitor_sentiment', all),
  ];
}

async function orphanCheck(target: pg.ClientBase): Promise<Check> {
  const { rows } = await target.query<{ count: number; ids: string[] | null }>(
    `SELECT count(*)::integer AS count, (array_agg(collector_result_id::text ORDER BY collector_result_id))[1:${FIRST_IDS}] AS ids
     FROM metric_facts f WHERE NOT EXISTS (SELECT FROM brand_metrics m WHERE m.metric_fact_id = f.id)`,
  );
  const count = rows[0]?.count ?? 0;
  return {
    name: 'facts without brand metrics',
    ok: count === 0,
    expected: 0,
    found: count,
    firstIds: rows[0]?.ids ?? [],
  };
}

interface Totals {
  readonly facts: number;
  readonly brand_metrics: number;
  readonly brand_mentions: string;
  readonly competitor_mentions: string;
  readonly brand_sentiments: number;
  readonly competitor_sentiments: number;
}

async function totalChecks(target: pg.ClientBase, expected: Expected): Promise<Check[]> {
  const totals = await target.query<Totals>(`SELECT
    (SELECT count(*) FROM metric_facts)::integer AS facts,
    (SELECT count(*) FROM brand_metrics)::integer AS brand_metrics,
    (SELECT coalesce(sum(total_mentions), 0) FROM brand_metrics)::text AS brand_mentions,
    (SELECT coalesce(sum(total_mentions), 0) FROM competitor_metrics)::text AS competitor_mentions,
    (SELECT count(*) FROM brand_sentiment)::integer AS brand_sentiments,
    (SELECT count(*) FROM competitor_sentiment)::integer AS competitor_sentiments`);
  const types = await target.query<{ type: string; count: number }>(
    `SELECT coalesce(collector_type, 'NULL') AS type, count(*)::integer AS count FROM metric_facts GROUP BY 1 ORDER BY 1`,
  );
  const found = totals.rows[0];
  const equal = (name: string, of: number | string, and: number | string | undefined): Check => ({
    name,
    ok: of === and,
    expected: of,
    found: and ?? 'nothing',
    firstIds: [],
  });
  const inTarget = new Map(types.rows.map(({ type, count }) => [type, count]));
  const allTypes = [...new Set([...expected.collectorTypes.keys(), ...inTarget.keys()])].toSorted();
  return [
    equal('facts', expected.facts, found?.facts),
    equal('brand metrics', expected.facts, found?.brand_metrics),
    ...allTypes.map((type) =>
      equal(
        `facts of collector type ${type}`,
        expected.collectorTypes.get(type) ?? 0,
        inTarget.get(type) ?? 0,
      ),
    ),
    equal('mentions of brands, old and new', String(expected.brandMentions), found?.brand_mentions),
    equal(
      'mentions of competitors, old and new',
      String(expected.competitorMentions),
      found?.competitor_mentions,
    ),
    equal('brand sentiments', expected.brandSentiments, found?.brand_sentiments),
    equal('competitor sentiments', expected.competitorSentiments, found?.competitor_sentiments),
  ];
}

/** The sample's rows against the first results of the source, number by number. */
function sampleCheck(expected: Expected, sample: readonly SampleRow[]): Check {
  const line = (id: string, ...values: readonly (string | number | null)[]): string =>
    [id, ...values.map((value) => (value === null ? 'NULL' : String(Number(value))))].join(' ');
  const wanted = expected.first.map(({ fact, brandMetrics, competitorMetrics }) =>
    line(
      fact.collectorResultId,
      brandMetrics.visibilityIndex,
      brandMetrics.shareOfAnswers,
      competitorMetrics.length,
    ),
  );
  const found = new Set(
    sample.map((row) =>
      line(row.collector_result_id, row.visibility_index, row.share_of_answers, row.competitor_count),
    ),
  );
  const missing = wanted.filter((each) => !found.has(each));
  return {
    name: 'sample: index, share and competitors of the first results',
    ok: missing.length === 0 && sample.length === wanted.length,
    expected: wanted.length,
    found: wanted.length - missing.length,
    firstIds: missing.map((each) => each.split(' ')[0] ?? ''),
  };
}

async function viewChecks(target: pg.ClientBase, mayLagMs: number): Promise<Check[]> {
  const ageMs = await dailyViewAgeMs(target);
  const isDue = (ageMs ?? Number.POSITIVE_INFINITY) > mayLagMs;
  const { rows } = await target.query<{ wanted: number; found: number }>(
    `SELECT (SELECT count(*) FROM (${DAILY_METRICS_QUERY}) q)::integer AS wanted,
       (SELECT count(*) FROM mv_brand_daily_metrics)::integer AS found`,
  );
  const differing = await target.query<{ count: number; ids: string[] | null }>(
    `WITH wanted AS (${DAILY_METRICS_QUERY}),
     differing AS ((TABLE mv_brand_daily_metrics EXCEPT ALL TABLE wanted)
       UNION ALL (TABLE wanted EXCEPT ALL TABLE mv_brand_daily_metrics)),
     keys AS (SELECT DISTINCT concat_ws(' ', brand_id, collector_type, day) AS key FROM differing)
     SELECT count(*)::integer AS count, (array_agg(key ORDER BY key))[1:${FIRST_IDS}] AS ids FROM keys`,
  );
  const { wanted, found } = rows[0] ?? { wanted: 0, found: 0 };
  const { count, ids } = differing.rows[0] ?? { count: 0, ids: null };
  return [
    { name: 'days of the daily view', ok: wanted === found || !isDue, expected: wanted, found, firstIds: [] },
    {
      name: isDue
        ? 'days of the daily view that are not as new as the tables'
        : 'days of the daily view that wait for the next refresh',
      ok: count === 0 || !isDue,
      expected: 0,
      found: count,
      firstIds: ids ?? [],
    },
  ];
}
