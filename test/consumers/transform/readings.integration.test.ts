import { afterAll, beforeAll, expect, it } from 'vitest';
import { migrateTarget } from '../../../src/sinks/schema.ts';
import { until } from '../../support/capture.ts';
import { createFlow, type Flow, flowPipeline, startFlow } from './flow.ts';

const pipeline = flowPipeline(null);
let flow: Flow;

beforeAll(async () => {
  flow = await createFlow();
  const client = await flow.target.pool.connect();
  await migrateTarget(client, [pipeline]);
  client.release();
});
afterAll(() => flow[Symbol.asyncDispose]());

type Columns = Readonly<Record<string, unknown>>;

const BIG = '9007199254740993';
/** Larger than a page once compressed: an update of another column does not carry it. */
const LARGE = JSON.stringify(
  Array.from({ length: 3_000 }, (_, n) => Math.imul(n + 1, 0x9e3779b1).toString(36)),
);
const brand = (id: string | number, more: Columns = {}): Columns => ({
  id,
  brand_id: 10,
  processed_at: '2026-03-01T23:59:59.999999Z',
  ...more,
});
const competitor = (id: string | number, name: string, more: Columns = {}): Columns => ({
  ...brand(id),
  competitor_name: name,
  competitor_mentions: 1,
  ...more,
});

/** A line for each row: "fact …", "brand …", "competitor …", or "error CODE". */
const CASES: readonly (readonly [reading: string, rows: readonly Columns[], lines: readonly string[]])[] = [
  ['nothing but a brand', [brand(1)], ['brand 0 0 - -', 'fact 10 - - - 2026-03-01T23:59:59.999999']],
  [
    'blank name',
    [brand(2, { competitor_name: ' \t' })],
    ['brand 0 0 - -', 'fact 10 - - - 2026-03-01T23:59:59.999999'],
  ],
  ['no brand row', [competitor(3, 'Acme')], ['error NO_BRAND_ROW']],
  [
    'presence against the mentions',
    [brand(4, { total_brand_mentions: 0, has_brand_presence: true, brand_first_position: 0 })],
    ['brand 0 0 0 true', 'fact 10 - - - 2026-03-01T23:59:59.999999'],
  ],
  [
    'first position',
    [
      brand(5),
      competitor(6, 'Acme', { competitor_positions: '{7,0,3}' }),
      competitor(7, ' Globex ', { competitor_positions: '{}', competitor_mentions: 0 }),
    ],
    [
      'brand 0 0 - -',
      'competitor 100 1 1 7 true',
      'competitor 101 0 0 - false',
      'fact 10 - - - 2026-03-01T23:59:59.999999',
    ],
  ],
  [
    'NULL mentions',
    [brand(8), competitor(9, 'Acme', { competitor_mentions: null, competitor_positions: '{0,5}' })],
    ['brand 0 0 - -', 'competitor 100 0 0 0 false', 'fact 10 - - - 2026-03-01T23:59:59.999999'],
  ],
  [
    'score of 0',
    [brand(10, { sentiment_score: '0' }), competitor(11, 'Acme', { sentiment_score_competitor: '-0.500' })],
    [
      'brand 0 0 - -',
      'competitor 100 1 1 - true',
      'fact 10 - - - 2026-03-01T23:59:59.999999',
      'sentiment 100 - -0.500 [] []',
      'sentiment brand - 0 [] []',
    ],
  ],
  [
    'sentences',
    [
      brand(12, {
        sentiment_label: 'NEUTRAL',
        sentiment_positive_sentences: '["Größe \\"gut\\"", "値"]',
        sentiment_negative_sentences: 'null',
      }),
    ],
    [
      'brand 0 0 - -',
      'fact 10 - - - 2026-03-01T23:59:59.999999',
      'sentiment brand NEUTRAL - ["Größe \\"gut\\"", "値"] []',
    ],
  ],
  [
    'sentences alone',
    [brand(13, { sentiment_positive_sentences: '["a"]' })],
    ['brand 0 0 - -', 'fact 10 - - - 2026-03-01T23:59:59.999999'],
  ],
  ['label in lower case', [brand(14, { sentiment_label: 'positive' })], ['error LABEL_INVALID']],
  [
    "a competitor's label",
    [brand(15), competitor(16, 'Acme', { sentiment_label_competitor: 'MIXED' })],
    ['error LABEL_INVALID'],
  ],
  [
    "an unknown competitor's label",
    [brand(17), competitor(18, 'Nobody', { sentiment_label_competitor: 'MIXED' })],
    ['brand 0 0 - -', 'fact 10 - - - 2026-03-01T23:59:59.999999', 'unknown 10 Nobody'],
  ],
  [
    'case counts',
    [brand(19), competitor(20, 'ACME')],
    ['brand 0 0 - -', 'fact 10 - - - 2026-03-01T23:59:59.999999', 'unknown 10 ACME'],
  ],
  [
    'another brand',
    [brand(21, { brand_id: 11 }), competitor(22, 'Acme')],
    ['brand 0 0 - -', 'competitor 200 1 1 - true', 'fact 11 - - - 2026-03-01T23:59:59.999999'],
  ],
  ['broken metadata', [brand(23, { metadata: "{'a': 1}" })], ['error METADATA_INVALID']],
  ['empty metadata', [brand(24, { metadata: '' })], ['error METADATA_INVALID']],
  ['metadata that jsonb refuses', [brand(25, { metadata: '"\\u0000"' })], ['error METADATA_INVALID']],
  [
    'JSON null',
    [brand(26, { metadata: 'null', topic: '' })],
    ['brand 0 0 - -', 'fact 10 - null  2026-03-01T23:59:59.999999'],
  ],
  [
    'exact numbers in metadata',
    [brand(27, { metadata: '{"n": 12345678901234567890.10}' })],
    ['brand 0 0 - -', 'fact 10 - {"n": 12345678901234567890.10} - 2026-03-01T23:59:59.999999'],
  ],
  ['no processed_at', [brand(28, { processed_at: null })], ['error PROCESSED_AT_MISSING']],
  [
    'the newer of two, by microseconds',
    [
      brand(30, { topic: 'new', processed_at: '2026-03-02T00:00:00.000002Z' }),
      brand(31, { topic: 'old', processed_at: '2026-03-02T00:00:00.000001Z', metadata: '{' }),
    ],
    ['brand 0 0 - -', 'fact 10 - - new 2026-03-02T00:00:00.000002'],
  ],
  [
    'the greater id of two, beyond 2^53',
    [brand(BIG, { topic: 'new' }), brand('9007199254740992', { topic: 'old' })],
    ['brand 0 0 - -', 'fact 10 - - new 2026-03-01T23:59:59.999999'],
  ],
  [
    'exact ids and numbers',
    [
      brand(32, {
        customer_id: BIG,
        query_id: '9223372036854775807',
        visibility_index: '0.1234567890123456789',
        share_of_answers_brand: '1.000',
      }),
    ],
    ['brand 0 0 - - 0.1234567890123456789 1.000', `fact 10 ${BIG} - - 2026-03-01T23:59:59.999999`],
  ],
  [
    'a name in another script, a large list',
    [
      brand(33),
      competitor(34, '株式会社ひかり', {
        competitor_positions: `{${Array.from({ length: 1_000 }, (_, n) => 1_000 - n).join()}}`,
      }),
    ],
    ['brand 0 0 - -', `competitor ${BIG} 1 1 1000 true`, 'fact 10 - - - 2026-03-01T23:59:59.999999'],
  ],
  [
    'two rows of a competitor',
    [
      brand(35),
      competitor(36, 'Acme', { competitor_mentions: 5, processed_at: '2026-03-02T00:00:00Z' }),
      competitor(37, 'Acme', { competitor_mentions: 9 }),
    ],
    ['brand 0 0 - -', 'competitor 100 5 5 - true', 'fact 10 - - - 2026-03-01T23:59:59.999999'],
  ],
  ['no time that a day has', [brand(38, { processed_at: 'infinity' })], ['error FIELD_INVALID']],
];

