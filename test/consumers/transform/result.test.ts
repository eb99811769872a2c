import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Row } from '../../../src/change/change.ts';
import { compareIds, computeResult, type ResultOutcome } from '../../../src/consumers/transform/result.ts';
import { brandRow, competitorRow, positions } from './rows.ts';

const BIG = 9_007_199_254_740_993n;
/** Brand → name → competitor_id: "Acme" is another competitor under another brand. */
const COMPETITORS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  '10': { Acme: '100', 'Acme Inc': '100', Globex: '101', ひかり: '102', [`Big`]: `${BIG}` },
  '11': { Acme: '200' },
};

const lookup = (brandId: string, name: string): string | undefined => COMPETITORS[brandId]?.[name];
const compute = (rows: readonly Row[]): ResultOutcome => computeResult(positions(...rows), lookup);

const FACT = {
  collectorResultId: '7',
  brandId: '10',
  customerId: '20',
  queryId: '30',
  collectorType: 'chatgpt',
  topic: 'shoes',
  collectedAt: '2026-03-01T12:00:00.000000Z',
  metadata: '{"model":"m"}',
};
const BRAND = {
  visibilityIndex: '0.50',
  shareOfAnswers: '0.25',
  totalMentions: 3,
  productMentions: 3,
  firstPosition: 2,
  hasPresence: true,
};
const ACME = {
  competitorId: '100',
  visibilityIndex: '0.4',
  shareOfAnswers: '0.1',
  totalMentions: 2,
  productMentions: 2,
  firstPosition: 4,
  hasPresence: true,
};
/** What one valid brand row alone becomes. */
const ALONE = {
  ok: true,
  fact: FACT,
  brandMetrics: BRAND,
  competitorMetrics: [],
  brandSentiment: null,
  competitorSentiments: [],
  unknownCompetitors: [],
};
const NO_LISTS = { positiveSentences: '[]', negativeSentences: '[]' };

type Expected = Partial<Record<keyof typeof ALONE, unknown>> | { readonly code: string };

