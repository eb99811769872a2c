import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type ChangeRecord, UNAVAILABLE } from '../../../../src/change/change.ts';
import { tupleFromTexts } from '../../../../src/change/tuple.ts';
import { createRecordDecoder, type RawRecord } from '../../../../src/topics/codec/record-decoder.ts';
import { columnOfType } from '../../../../src/topics/codec/json/column-type.ts';
import type { AvroSchema } from '../../../../src/topics/codec/table-schemas.ts';
import { MemoryRegistry } from '../memory-registry.ts';
import { created, readByAvsc, recordOf, table, wire } from '../wire.ts';
import { asDebezium, connectJson, connectSchema } from './connect-json.ts';

const digits = (from: bigint, to: bigint) => fc.bigInt({ min: from, max: to }).map(String);
const scaled = (scale: number) =>
  fc.bigInt({ min: -(10n ** 11n), max: 10n ** 11n }).map((value) => {
    const text = String(value < 0n ? -value : value).padStart(scale + 1, '0');
    return `${value < 0n ? '-' : ''}${text.slice(0, -scale)}.${text.slice(-scale)}`;
  });
const instant = fc
  .date({ min: new Date('1900-01-01'), max: new Date('2200-01-01'), noInvalidDate: true })
  .map((date) => date.toISOString().replace('T', ' ').slice(0, -1));
const text = fc.string({ unit: 'grapheme', maxLength: 40 });

/** Column's SQL type → texts as PostgreSQL prints them. */
const TEXTS = {
  int8: digits(-(2n ** 63n), 2n ** 63n - 1n),
  int4: fc.integer().map(String),
  int2: fc.integer({ min: -32_768, max: 32_767 }).map(String),
  bool: fc.constantFrom('t', 'f'),
  float8: fc.oneof(fc.double({ noNaN: true }).map(String), fc.constantFrom('NaN', 'Infinity', '-Infinity')),
  float4: fc.float({ noNaN: true, noDefaultInfinity: true }).map((value) => String(value)),
  'numeric(12,2)': scaled(2),
  numeric: scaled(5),
  text,
  json: fc.json(),
  uuid: fc.uuid(),
  bytea: fc.uint8Array({ maxLength: 20 }).map((bytes) => `\\x${Buffer.from(bytes).toString('hex')}`),
  date: instant.map((value) => value.slice(0, 10)),
  time: instant.map((value) => value.slice(11)),
  'timestamp(3)': instant,
  timestamp: instant.map((value) => `${value}123`),
  timestamptz: instant.map((value) => `${value}456+00`),
  'int8[]': fc
    .array(fc.option(digits(-(2n ** 63n), 2n ** 63n - 1n)))
    .map((items) => `{${items.map((each) => each ?? 'NULL').join(',')}}`),
  'text[]': fc
    .array(fc.string({ maxLength: 5 }))
    .map((items) => `{${items.map((each) => `"${each.replace(/["\\]/g, '\\$&')}"`).join(',')}}`),
} as const;
const NAMES = Object.keys(TEXTS);
const TYPES = Object.fromEntries(NAMES.map((type, i) => [`c${i}`, type]));
const TABLE = table([columnOfType('id', 'int8'), ...NAMES.map((type, i) => columnOfType(`c${i}`, type))]);
/** Of types that have a placeholder on the wire. */
const TOASTABLE = new Set(['text', 'json', 'bytea']);
const columnTexts = fc.tuple(
  ...Object.entries(TEXTS).map(([type, texts]) =>
    fc.oneof(
      { weight: 6, arbitrary: texts as fc.Arbitrary<string | null | undefined> },
      { weight: 1, arbitrary: fc.constant(null) },
      { weight: 1, arbitrary: fc.constant(TOASTABLE.has(type) ? undefined : null) },
    ),
  ),
);

/** One row in every form, as Debezium would have written it: no header of ours. */
async function forms(texts: readonly (string | null | undefined)[]) {
  const context = await wire(TABLE);
  const record = recordOf(context.codec, { ...created(tupleFromTexts(['7', ...texts])), op: 'u' });
  const avro: RawRecord = { ...record, headers: {} };
  const json = async (framed: Buffer | null, withSchema: boolean): Promise<Buffer> => {
    const bytes = framed ?? Buffer.alloc(0);
    const payload = connectJson(await readByAvsc(context, bytes));
    if (!withSchema) return Buffer.from(payload);
    const schema = connectSchema(await context.registry.schemaById(bytes.readInt32BE(1)));
    return Buffer.from(`{"schema":${JSON.stringify(schema)},"payload":${payload}}`);
  };
  const inJson = async (withSchema: boolean): Promise<RawRecord> => ({
    ...avro,
    key: await json(avro.key, withSchema),
    value: await json(avro.value, withSchema),
  });
  const debezium = new MemoryRegistry();
  for (const schema of context.registry.texts)
    debezium.texts.push(JSON.stringify(asDebezium(JSON.parse(schema) as AvroSchema)));
  return { context, debezium, avro, withSchema: await inJson(true), plain: await inJson(false) };
}

