import type { Migration } from '../../sinks/schema.ts';
import type { IdType } from './field.ts';

/**
 * What the transform pipeline needs in the target. `ids` is the type of brand_id, customer_id, query_id and
 * competitor_id at the source. Tables that are already there stay as they are.
 */
export function transformMigrations(ids: IdType = 'bigint'): readonly Migration[] {
  return [
    { id: 'transform-001-metric-tables', sql: metricTables(ids) },
    { id: 'transform-002-daily-view', sql: DAILY_VIEW },
    { id: 'transform-003-state', sql: stateTables(ids) },
    { id: 'transform-004-view-age', sql: VIEW_AGE },
  ];
}

const METRICS = `visibility_index numeric,
  share_of_answers numeric,
  total_mentions integer NOT NULL,
  product_mentions integer NOT NULL,
  first_position integer,
  has_presence boolean`;

const SENTIMENT = `sentiment_label text CHECK (sentiment_label IN ('POSITIVE', 'NEGATIVE', 'NEUTRAL')),
  sentiment_score numeric,
  positive_sentences jsonb NOT NULL,
  negative_sentences jsonb NOT NULL`;

const OF_BRAND = `id bigint GENERATED ALWAYS AS IDENTITY,
  metric_fact_id bigint PRIMARY KEY REFERENCES metric_facts (id) ON DELETE CASCADE`;

const ofCompetitor = (ids: IdType): string => `id bigint GENERATED ALWAYS AS IDENTITY,
  metric_fact_id bigint NOT NULL REFERENCES metric_facts (id) ON DELETE CASCADE,
  competitor_id ${ids} NOT NULL`;

/** `id` of the four dependent tables is for reading; nothing refers to it, so it has no index to maintain. */
const metricTables = (ids: IdType): string => `
CREATE TABLE IF NOT EXISTS metric_facts (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  collector_result_id bigint NOT NULL UNIQUE,
  brand_id ${ids} NOT NULL,
  customer_id ${ids},
  query_id ${ids},
  collector_type text,
  topic text,
  collected_at timestamptz NOT NULL,
  metadata jsonb
);
CREATE INDEX IF NOT EXISTS metric_facts_brand_day ON metric_facts (brand_id, collected_at);
CREATE TABLE IF NOT EXISTS brand_metrics (
  ${OF_BRAND},
  ${METRICS}
);
CREATE TABLE IF NOT EXISTS competitor_metrics (
  ${ofCompetitor(ids)},
  ${METRICS},
  PRIMARY KEY (metric_fact_id, competitor_id)
);
CREATE INDEX IF NOT EXISTS competitor_metrics_competitor ON competitor_metrics (competitor_id);
CREATE TABLE IF NOT EXISTS brand_sentiment (
  ${OF_BRAND},
  ${SENTIMENT}
);
CREATE TABLE IF NOT EXISTS competitor_sentiment (
  ${ofCompetitor(ids)},
  ${SENTIMENT},
  PRIMARY KEY (metric_fact_id, competitor_id)
);
`;

/** The rows that the view must hold: its definition, and what a verification compares it with. */
export const DAILY_METRICS_QUERY = `
SELECT f.brand_id,
  f.collector_type,
  (f.collected_at AT TIME ZONE 'UTC')::date AS day,
  count(*) AS results,
  avg(m.visibility_index) AS avg_visibility_index,
  avg(m.share_of_answers) AS avg_share_of_answers,
  sum(m.total_mentions) AS total_mentions,
  sum(m.product_mentions) AS product_mentions,
  count(*) FILTER (WHERE m.has_presence)::numeric / count(*) AS presence_share,
  avg(s.sentiment_score) AS avg_sentiment_score
FROM metric_facts f
JOIN brand_metrics m ON m.metric_fact_id = f.id
LEFT JOIN brand_sentiment s ON s.metric_fact_id = f.id
GROUP BY f.brand_id, f.collector_type, (f.collected_at AT TIME ZONE 'UTC')::date`;

