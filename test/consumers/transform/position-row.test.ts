import { describe, expect, it } from 'vitest';
import { type PartialRow, UNAVAILABLE, type Value } from '../../../src/change/change.ts';
import { parsePosition } from '../../../src/consumers/transform/position-row.ts';
import { decodeStateRow, encodeStateRow } from '../../../src/consumers/transform/state-row.ts';
import { brandRow, competitorRow, positions } from './rows.ts';

const field = (column: string, value: Value, name: string): unknown => {
  const [position] = positions(
    column.includes('competitor') ? competitorRow({ [column]: value }) : brandRow({ [column]: value }),
  );
  const problem = position?.problems[0]?.column;
  return problem === undefined
    ? (position as unknown as Record<string, unknown>)[name]
    : `problem of ${problem}`;
};

describe('A row of extracted_positions', () => {
  it.each<[column: string, value: Value, name: string, expected: unknown]>([
    ['processed_at', '2026-03-01T12:00:00.1Z', 'processedAt', '2026-03-01T12:00:00.100000Z'],
    ['processed_at', '2026-03-01T12:00:00', 'processedAt', '2026-03-01T12:00:00.000000Z'],
    ['processed_at', '2026-03-01 00:30:00.25+02', 'processedAt', '2026-02-28T22:30:00.250000Z'],
    ['processed_at', '2026-02-29T12:00:00Z', 'processedAt', 'problem of processed_at'],
    ['processed_at', '2028-02-29T12:00:00Z', 'processedAt', '2028-02-29T12:00:00.000000Z'],
    ['processed_at', '2026-03-01T12:60:00Z', 'processedAt', 'problem of processed_at'],
    ['processed_at', 'infinity', 'processedAt', 'problem of processed_at'],
    ['visibility_index', 0.1, 'visibilityIndex', '0.1'],
    ['visibility_index', 'NaN', 'visibilityIndex', 'NaN'],
    ['visibility_index', 'high', 'visibilityIndex', 'problem of visibility_index'],
    ['visibility_index', '', 'visibilityIndex', 'problem of visibility_index'],
    ['visibility_index', '1e200000', 'visibilityIndex', 'problem of visibility_index'],
    ['total_brand_mentions', 5n, 'mentions', 5],
    ['total_brand_mentions', '1.5', 'mentions', 'problem of total_brand_mentions'],
    ['brand_id', 'not-a-number', 'brandId', 'problem of brand_id'],
    ['brand_id', 2n ** 63n, 'brandId', 'problem of brand_id'],
    ['has_brand_presence', 'maybe', 'hasPresence', 'problem of has_brand_presence'],
    ['competitor_positions', '{3,1}', 'firstPosition', 3],
    ['competitor_positions', '[0, 7]', 'firstPosition', 0],
    ['competitor_positions', '{}', 'firstPosition', null],
    ['competitor_positions', 'third', 'firstPosition', 'problem of competitor_positions'],
    ['competitor_positions', [null, 2], 'firstPosition', null],
    ['sentiment_positive_sentences', '  ', 'positiveSentences', null],
  ])('reads %s = %s', (column, value, name, expected) => {
    expect(field(column, value, name)).toEqual(expected);
  });

  it('takes uuids and texts as ids where the tables were made for them', () => {
    const id = '0B1E6F0A-0000-4000-8000-0123456789AB';
    expect(
      parsePosition(brandRow({ brand_id: id, customer_id: null, query_id: null }), { ids: 'uuid' }),
    ).toMatchObject({
      position: { brandId: id.toLowerCase(), problems: [] },
    });
    expect(parsePosition(brandRow({ brand_id: 'acme' }), { ids: 'text' })).toMatchObject({
      position: { brandId: 'acme' },
    });
  });

  it.each<[string, Value]>([
    ['NULL', null],
    ['a text', 'seven'],
  ])('is rejected when its result is %s', (_name, value) => {
    expect(parsePosition(brandRow({ collector_result_id: value }))).toMatchObject({ state: 'rejected' });
  });

  it('takes columns that were not carried from what is stored', () => {
    const [stored] = positions(brandRow({ metadata: '{"long":1}', topic: 'old' }));
    const update: PartialRow = { ...brandRow({ topic: 'new' }), metadata: UNAVAILABLE };
    expect(parsePosition(update, { stored })).toMatchObject({
      position: { metadata: '{"long":1}', topic: 'new' },
    });
    expect(parsePosition(update)).toEqual({ state: 'incomplete', column: 'metadata' });
  });

  it('keeps the problem of a column that was not carried', () => {
    const [stored] = positions(brandRow({ metadata: 5 }));
    const update: PartialRow = { ...brandRow({ topic: 'new' }), metadata: UNAVAILABLE };
    expect(parsePosition(update, { stored })).toMatchObject({
      position: { problems: [{ column: 'metadata' }] },
    });
  });

  it('is incomplete when it changes between brand and competitor without all its columns', () => {
    const [stored] = positions(brandRow());
    const update: PartialRow = { ...competitorRow(), competitor_positions: UNAVAILABLE };
    expect(parsePosition(update, { stored })).toEqual({
      state: 'incomplete',
      column: 'competitor_positions',
    });
  });

  it.each([
    ['brand', brandRow({ sentiment_score: '-0.0', metadata: '"a\nb"', total_brand_mentions: 'x' })],
    ['competitor', competitorRow({ competitor_name: ' ひ"か\\り ', competitor_mentions: null })],
  ])('comes back from the state table: %s', (_kind, row) => {
    const [position] = positions(row);
    if (position === undefined) throw new Error('no position');
    const text = encodeStateRow(position);
    expect(text).not.toContain('\n');
    expect(decodeStateRow(position, text)).toEqual(position);
  });

  it('is refused when it was stored in another layout', () => {
    expect(() => decodeStateRow({ id: '1', collectorResultId: '7' }, '[2,[]]')).toThrow('layout 2');
  });
});