const LINES = `
SELECT collector_result_id::text AS result, concat_ws(' ', 'fact', brand_id, coalesce(customer_id::text, '-'), coalesce(metadata::text, '-'),
  coalesce(topic, '-'), to_char(collected_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US')) AS line FROM metric_facts
UNION ALL SELECT collector_result_id::text, concat_ws(' ', 'brand', total_mentions, product_mentions, coalesce(first_position::text, '-'),
  coalesce(has_presence::text, '-'), visibility_index, share_of_answers) FROM brand_metrics m JOIN metric_facts f ON f.id = metric_fact_id
UNION ALL SELECT collector_result_id::text, concat_ws(' ', 'competitor', competitor_id, total_mentions, product_mentions,
  coalesce(first_position::text, '-'), has_presence::text) FROM competitor_metrics m JOIN metric_facts f ON f.id = metric_fact_id
UNION ALL SELECT collector_result_id::text, concat_ws(' ', 'sentiment', competitor, coalesce(sentiment_label, '-'), coalesce(sentiment_score::text, '-'),
  positive_sentences, negative_sentences) FROM (
    SELECT metric_fact_id, 'brand' AS competitor, sentiment_label, sentiment_score, positive_sentences, negative_sentences FROM brand_sentiment
    UNION ALL SELECT metric_fact_id, competitor_id::text, sentiment_label, sentiment_score, positive_sentences, negative_sentences FROM competitor_sentiment) s
  JOIN metric_facts f ON f.id = metric_fact_id
UNION ALL SELECT collector_result_id::text, concat_ws(' ', 'error', code) FROM freshet.transform_errors
UNION ALL SELECT collector_result_id::text, concat_ws(' ', 'unknown', brand_id, name) FROM freshet.transform_unknown_competitors`;

