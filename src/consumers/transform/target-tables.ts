import type { IdType } from './field.ts';
import type { CompetitorMetrics, CompetitorSentiment, Fact, Metrics, Sentiment } from './result.ts';
import type { CopyCell } from '../../sinks/copy-rows.ts';
import { jsonLines, sqlArray } from './sql-array.ts';

/** A column of a target table and how its values travel. */
interface TargetColumn<T> {
  readonly name: string;
  /** Its PostgreSQL type; jsonb travels as one line a value. */
  readonly type: string;
  readonly value: (row: T) => CopyCell;
}

/** A target table whose rows are a pure function of results. */
export interface TargetTable<T> {
  readonly name: string;
  readonly key: readonly TargetColumn<T>[];
  readonly columns: readonly TargetColumn<T>[];
}

export type OfFact<T> = T & { readonly metricFactId: string };

export interface TargetTables {
  readonly facts: TargetTable<Fact>;
  readonly brandMetrics: TargetTable<OfFact<Metrics>>;
  readonly competitorMetrics: TargetTable<OfFact<CompetitorMetrics>>;
  readonly brandSentiment: TargetTable<OfFact<Sentiment>>;
  readonly competitorSentiment: TargetTable<OfFact<CompetitorSentiment>>;
}

const METRICS: readonly TargetColumn<Metrics>[] = [
  { name: 'visibility_index', type: 'numeric', value: (row) => row.visibilityIndex },
  { name: 'share_of_answers', type: 'numeric', value: (row) => row.shareOfAnswers },
  { name: 'total_mentions', type: 'integer', value: (row) => row.totalMentions },
  { name: 'product_mentions', type: 'integer', value: (row) => row.productMentions },
  { name: 'first_position', type: 'integer', value: (row) => row.firstPosition },
  { name: 'has_presence', type: 'boolean', value: (row) => row.hasPresence },
];

const SENTIMENT: readonly TargetColumn<Sentiment>[] = [
  { name: 'sentiment_label', type: 'text', value: (row) => row.label },
  { name: 'sentiment_score', type: 'numeric', value: (row) => row.score },
  { name: 'positive_sentences', type: 'jsonb', value: (row) => row.positiveSentences },
  { name: 'negative_sentences', type: 'jsonb', value: (row) => row.negativeSentences },
];

const FACT_ID: TargetColumn<{ readonly metricFactId: string }> = {
  name: 'metric_fact_id',
  type: 'bigint',
  value: (row) => row.metricFactId,
};

/** The mapping of docs/transform.md, as the writer needs it. */
export function targetTables(ids: IdType): TargetTables {
  const competitorId: TargetColumn<{ readonly competitorId: string }> = {
    name: 'competitor_id',
    type: ids,
    value: (row) => row.competitorId,
  };
  return {
    facts: factTable(ids),
    brandMetrics: { name: 'brand_metrics', key: [FACT_ID], columns: METRICS },
    competitorMetrics: { name: 'competitor_metrics', key: [FACT_ID, competitorId], columns: METRICS },
    brandSentiment: { name: 'brand_sentiment', key: [FACT_ID], columns: SENTIMENT },
    competitorSentiment: { name: 'competitor_sentiment', key: [FACT_ID, competitorId], columns: SENTIMENT },
  };
}

function factTable(ids: IdType): TargetTable<Fact> {
  return {
    name: 'metric_facts',
    key: [{ name: 'collector_result_id', type: 'bigint', value: (row) => row.collectorResultId }],
    columns: [
      { name: 'brand_id', type: ids, value: (row) => row.brandId },
      { name: 'customer_id', type: ids, value: (row) => row.customerId },
      { name: 'query_id', type: ids, value: (row) => row.queryId },
      { name: 'collector_type', type: 'text', value: (row) => row.collectorType },
      { name: 'topic', type: 'text', value: (row) => row.topic },
      { name: 'collected_at', type: 'timestamptz', value: (row) => row.collectedAt },
      { name: 'metadata', type: 'jsonb', value: (row) => row.metadata },
    ],
  };
}

interface WriteStatement {
  readonly text: string;
  readonly values: string[];
}

