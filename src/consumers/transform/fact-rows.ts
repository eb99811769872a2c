import type { Computed } from './result.ts';
import { sqlArray } from './sql-array.ts';
import type { SqlClient } from './sql-client.ts';
import type { OfFact } from './target-tables.ts';

/** In the order in which rows can be deleted. */
export const DEPENDENT = [
  'competitor_sentiment',
  'brand_sentiment',
  'competitor_metrics',
  'brand_metrics',
] as const;

export type TargetName = 'metric_facts' | (typeof DEPENDENT)[number];

/** collector_result_id → metric_facts.id. */
export async function readFactIds(
  client: SqlClient,
  collectorResultIds: readonly string[],
): Promise<Map<string, string>> {
  const { rows } = await client.query<{ id: string; result: string }>({
    name: 'transform_fact_ids',
    text: `SELECT id::text, collector_result_id::text AS result FROM metric_facts
       WHERE collector_result_id = ANY($1::bigint[])`,
    values: [sqlArray(collectorResultIds)],
  });
  return new Map(rows.map(({ id, result }) => [result, id]));
}

/** The key of a row of a dependent table; '' where the table has no competitors. */
export interface DependentKey {
  readonly name: TargetName;
  readonly fact: string;
  readonly competitor: string;
}

/** Competitors and sentiments that the facts have beyond those that they ought to have. */
export async function readSurplus(
  client: SqlClient,
  facts: readonly string[],
  kept: Dependent,
): Promise<DependentKey[]> {
  const { rows } = await client.query<{ name: TargetName; fact: string; competitor: string }>({
    name: 'transform_dependent_keys',
    text: `SELECT d.* FROM unnest($1::bigint[]) AS u(fact) CROSS JOIN LATERAL (
         SELECT 'competitor_metrics' AS name, metric_fact_id::text AS fact, competitor_id::text AS competitor
           FROM competitor_metrics WHERE metric_fact_id = u.fact
         UNION ALL SELECT 'competitor_sentiment', metric_fact_id::text, competitor_id::text
           FROM competitor_sentiment WHERE metric_fact_id = u.fact
         UNION ALL SELECT 'brand_sentiment', metric_fact_id::text, '' FROM brand_sentiment
           WHERE metric_fact_id = u.fact OFFSET 0) d`,
    values: [sqlArray(facts)],
  });
  if (rows.length === 0) return [];
  const keys = keysOf(kept);
  return rows.filter(({ name, fact, competitor }) => !keys.has(`${name}/${fact}/${competitor}`));
}

/** Rows of the four tables that hang on a fact. */
export interface Dependent {
  readonly brandMetrics: OfFact<Computed['brandMetrics']>[];
  readonly competitorMetrics: OfFact<Computed['competitorMetrics'][number]>[];
  readonly brandSentiments: OfFact<NonNullable<Computed['brandSentiment']>>[];
  readonly competitorSentiments: OfFact<Computed['competitorSentiments'][number]>[];
}

/** The rows of results whose fact is there. */
export function withFactIds(results: readonly Computed[], factIds: ReadonlyMap<string, string>): Dependent {
  const dependent: Dependent = {
    brandMetrics: [],
    competitorMetrics: [],
    brandSentiments: [],
    competitorSentiments: [],
  };
  for (const result of results) {
    const metricFactId = factIds.get(result.fact.collectorResultId);
    if (metricFactId === undefined) continue;
    dependent.brandMetrics.push({ metricFactId, ...result.brandMetrics });
    for (const each of result.competitorMetrics) dependent.competitorMetrics.push({ metricFactId, ...each });
    if (result.brandSentiment !== null)
      dependent.brandSentiments.push({ metricFactId, ...result.brandSentiment });
    for (const each of result.competitorSentiments)
      dependent.competitorSentiments.push({ metricFactId, ...each });
  }
  return dependent;
}

function keysOf(kept: Dependent): Set<string> {
  return new Set([
    ...kept.competitorMetrics.map((each) => `competitor_metrics/${each.metricFactId}/${each.competitorId}`),
    ...kept.competitorSentiments.map(
      (each) => `competitor_sentiment/${each.metricFactId}/${each.competitorId}`,
    ),
    ...kept.brandSentiments.map((each) => `brand_sentiment/${each.metricFactId}/`),
  ]);
}