/** NULLS NOT DISTINCT: a day without collector type is one row of the view like any other. */
const DAILY_VIEW = `
CREATE MATERIALIZED VIEW IF NOT EXISTS mv_brand_daily_metrics AS ${DAILY_METRICS_QUERY};
CREATE UNIQUE INDEX IF NOT EXISTS mv_brand_daily_metrics_key
  ON mv_brand_daily_metrics (brand_id, collector_type, day) NULLS NOT DISTINCT;
`;

/** When the last refresh of the daily view began. */
const VIEW_AGE = `
CREATE TABLE freshet.transform_view (refreshed_at timestamptz);
INSERT INTO freshet.transform_view VALUES (NULL);
`;

/**
 * The input rows of every result, wherever its rows are in the topics, and what came of each result.
 * `partition` and `epoch` say where and when a row was last seen: for truncates and sweeps. Names have no
 * bound in length, so they are indexed by their hash. A result's row is what is locked; `refresh` is the last
 * refresh that asked for the result, `written` whether that changed anything of it.
 */
const stateTables = (ids: IdType): string => `
CREATE SCHEMA IF NOT EXISTS freshet;
CREATE TABLE IF NOT EXISTS freshet.transform_positions (
  id bigint PRIMARY KEY,
  collector_result_id bigint NOT NULL,
  partition integer NOT NULL,
  epoch bigint NOT NULL,
  content text NOT NULL
);
CREATE INDEX IF NOT EXISTS transform_positions_result ON freshet.transform_positions (collector_result_id);
CREATE TABLE IF NOT EXISTS freshet.transform_competitors (
  source_key text PRIMARY KEY,
  competitor_id ${ids} NOT NULL,
  brand_id ${ids} NOT NULL,
  name text NOT NULL,
  partition integer NOT NULL,
  epoch bigint NOT NULL
);
CREATE INDEX IF NOT EXISTS transform_competitors_name ON freshet.transform_competitors (brand_id, md5(name));
CREATE TABLE IF NOT EXISTS freshet.transform_results (
  collector_result_id bigint PRIMARY KEY,
  refresh text,
  written boolean NOT NULL DEFAULT false
);
CREATE TABLE IF NOT EXISTS freshet.transform_errors (
  collector_result_id bigint PRIMARY KEY,
  brand_id ${ids},
  code text NOT NULL,
  reason text NOT NULL,
  recorded_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX IF NOT EXISTS transform_errors_brand ON freshet.transform_errors (brand_id);
CREATE TABLE IF NOT EXISTS freshet.transform_unknown_competitors (
  collector_result_id bigint NOT NULL,
  brand_id ${ids} NOT NULL,
  name text NOT NULL,
  recorded_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX IF NOT EXISTS transform_unknown_result
  ON freshet.transform_unknown_competitors (collector_result_id);
CREATE INDEX IF NOT EXISTS transform_unknown_name
  ON freshet.transform_unknown_competitors (brand_id, md5(name));
`;

/** The example source: text where real feeds are dirty. */
export const DEMO_SOURCE_SQL = `
CREATE TABLE IF NOT EXISTS extracted_positions (
  id bigint PRIMARY KEY,
  collector_result_id bigint,
  brand_id bigint,
  customer_id bigint,
  query_id bigint,
  collector_type text,
  topic text,
  processed_at timestamptz,
  metadata text,
  brand_name text,
  competitor_name text,
  visibility_index numeric,
  share_of_answers_brand numeric,
  total_brand_mentions integer,
  brand_first_position integer,
  has_brand_presence boolean,
  sentiment_label text,
  sentiment_score numeric,
  sentiment_positive_sentences text,
  sentiment_negative_sentences text,
  visibility_index_competitor numeric,
  share_of_answers_competitor numeric,
  competitor_mentions integer,
  competitor_positions integer[],
  sentiment_label_competitor text,
  sentiment_score_competitor numeric,
  sentiment_positive_sentences_competitor text,
  sentiment_negative_sentences_competitor text
);
CREATE TABLE IF NOT EXISTS brand_competitors (
  competitor_id bigint PRIMARY KEY,
  brand_id bigint NOT NULL,
  competitor_name text NOT NULL
);
`;