/** Inserts rows of which none of the keys is there. */
export function insertStatement<T>(table: TargetTable<T>, rows: readonly T[]): WriteStatement {
  return { text: insertInto(table), values: parametersOf(table, rows) };
}

/**
 * Writes rows, leaves those untouched that are the same already, and answers with one row: how many were
 * `inserted` and `updated`, and the `keys` (first key column) of both. Rows are compared as texts, so that
 * 0.5 is replaced by 0.50.
 */
export function replaceStatement<T>(table: TargetTable<T>, rows: readonly T[]): WriteStatement {
  const text = `WITH written AS (
    ${insertInto(table)}
    ${onlyDifferences(table)}
    RETURNING ${table.key[0]?.name} AS key, xmax = 0 AS inserted)
  SELECT count(*) FILTER (WHERE inserted)::integer AS inserted, count(*) FILTER (WHERE NOT inserted)::integer AS updated,
    coalesce(array_agg(DISTINCT key::text), '{}') AS keys FROM written`;
  return { text, values: parametersOf(table, rows) };
}

function insertInto<T>(table: TargetTable<T>): string {
  const all = columnsOf(table);
  const names = all.map(({ name }) => name).join(', ');
  return `INSERT INTO ${table.name} (${names})
    SELECT ${all.map(({ name, type }) => (type === 'jsonb' ? `${name}::jsonb` : name)).join(', ')}
    FROM unnest(${all.map(({ type }, i) => parameter(type, i + 1)).join(', ')}) AS e(${names})`;
}

/** The key's columns first, as every statement here and `COPY` have them. */
export function columnsOf<T>({ key, columns }: TargetTable<T>): readonly TargetColumn<T>[] {
  return [...key, ...columns];
}

function parametersOf<T>(table: TargetTable<T>, rows: readonly T[]): string[] {
  return columnsOf(table).map(({ type, value }) => encode(type, rows.map(value)));
}

/**
 * Gives the first key column of rows that the table lacks (`missing`) or holds otherwise. The same
 * comparison as that of a write, which it foretells.
 */
export function differenceStatement<T>(
  table: TargetTable<T>,
  rows: readonly T[],
): { text: string; values: string[] } {
  const { key, columns } = table;
  const all = columnsOf(table);
  const cast = all.map(({ name, type }) => (type === 'jsonb' ? `${name}::jsonb AS ${name}` : name));
  const text = `SELECT e.${key[0]?.name}::text AS key, t.${key[0]?.name} IS NULL AS missing
    FROM (SELECT ${cast.join(', ')} FROM unnest(${all.map(({ type }, i) => parameter(type, i + 1)).join(', ')})
      AS u(${all.map(({ name }) => name).join(', ')})) e
    LEFT JOIN ${table.name} t ON ${key.map(({ name }) => `t.${name} = e.${name}`).join(' AND ')}
    WHERE t.${key[0]?.name} IS NULL OR NOT (${columns.map(same).join(' AND ')})`;
  return { text, values: parametersOf(table, rows) };
}

function onlyDifferences<T>({ name: table, key, columns }: TargetTable<T>): string {
  return `WHERE NOT EXISTS (SELECT 1 FROM ${table} t
      WHERE ${key.map(({ name }) => `t.${name} = e.${name}`).join(' AND ')}
        AND ${columns.map(same).join(' AND ')})
    ON CONFLICT (${key.map(({ name }) => name).join(', ')}) DO UPDATE SET
      ${columns.map(({ name }) => `${name} = excluded.${name}`).join(', ')}`;
}

function same({ name, type }: { readonly name: string; readonly type: string }): string {
  const given = type === 'jsonb' ? `e.${name}::jsonb::text` : `e.${name}::text`;
  return `t.${name}::text IS NOT DISTINCT FROM ${given}`;
}

function parameter(type: string, place: number): string {
  return type === 'jsonb' ? `string_to_array($${place}, E'\\n', '')` : `$${place}::${type}[]`;
}

function encode(type: string, cells: readonly CopyCell[]): string {
  return type === 'jsonb'
    ? jsonLines(cells.map((cell) => (cell === null ? null : String(cell))))
    : sqlArray(cells);
}
