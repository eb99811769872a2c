import type { Row, Value } from '../../../src/change/change.ts';
import { type ExtractedPosition, parsePosition } from '../../../src/consumers/transform/position-row.ts';

type Values = Readonly<Record<string, Value>>;

/** A complete, valid row of the brand, of result 7 of brand 10. */
export function brandRow(values: Values = {}): Row {
  return {
    id: 1n,
    collector_result_id: 7n,
    brand_id: 10n,
    customer_id: 20n,
    query_id: 30n,
    collector_type: 'chatgpt',
    topic: 'shoes',
    processed_at: '2026-03-01T12:00:00Z',
    metadata: '{"model":"m"}',
    brand_name: 'Our brand',
    competitor_name: null,
    visibility_index: '0.50',
    share_of_answers_brand: '0.25',
    total_brand_mentions: 3,
    brand_first_position: 2,
    has_brand_presence: true,
    ...values,
  };
}

/** A complete, valid row of a competitor, of the same result. */
export function competitorRow(values: Values = {}): Row {
  return {
    id: 2n,
    collector_result_id: 7n,
    brand_id: 10n,
    processed_at: '2026-03-01T12:00:00Z',
    competitor_name: 'Acme',
    visibility_index_competitor: '0.4',
    share_of_answers_competitor: '0.1',
    competitor_mentions: 2,
    competitor_positions: [4, 1],
    ...values,
  };
}

/** Reads rows that are complete. */
export function positions(...rows: readonly Row[]): ExtractedPosition[] {
  return rows.map((row) => {
    const parsed = parsePosition(row);
    if (parsed.state !== 'complete') throw new Error(`the row is ${parsed.state}`);
    return parsed.position;
  });
}