const CASES: readonly (readonly [reading: string, rows: readonly Row[], expected: Expected])[] = [
  ['a brand row alone is a fact with metrics', [brandRow()], {}],
  ['a competitor row adds its metrics', [brandRow(), competitorRow()], { competitorMetrics: [ACME] }],
  ['the order of rows does not matter', [competitorRow(), brandRow()], { competitorMetrics: [ACME] }],
  ['an empty competitor_name is the brand row', [brandRow({ competitor_name: '' })], {}],
  ['a blank competitor_name is the brand row', [brandRow({ competitor_name: ' \t\n\u00a0' })], {}],
  ['no brand row fails the result', [competitorRow()], { code: 'NO_BRAND_ROW' }],
  [
    'of two brand rows the later processed_at wins, by microseconds',
    [
      brandRow({ id: 9n, topic: 'old', processed_at: '2026-03-01T12:00:00.000001Z' }),
      brandRow({ id: 1n, topic: 'new', processed_at: '2026-03-01T12:00:00.000002Z' }),
    ],
    { fact: { ...FACT, topic: 'new', collectedAt: '2026-03-01T12:00:00.000002Z' } },
  ],
  [
    'a whole second is before its fractions',
    [
      brandRow({ id: 9n, topic: 'old', processed_at: '2026-03-01T12:00:00Z' }),
      brandRow({ id: 1n, topic: 'new', processed_at: '2026-03-01T12:00:00.5Z' }),
    ],
    { fact: { ...FACT, topic: 'new', collectedAt: '2026-03-01T12:00:00.500000Z' } },
  ],
  [
    'of equal processed_at the greater id wins, compared as numbers beyond 2^53',
    [
      brandRow({ id: BIG, topic: 'new' }),
      brandRow({ id: BIG - 1n, topic: 'old' }),
      brandRow({ id: 99n, topic: 'older' }),
    ],
    { fact: { ...FACT, topic: 'new' } },
  ],
  [
    'a row without processed_at loses against one that has it',
    [brandRow({ id: 9n, topic: 'timeless', processed_at: null }), brandRow({ id: 1n })],
    {},
  ],
  [
    'an error in a row that loses does not count',
    [brandRow({ id: 1n, metadata: '{broken' }), brandRow({ id: 2n })],
    {},
  ],
  [
    'of two rows of a competitor the newer wins',
    [brandRow(), competitorRow({ id: 3n, competitor_mentions: 0 }), competitorRow({ id: 2n })],
    { competitorMetrics: [{ ...ACME, totalMentions: 0, productMentions: 0, hasPresence: false }] },
  ],
  [
    'two names of one competitor are the same thing',
    [
      brandRow(),
      competitorRow({ id: 2n }),
      competitorRow({ id: 3n, competitor_name: 'Acme Inc', competitor_positions: [8] }),
    ],
    { competitorMetrics: [{ ...ACME, firstPosition: 8 }] },
  ],
  [
    'NULL mentions count 0 and are no presence',
    [brandRow(), competitorRow({ competitor_mentions: null })],
    { competitorMetrics: [{ ...ACME, totalMentions: 0, productMentions: 0, hasPresence: false }] },
  ],
  [
    "the brand's NULL mentions count 0, its presence is copied",
    [brandRow({ total_brand_mentions: null })],
    { brandMetrics: { ...BRAND, totalMentions: 0, productMentions: 0 } },
  ],
  [
    'has_brand_presence is copied against the mentions',
    [brandRow({ has_brand_presence: false })],
    { brandMetrics: { ...BRAND, hasPresence: false } },
  ],
  [
    'first_position is the first element, not the smallest',
    [brandRow(), competitorRow({ competitor_positions: [9, 0, 3] })],
    { competitorMetrics: [{ ...ACME, firstPosition: 9 }] },
  ],
  [
    'a first position of 0 stays 0, of brand and competitor',
    [brandRow({ brand_first_position: 0 }), competitorRow({ competitor_positions: [0, 3] })],
    { brandMetrics: { ...BRAND, firstPosition: 0 }, competitorMetrics: [{ ...ACME, firstPosition: 0 }] },
  ],
  [
    'no positions give no first position',
    [brandRow({ brand_first_position: null }), competitorRow({ competitor_positions: [] })],
    {
      brandMetrics: { ...BRAND, firstPosition: null },
      competitorMetrics: [{ ...ACME, firstPosition: null }],
    },
  ],
  [
    'NULL positions give no first position',
    [brandRow(), competitorRow({ competitor_positions: null })],
    { competitorMetrics: [{ ...ACME, firstPosition: null }] },
  ],
  [
    'a thousand positions are one first position',
    [brandRow(), competitorRow({ competitor_positions: Array.from({ length: 1_000 }, (_, i) => 1_000 - i) })],
    { competitorMetrics: [{ ...ACME, firstPosition: 1_000 }] },
  ],
  [
    'a first position that is NULL gives none, whatever follows',
    [brandRow(), competitorRow({ competitor_positions: [null, 3] })],
    { competitorMetrics: [{ ...ACME, firstPosition: null }] },
  ],
  [
    "positions that are blank text or JSON's null give no first position",
    [
      brandRow(),
      competitorRow({ competitor_positions: ' ' }),
      competitorRow({ id: 9n, competitor_name: 'Globex', competitor_positions: 'null' }),
    ],
    {
      competitorMetrics: [
        { ...ACME, firstPosition: null },
        { ...ACME, competitorId: '101', firstPosition: null },
      ],
    },
  ],
  [
    'of positions in two dimensions the first is the first of the first row',
    [
      brandRow(),
      competitorRow({
        competitor_positions: [
          [7, 1],
          [2, 3],
        ],
      }),
    ],
    { competitorMetrics: [{ ...ACME, firstPosition: 7 }] },
  ],
  [
    'a score of 0 without label is a sentiment',
    [brandRow({ sentiment_score: '0' })],
    { brandSentiment: { label: null, score: '0', ...NO_LISTS } },
  ],
  [
    'a label without score is a sentiment, of a competitor too',
    [brandRow({ sentiment_label: 'NEUTRAL' }), competitorRow({ sentiment_label_competitor: 'NEGATIVE' })],
    {
      competitorMetrics: [ACME],
      brandSentiment: { label: 'NEUTRAL', score: null, ...NO_LISTS },
      competitorSentiments: [{ competitorId: '100', label: 'NEGATIVE', score: null, ...NO_LISTS }],
    },
  ],
  [
    'sentences alone are no sentiment, and are not looked at',
    [brandRow({ sentiment_positive_sentences: 'not a list' })],
    {},
  ],
  [
    'sentences stay as they are written',
    [
      brandRow({
        sentiment_score: '1.0',
        sentiment_positive_sentences: '[ "Ø", "値" ]',
        sentiment_negative_sentences: 'null',
      }),
    ],
    {
      brandSentiment: {
        label: null,
        score: '1.0',
        positiveSentences: '[ "Ø", "値" ]',
        negativeSentences: '[]',
      },
    },
  ],
  [
    'sentences of an array column become a JSON array',
    [brandRow({ sentiment_score: '1', sentiment_positive_sentences: ['a "b"', 'c'] })],
    {
      brandSentiment: {
        label: null,
        score: '1',
        positiveSentences: '["a \\"b\\"","c"]',
        negativeSentences: '[]',
      },
    },
  ],
  [
    'sentences that are no JSON array fail the result',
    [brandRow({ sentiment_score: '1', sentiment_positive_sentences: '{"a":1}' })],
    { code: 'SENTENCES_INVALID' },
  ],
  [
    'a label outside the three fails the result',
    [brandRow({ sentiment_label: 'MIXED' })],
    { code: 'LABEL_INVALID' },
  ],
  [
    'a label in lower case is outside',
    [brandRow({ sentiment_label: 'positive' })],
    { code: 'LABEL_INVALID' },
  ],
  [
    "a competitor's wrong label fails the result",
    [brandRow(), competitorRow({ sentiment_label_competitor: 'MIXED' })],
    { code: 'LABEL_INVALID' },
  ],
  [
    'a competitor is matched after trimming',
    [brandRow(), competitorRow({ competitor_name: ' Acme\t' })],
    { competitorMetrics: [ACME] },
  ],
  [
    'a competitor is matched exactly: case counts',
    [brandRow(), competitorRow({ competitor_name: 'ACME' })],
    { unknownCompetitors: ['ACME'] },
  ],
  [
    "a competitor is matched within the brand, and the brand is the brand row's",
    [brandRow({ brand_id: 11n }), competitorRow({ brand_id: 10n })],
    { fact: { ...FACT, brandId: '11' }, competitorMetrics: [{ ...ACME, competitorId: '200' }] },
  ],
  [
    'unknown competitors are skipped, each counted once, whatever is wrong with their rows',
    [
      brandRow(),
      competitorRow({ id: 3n, competitor_name: 'Zeta', sentiment_label_competitor: 'MIXED' }),
      competitorRow({ id: 4n, competitor_name: 'Zeta ' }),
      competitorRow({ id: 5n, competitor_name: 'Beta' }),
      competitorRow(),
    ],
    { competitorMetrics: [ACME], unknownCompetitors: ['Beta', 'Zeta'] },
  ],
  [
    'metadata that is not JSON fails the result',
    [brandRow({ metadata: "{'a': 1}" })],
    { code: 'METADATA_INVALID' },
  ],
  ['empty metadata is not JSON', [brandRow({ metadata: '' })], { code: 'METADATA_INVALID' }],
  [
    'metadata that jsonb cannot hold fails the result',
    [brandRow({ metadata: '"\\u0000"' })],
    { code: 'METADATA_INVALID' },
  ],
  [
    'a competitor row has no say in metadata, and may lack processed_at',
    [brandRow(), competitorRow({ metadata: '{broken', processed_at: null })],
    { competitorMetrics: [ACME] },
  ],
  [
    'a missing processed_at fails the result',
    [brandRow({ processed_at: null })],
    { code: 'PROCESSED_AT_MISSING' },
  ],
  [
    'metadata and topic NULL stay NULL',
    [brandRow({ metadata: null, topic: null })],
    { fact: { ...FACT, metadata: null, topic: null } },
  ],
  ['an empty topic stays empty', [brandRow({ topic: '' })], { fact: { ...FACT, topic: '' } }],
  [
    'numbers keep their precision',
    [brandRow({ visibility_index: '0.123456789012345678901', share_of_answers_brand: '1.000' })],
    { brandMetrics: { ...BRAND, visibilityIndex: '0.123456789012345678901', shareOfAnswers: '1.000' } },
  ],
  [
    'ids beyond 2^53 are exact',
    [
      brandRow({ collector_result_id: BIG, customer_id: BIG + 1n, query_id: BIG + 2n }),
      competitorRow({ collector_result_id: BIG, competitor_name: 'Big' }),
    ],
    {
      fact: {
        ...FACT,
        collectorResultId: '9007199254740993',
        customerId: '9007199254740994',
        queryId: '9007199254740995',
      },
      competitorMetrics: [{ ...ACME, competitorId: '9007199254740993' }],
    },
  ],
  [
    'names in other scripts match',
    [brandRow(), competitorRow({ competitor_name: 'ひかり' })],
    { competitorMetrics: [{ ...ACME, competitorId: '102' }] },
  ],
  [
    'a field that its column cannot hold fails the result',
    [brandRow({ total_brand_mentions: 2n ** 40n })],
    { code: 'FIELD_INVALID' },
  ],
  ['a fact needs its brand', [brandRow({ brand_id: null })], { code: 'BRAND_ID_MISSING' }],
];

describe('A result', () => {
  it.each(CASES)('%s', (_reading, rows, expected) => {
    const outcome = compute(rows);
    expect(outcome).toMatchObject(
      'code' in expected ? { ok: false, ...expected } : { ...ALONE, ...expected },
    );
  });

  it('is the same in any order of its rows', () => {
    const rows = [
      brandRow({ id: 1n }),
      brandRow({ id: 5n, topic: 'later' }),
      competitorRow({ id: 6n, competitor_name: 'Globex' }),
      competitorRow({ id: 7n, competitor_name: 'Nobody' }),
      competitorRow({ id: 8n, competitor_positions: [3] }),
      competitorRow({ id: 9n, competitor_name: 'Acme Inc' }),
    ];
    const expected = compute(rows);
    fc.assert(
      fc.property(fc.shuffledSubarray(rows, { minLength: rows.length }), (shuffled) => {
        expect(compute(shuffled)).toEqual(expected);
      }),
    );
  });
});

it('Ids are compared by value', () => {
  const id = fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n);
  fc.assert(
    fc.property(id, id, (a, b) => {
      expect(compareIds(String(a), String(b))).toBe(a < b ? -1 : a > b ? 1 : 0);
    }),
  );
});
