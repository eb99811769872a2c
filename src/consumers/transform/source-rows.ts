import { z } from 'zod';
import { type PartialRow, type Row, UNAVAILABLE, type Value } from '../../change/change.ts';
import type { AnyChange } from '../define-pipeline.ts';

/**
 * Feeds are dirty, and the types of their columns differ: a value is taken as it comes, and what is wrong
 * with it is an error of its result (position-row.ts). A column that a table lacks reads as NULL.
 */
const value = z.unknown().optional() as z.ZodOptional<z.ZodType<Value>>;

export const positionShape = z.object({
  id: value,
  collector_result_id: value,
  brand_id: value,
  customer_id: value,
  query_id: value,
  collector_type: value,
  topic: value,
  processed_at: value,
  metadata: value,
  competitor_name: value,
  visibility_index: value,
  share_of_answers_brand: value,
  total_brand_mentions: value,
  brand_first_position: value,
  has_brand_presence: value,
  sentiment_label: value,
  sentiment_score: value,
  sentiment_positive_sentences: value,
  sentiment_negative_sentences: value,
  visibility_index_competitor: value,
  share_of_answers_competitor: value,
  competitor_mentions: value,
  competitor_positions: value,
  sentiment_label_competitor: value,
  sentiment_score_competitor: value,
  sentiment_positive_sentences_competitor: value,
  sentiment_negative_sentences_competitor: value,
});

export const competitorShape = z.object({ competitor_id: value, brand_id: value, competitor_name: value });

/** A change that is not stored, and why: for the dead letters, or the keys that are owed. */
export interface LeftOut<Change extends AnyChange = AnyChange> {
  readonly change: Change;
  readonly reason: string;
}

/** The row of a change; columns that an update did not carry are `UNAVAILABLE`. */
export function rowOf(
  change: Exclude<AnyChange, { kind: 'delete' }>,
  columns: readonly string[],
): PartialRow {
  if (change.kind === 'upsert') return change.row as Row;
  const row = change.row as Row;
  return Object.fromEntries(
    columns.map((column) => [column, column in row ? (row[column] ?? null) : UNAVAILABLE]),
  );
}

/** A key's text: the value itself of a key of one column, else a JSON array of the values in the key's order. */
export function keyText(key: Row): string {
  const values = Object.values(key).map(String);
  return values.length === 1 ? (values[0] ?? '') : JSON.stringify(values);
}
