import avsc from 'avsc';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import type { Column } from '../../../src/change/table.ts';
import { type Tuple, tupleFromTexts } from '../../../src/change/tuple.ts';
import { murmur2 } from '../../../src/topics/codec/key-identity.ts';
import { valueSchema } from '../../../src/topics/codec/table-schemas.ts';
import { arrayOf, base, column, created, numericTypmod, ORIGIN, readByAvsc, table, wire } from './wire.ts';

const ORDERS = table([
  column('id', base('int8')),
  column('note', base('text')),
  column('total', base('numeric'), numericTypmod(10, 2)),
]);
const ROW = tupleFromTexts(['7', 'hello', '1.50']);

describe('the envelope', () => {
  it("is Debezium's, field by field", async () => {
    const context = await wire(ORDERS);
    const event = { ...ORIGIN, op: 'u', before: tupleFromTexts(['7', null, null]), after: ROW } as const;
    const value = await readByAvsc(context, context.codec.encodeValue(event));
    expect(
      JSON.parse(
        JSON.stringify(value, (_, field: unknown) => (typeof field === 'bigint' ? `${field}n` : field)),
      ),
    ).toEqual({
      before: { id: '7n', note: null, total: null },
      after: { id: '7n', note: 'hello', total: { type: 'Buffer', data: [0, 0x96] } },
      source: {
        version: expect.stringMatching(/^\d+\.\d+\.\d+/),
        connector: 'postgresql',
        name: 'fresh',
        ts_ms: '1795233480123n',
        snapshot: 'false',
        db: 'shopdb',
        sequence: '["97499999000","97500000000"]',
        ts_us: '1795233480123456n',
        ts_ns: '1795233480123456000n',
        schema: 'shop',
        table: 'orders',
        txId: '775n',
        lsn: '97500000000n',
        xmin: null,
      },
      transaction: null,
      op: 'u',
      ts_ms: '1795233480999n',
      ts_us: '1795233480999999n',
      ts_ns: '1795233480999999000n',
    });
  });

  it('of a delete has no after, of a snapshot row no transaction id', async () => {
    const context = await wire(ORDERS);
    const gone = await readByAvsc(
      context,
      context.codec.encodeValue({ ...ORIGIN, op: 'd', before: ROW, after: null }),
    );
    expect(gone).toMatchObject({ op: 'd', after: null, before: { id: 7n } });
    const read = { ...ORIGIN, op: 'r', before: null, after: ROW, txId: null, snapshot: true } as const;
    const row = await readByAvsc(context, context.codec.encodeValue(read));
    expect(row).toMatchObject({ op: 'r', before: null, source: { txId: null, snapshot: 'true' } });
  });

  it('of a truncate has neither before nor after', async () => {
    const context = await wire(ORDERS);
    const value = await readByAvsc(context, context.codec.encodeTruncate(ORIGIN));
    expect(value).toMatchObject({ op: 't', before: null, after: null, source: { table: 'orders' } });
  });

  it('follows the origin of each event, whatever was encoded before', async () => {
    const context = await wire(ORDERS);
    const origins = fc.record({
      lsn: fc.bigInt({ min: 0n, max: 2n ** 63n - 1n }),
      txId: fc.option(fc.nat(3), { nil: null }),
      commitTsUs: fc.constantFrom(0n, -1n, 1_795_233_480_123_456n),
      commitLsn: fc.constantFrom(0n, 5n, 2n ** 62n),
      snapshot: fc.boolean(),
      nowUs: fc.constantFrom(1n, 1_795_233_480_123_456n),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(origins, { minLength: 1, maxLength: 5 }), async (events) => {
        for (const origin of events) {
          const framed = context.codec.encodeValue({ ...origin, op: 'c', before: null, after: ROW });
          const value = await readByAvsc(context, framed);
          expect(value).toMatchObject({
            ts_us: origin.nowUs,
            source: {
              ts_us: origin.commitTsUs,
              ts_ms: BigInt(Math.floor(Number(origin.commitTsUs) / 1000)),
              txId: origin.txId === null ? null : BigInt(origin.txId),
              lsn: origin.lsn,
              sequence: `["${origin.commitLsn}","${origin.lsn}"]`,
              snapshot: String(origin.snapshot),
            },
          });
        }
      }),
      // What an encoder begins with must not look like what it has encoded already.
      { examples: [[[{ ...ORIGIN, txId: null, commitTsUs: -1n, nowUs: 1n, snapshot: false }]]] },
    );
  });
});