async function decodedBy(
  registry: MemoryRegistry,
  record: RawRecord,
  columns?: readonly string[],
): Promise<ChangeRecord | null> {
  const decoder = createRecordDecoder(registry, {
    types: () => ({ id: 'int8', ...TYPES }),
    ...(columns === undefined ? {} : { columns: () => new Set(columns) }),
  });
  await decoder.prepare([record]);
  return decoder.decode(record);
}

const NONE = new MemoryRegistry();

describe('JSON of Debezium', () => {
  it('with schemas decodes to what its Avro decodes to', async () => {
    await fc.assert(
      fc.asyncProperty(columnTexts, async (texts) => {
        const { debezium, avro, withSchema } = await forms(texts);
        expect(await decodedBy(NONE, withSchema)).toEqual(await decodedBy(debezium, avro));
      }),
      { numRuns: 60 },
    );
  });

  it('without schemas decodes to the same where the types of the columns are told', async () => {
    await fc.assert(
      fc.asyncProperty(columnTexts, async (texts) => {
        const { context, avro, plain } = await forms(texts);
        expect(await decodedBy(NONE, plain)).toEqual(await decodedBy(context.registry, avro));
      }),
      { numRuns: 60 },
    );
  });

  it('marks a TOASTed value that is not known, and leaves out columns that nobody wants', async () => {
    const { withSchema, plain } = await forms(NAMES.map((type) => (type === 'text' ? undefined : null)));
    const wanted = NAMES.indexOf('text');
    for (const record of [withSchema, plain]) {
      expect(await decodedBy(NONE, record, [`c${wanted}`])).toMatchObject({
        after: { [`c${wanted}`]: UNAVAILABLE },
        key: { id: 7n },
      });
    }
  });
});

const SOURCE = {
  schema: 'public',
  table: 't',
  ts_ms: 5,
  snapshot: 'false',
  sequence: '["100","120"]',
  lsn: 120,
  txId: 9,
};

function plainRecord(value: unknown, key: unknown = { id: 1 }): RawRecord {
  const bytes = (each: unknown) => Buffer.from(typeof each === 'string' ? each : JSON.stringify(each));
  return {
    key: bytes(key),
    value: bytes(value),
    headers: {},
    topic: 't',
    partition: 0,
    offset: '41',
    timestamp: '0',
  };
}

describe('JSON without schemas and without told types', () => {
  it('gives values as JSON has them, no digit lost, and the position of its source', () => {
    const value = connectJson({
      before: null,
      after: {
        id: 9_007_199_254_740_993n,
        n: { scale: 2, value: 'MDk=' },
        p: { x: 1.5, y: 2 },
        a: [1, null],
        o: { k: 1 },
      },
      source: SOURCE,
      op: 'c',
    });
    expect(createRecordDecoder(NONE).decode(plainRecord(value))).toEqual({
      op: 'c',
      key: { id: 1 },
      before: null,
      after: { id: 9_007_199_254_740_993n, n: '123.45', p: '(1.5,2)', a: [1, null], o: '{"k":1}' },
      source: { schema: 'public', table: 't', txId: 9, tsUs: 5_000n, snapshot: false },
      position: { epoch: 0, lsn: 100n, seq: 41 },
      refresh: null,
    });
  });

  it.each([
    ['no JSON', '{"op":"c"', /Expected ',' or '}'|JSON/],
    ['no envelope', '{"id":1}', /no Debezium envelope: it has no "source"/],
    ['no row', { op: 'u', source: SOURCE, before: null, after: null }, /has no "after"/],
    ['an unknown kind of change', { op: 'x', source: SOURCE, after: {} }, /"x" is no kind of change/],
    ['a list', '{"schema":null,"payload":[1]}', /the value is no JSON object/],
  ])('that is %s is a record that nobody can decode', (_, value, message) => {
    expect(() => createRecordDecoder(NONE).decode(plainRecord(value))).toThrow(
      expect.objectContaining({ code: 'RECORD_INVALID', message: expect.stringMatching(message) }),
    );
  });
});

describe('decimals as numbers', () => {
  it.each([
    ['99.9', '99.90'],
    ['1e3', '1000.00'],
    ['-1.5e-1', '-0.15'],
    ['12345678901234567.25', '12345678901234567.25'],
    ['12345678901234567', '12345678901234567.00'],
  ])('keep every digit: %s', (number, expected) => {
    const value = `{"before":null,"after":{"n":${number}},"source":${JSON.stringify(SOURCE)},"op":"c"}`;
    const decoder = createRecordDecoder(NONE, { types: () => ({ n: 'numeric(30,2)' }) });
    expect(decoder.decode(plainRecord(value))).toMatchObject({ after: { n: expected } });
  });
});

describe("a column's type by its name", () => {
  it.each([
    ['numeric(12,2)', 'numeric', ((12 << 16) | 2) + 4],
    ['timestamp(3) with time zone', 'timestamptz', 3],
    ['character varying(10)', 'varchar', 10],
    ['BIGINT', 'int8', -1],
    ['double precision', 'float8', -1],
  ])('%s', (sqlType, name, typmod) => {
    expect(columnOfType('c', sqlType)).toMatchObject({ type: { kind: 'base', name }, typmod });
  });

  it('is refused where it is none', () => {
    expect(() => columnOfType('c', '12 monkeys!')).toThrow('"12 monkeys!" is no type of a column');
  });
});