async function lines(): Promise<Map<string, string[]>> {
  const { rows } = await flow.target.pool.query<{ result: string; line: string }>(LINES);
  const byResult = new Map<string, string[]>();
  for (const { result, line } of rows)
    byResult.set(result, [...(byResult.get(result) ?? []), line].toSorted());
  return byResult;
}

async function insert(row: Columns): Promise<void> {
  const columns = Object.keys(row);
  const places = columns.map((_, n) => `$${n + 1}`);
  await flow.source.pool.query(
    `INSERT INTO extracted_positions (${columns.join(', ')}) VALUES (${places.join(', ')})`,
    Object.values(row),
  );
}

/** Result 1000 + n is case n. Of the last rows of each half come as changes, the others with the snapshot. */
const rowsOf = (half: 0 | 1): Columns[] =>
  CASES.flatMap(([, rows], n) =>
    rows
      .filter((_, i) => (i === 0 ? 0 : 1) === half)
      .map((row) => ({ ...row, collector_result_id: 1_000 + n })),
  );

it('Tricky results become what the readings say, through capture, topics and pipeline', async () => {
  await flow.source.pool.query(
    `INSERT INTO brand_competitors VALUES (100, 10, 'Acme'), (101, 10, 'Globex '), (200, 11, 'Acme'), (${BIG}, 10, '株式会社ひかり'), (102, 10, 'Acme')`,
  );
  for (const row of rowsOf(0)) await insert(row);
  await insert({ ...brand(90, { metadata: LARGE }), collector_result_id: 2_000 });
  await using running = startFlow(flow, pipeline);
  const failed = running.ended.then(() => Promise.reject(new Error('the pipeline ended')));
  await Promise.race([
    failed,
    until('the snapshot is applied', async () => (await lines()).has('2000'), 90_000),
  ]);
  for (const row of rowsOf(1)) await insert(row);
  await flow.source.pool.query("UPDATE extracted_positions SET topic = 'touched' WHERE id = 90");
  await until(
    'the last change is applied',
    async () => (await lines()).get('2000')?.at(-1)?.includes('touched') ?? false,
  );
  await until(
    'all lanes are through',
    () => running.tally.changes.size > 0 && rowsSeen(running.tally.changes),
  );
  const found = await lines();
  for (const [n, [reading, , expected]] of CASES.entries())
    expect({ reading, lines: found.get(String(1_000 + n)) }).toEqual({ reading, lines: expected });
  const metadata = await flow.target.pool.query(
    'SELECT metadata::text AS text FROM metric_facts WHERE collector_result_id = 2000',
  );
  expect(JSON.parse(String(metadata.rows[0]?.text))).toEqual(JSON.parse(LARGE));
  expect(running.tally.deadLetters).toEqual([]);
  // Winner, competitor, name and key change hands.
  await flow.source.pool.query(`DELETE FROM extracted_positions WHERE id IN (30, 36);
    UPDATE extracted_positions SET id = 60, collector_result_id = 1002 WHERE id = 1;
    UPDATE extracted_positions SET metadata = '{"mended": true}' WHERE id = 23;
    INSERT INTO brand_competitors VALUES (300, 10, 'Nobody');
    DELETE FROM brand_competitors WHERE competitor_id = 100;`);
  const now = async (n: number): Promise<string> => ((await lines()).get(String(1_000 + n)) ?? []).join('; ');
  const at = (reading: string): number => CASES.findIndex(([name]) => name === reading);
  const FACT = 'fact 10 - - - 2026-03-01T23:59:59.999999';
  const later: readonly (readonly [reading: string, lines: string])[] = [
    ['nothing but a brand', ''],
    ['no brand row', `brand 0 0 - -; competitor 102 1 1 - true; ${FACT}`],
    ["an unknown competitor's label", 'error LABEL_INVALID'],
    ['broken metadata', 'brand 0 0 - -; fact 10 - {"mended": true} - 2026-03-01T23:59:59.999999'],
    ['the newer of two, by microseconds', 'error METADATA_INVALID'],
    ['two rows of a competitor', `brand 0 0 - -; competitor 102 9 9 - true; ${FACT}`],
  ];
  for (const [reading, expected] of later)
    await until(`${reading}: ${expected}`, async () => (await now(at(reading))) === expected);
});

/** Every row of the source has come, by whichever way. */
function rowsSeen(changes: ReadonlyMap<string, number>): boolean {
  const rows = rowsOf(0).length + rowsOf(1).length + 5 + 2;
  return (changes.get('upsert') ?? 0) + (changes.get('patch') ?? 0) >= rows;
}