describe('schemas', () => {
  it("are registered once under the topic's subjects, and framed in front of key and value", async () => {
    const { codec, registry } = await wire(ORDERS);
    expect([...registry.subjects]).toEqual([
      ['fresh.shop.orders-key', codec.keySchemaId],
      ['fresh.shop.orders-value', codec.valueSchemaId],
    ]);
    expect(codec.encodeKey(ROW).subarray(0, 5)).toEqual(Buffer.from([0, 0, 0, 0, codec.keySchemaId]));
    expect(codec.encodeValue(created(ROW)).subarray(0, 5)).toEqual(
      Buffer.from([0, 0, 0, 0, codec.valueSchemaId]),
    );
  });

  it('make key columns required and every other column optional', async () => {
    const { registry } = await wire(table([column('b', base('text')), column('a', base('int4'))], [1, 0]));
    const [key, value] = registry.texts.map(
      (text) => JSON.parse(text) as { fields: { type: { fields: unknown }[] }[] },
    );
    expect(key).toMatchObject({
      'connect.name': 'fresh.shop.orders.Key',
      fields: [
        { name: 'a', type: 'int' },
        { name: 'b', type: 'string' },
      ],
    });
    expect(value?.fields[0]?.type[1]?.fields).toMatchObject([
      { name: 'b', type: ['null', 'string'], default: null },
      { name: 'a', type: ['null', 'int'], default: null },
    ]);
  });

  it("name Connect's semantic types, and define a named type once", async () => {
    const columns = [
      column('id', base('int4')),
      column('n', base('numeric')),
      column('m', base('numeric')),
      column('p', base('numeric'), numericTypmod(10, 2)),
      column('small', base('int2')),
      column('mood', { kind: 'enum', name: 'mood', labels: ['sad', 'ok'] }),
    ];
    const schema = valueSchema('fresh', table(columns)) as unknown as {
      fields: { type: { fields: unknown[] }[] }[];
    };
    expect(schema.fields[0]?.type[1]?.fields.slice(1)).toMatchObject([
      {
        type: [
          'null',
          {
            name: 'VariableScaleDecimal',
            namespace: 'io.debezium.data',
            'connect.name': 'io.debezium.data.VariableScaleDecimal',
          },
        ],
      },
      { type: ['null', 'io.debezium.data.VariableScaleDecimal'] },
      {
        type: [
          'null',
          {
            type: 'bytes',
            logicalType: 'decimal',
            precision: 10,
            scale: 2,
            'connect.name': 'org.apache.kafka.connect.data.Decimal',
            'connect.parameters': { scale: '2', 'connect.decimal.precision': '10' },
          },
        ],
      },
      { type: ['null', { type: 'int', 'connect.type': 'int16' }] },
      {
        type: [
          'null',
          {
            type: 'string',
            'connect.name': 'io.debezium.data.Enum',
            'connect.parameters': { allowed: 'sad,ok' },
          },
        ],
      },
    ]);
  });

  it('are valid Avro whatever the columns are called', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.string({ minLength: 1, maxLength: 8 }), { minLength: 1, maxLength: 6 }),
        (names) => {
          const schema = valueSchema('fresh', table(names.map((name) => column(name, base('text')))));
          expect(avsc.Type.forSchema(schema as unknown as avsc.Schema).name).toBe(
            'fresh.shop.orders.Envelope',
          );
        },
      ),
    );
  });
});

describe('unavailable values', () => {
  const columns: readonly Column[] = [
    column('id', base('int4')),
    column('note', base('text')),
    column('doc', base('jsonb')),
    column('blob', base('bytea')),
    column('big', base('numeric')),
    column('tags', arrayOf(base('text'))),
    column('counts', arrayOf(base('int4'))),
    column('ids', arrayOf(base('uuid'))),
  ];
  const row = tupleFromTexts(['1', ...columns.slice(1).map(() => undefined)]);

  it("are Debezium's placeholder where it has one, and null elsewhere", async () => {
    const context = await wire(table(columns));
    const value = await readByAvsc(context, context.codec.encodeValue({ ...created(row), op: 'u' }));
    expect(value['after']).toEqual({
      id: 1,
      note: '__debezium_unavailable_value',
      doc: '__debezium_unavailable_value',
      blob: Buffer.from('__debezium_unavailable_value'),
      big: null,
      tags: ['__debezium_unavailable_value'],
      counts: [...Buffer.from('__debezium_unavailable_value')],
      // What java.util.UUID.nameUUIDFromBytes makes of the placeholder.
      ids: ['b68a35a7-17ad-35b3-af2a-ae46edb4545a'],
    });
  });

  it('are named in a header, whatever their type', async () => {
    const { codec } = await wire(table(columns));
    const names = ['note', 'doc', 'blob', 'big', 'tags', 'counts', 'ids'];
    expect(codec.unavailableColumns(row)).toEqual(names);
    expect(codec.valueHeaders(created(row))).toEqual({ 'freshet.unavailable': JSON.stringify(names) });
    expect(
      codec.valueHeaders(created(tupleFromTexts(['1', 'a', null, null, null, null, null, null]))),
    ).toBeNull();
  });
});

describe('keys', () => {
  const COMPOSITE = table(
    [column('n', base('numeric')), column('t', base('text')), column('f', base('float8'))],
    [1, 0, 2],
  );
  const key = (n: string, t: string, f: string): Tuple => tupleFromTexts([n, t, f]);

  it('that PostgreSQL calls equal have one text and one partition', async () => {
    const { codec } = await wire(COMPOSITE);
    for (const [a, b] of [
      [key('1.0', 'x', '0'), key('1.00', 'x', '-0')],
      [key('100', 'x', '1'), key('100.000', 'x', '1')],
    ] as const) {
      expect(codec.keyText(a)).toBe(codec.keyText(b));
      expect(codec.partitionOf(a, 1000)).toBe(codec.partitionOf(b, 1000));
    }
    expect(codec.keyText(key('100', 'a"b', '1.5'))).toBe('["a\\"b","100","1.5"]');
  });

  it('of bpchar without a length ignore trailing spaces, as its equality does', async () => {
    const { codec } = await wire(table([column('code', base('bpchar'))]));
    expect(codec.keyText(tupleFromTexts(['ab  ']))).toBe('["ab"]');
    expect(codec.partitionOf(tupleFromTexts(['ab  ']), 1000)).toBe(
      codec.partitionOf(tupleFromTexts(['ab']), 1000),
    );
    const padded = (await wire(table([column('code', base('bpchar'), 8)]))).codec;
    expect(padded.keyText(tupleFromTexts(['ab  ']))).toBe('["ab  "]');
  });

  it('that differ have different texts', async () => {
    const { codec } = await wire(table([column('a', base('text')), column('b', base('text'))], [0, 1]));
    const texts = fc.tuple(fc.string({ unit: 'grapheme' }), fc.string({ unit: 'grapheme' }));
    fc.assert(
      fc.property(texts, texts, (one, two) => {
        const isSame = one[0] === two[0] && one[1] === two[1];
        expect(codec.keyText(tupleFromTexts(one)) === codec.keyText(tupleFromTexts(two))).toBe(isSame);
        expect(JSON.parse(codec.keyText(tupleFromTexts(one)))).toEqual(one);
      }),
    );
  });

  it('spread over all partitions, and stay in theirs when other columns or the schema id change', async () => {
    const { codec } = await wire(ORDERS);
    const wider = (await wire(table([column('extra', base('text')), ...ORDERS.columns], [1]))).codec;
    const counts = Array.from({ length: 12 }, () => 0);
    for (let id = 0; id < 12_000; id++) {
      const partition = codec.partitionOf(tupleFromTexts([String(id), 'a', '1.00']), 12);
      expect(wider.partitionOf(tupleFromTexts(['b', String(id), null, null]), 12)).toBe(partition);
      counts[partition] = (counts[partition] ?? 0) + 1;
    }
    expect(Math.min(...counts)).toBeGreaterThan(800);
    expect(Math.max(...counts)).toBeLessThan(1200);
  });

  it("hash with Kafka's murmur2", () => {
    // The vectors of org.apache.kafka.common.utils.UtilsTest.
    const vectors: Record<string, number> = {
      '21': -973932308,
      foobar: -790332482,
      'a-little-bit-long-string': -985981536,
      'a-little-bit-longer-string': -1486304829,
      lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8: -58897971,
      abc: 479470107,
    };
    for (const [text, hash] of Object.entries(vectors))
      expect(murmur2(Buffer.from(text), text.length)).toBe(hash);
  });

  it.each([
    ['NULL', null],
    ['not in the change', undefined],
  ])('that are %s are refused', async (reason, value) => {
    const { codec } = await wire(ORDERS);
    const row = tupleFromTexts([value, 'a', '1.00']);
    expect(() => codec.keyText(row)).toThrow(
      expect.objectContaining({ code: 'RECORD_INVALID', message: expect.stringContaining(reason) }),
    );
    expect(() => codec.encodeKey(row)).toThrow(expect.objectContaining({ code: 'RECORD_INVALID' }));
  });
});

describe('encoded records', () => {
  it('keep their bytes however many are encoded after them, and whatever their size', async () => {
    const { codec } = await wire(ORDERS);
    const sizes = [0, 10, 1000, 70_000, 300_000, 1_000_000];
    const kept = Array.from({ length: 400 }, (_, i) => {
      const note = 'x'.repeat(sizes[i % sizes.length] ?? 0);
      const buffer = codec.encodeValue(created(tupleFromTexts([String(i), note, '1.00'])));
      return { buffer, copy: Buffer.from(buffer) };
    });
    for (const { buffer, copy } of kept) expect(buffer.equals(copy)).toBe(true);
  });
});
