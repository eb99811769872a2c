import avsc from 'avsc';
import { describe, expect, it } from 'vitest';

import { UNAVAILABLE } from '../../../src/change/change.ts';
import { encodePosition } from '../../../src/change/position.ts';
import { tupleFromTexts } from '../../../src/change/tuple.ts';
import { createRecordDecoder, type RawRecord } from '../../../src/topics/codec/record-decoder.ts';
import type { AvroSchema } from '../../../src/topics/codec/table-schemas.ts';
import { FreshetError } from '../../../src/runtime/errors.ts';
import { MemoryRegistry } from './memory-registry.ts';
import { arrayOf, base, column, created, decoded, ORIGIN, POSITION, recordOf, table, wire } from './wire.ts';

const ORDERS = table([
  column('id', base('int8')),
  column('note', base('text')),
  column('big', base('numeric')),
]);
const ROW = tupleFromTexts(['7', 'hello', '1.50']);
const PLACEHOLDER = '__debezium_unavailable_value';

describe("a record of Freshet's", () => {
  it('gives key, rows, source and position', async () => {
    const context = await wire(ORDERS);
    const event = { ...ORIGIN, op: 'u', before: tupleFromTexts(['7', null, null]), after: ROW } as const;
    expect(await decoded(context, recordOf(context.codec, event))).toEqual({
      op: 'u',
      key: { id: 7n },
      before: { id: 7n, note: null, big: null },
      after: { id: 7n, note: 'hello', big: '1.50' },
      source: { schema: 'shop', table: 'orders', txId: 775, tsUs: ORIGIN.commitTsUs, snapshot: false },
      position: POSITION,
      refresh: null,
    });
  });

  it('of a delete has no after', async () => {
    const context = await wire(ORDERS);
    const change = await decoded(
      context,
      recordOf(context.codec, { ...ORIGIN, op: 'd', before: ROW, after: null }),
    );
    expect(change).toMatchObject({ op: 'd', key: { id: 7n }, before: { note: 'hello' } });
    expect(change).not.toHaveProperty('after');
  });

  it('of a truncate needs no key', async () => {
    const context = await wire(ORDERS);
    const record = {
      ...recordOf(context.codec, created(ROW)),
      key: null,
      value: context.codec.encodeTruncate(ORIGIN),
    };
    expect(await decoded(context, record)).toEqual({
      op: 't',
      source: { schema: 'shop', table: 'orders', txId: 775, tsUs: ORIGIN.commitTsUs, snapshot: false },
      position: POSITION,
    });
  });

  it('carries its refresh', async () => {
    const context = await wire(ORDERS);
    const tag = { id: 'r1', group: 'score', options: { 'rescore-all': 'true' } };
    const event = { ...ORIGIN, op: 'r', before: null, after: ROW, txId: null, snapshot: true } as const;
    const record = recordOf(context.codec, event, { 'freshet.refresh': JSON.stringify(tag) });
    expect(await decoded(context, record)).toMatchObject({
      op: 'r',
      refresh: tag,
      source: { txId: null, snapshot: true },
    });
  });

  it('without a value is a tombstone, or a sweep', async () => {
    const context = await wire(ORDERS);
    const tombstone: RawRecord = { ...recordOf(context.codec, created(ROW)), value: null, headers: {} };
    expect(await decoded(context, tombstone)).toBeNull();
    const headers = {
      'freshet.sweep': Buffer.from('1790000000'),
      'freshet.pos': Buffer.from(encodePosition(POSITION)),
    };
    expect(await decoded(context, { ...tombstone, key: null, headers })).toEqual({
      op: 'sweep',
      before: 1_790_000_000,
      position: POSITION,
    });
  });

  it('marks unavailable columns of every type, and only them', async () => {
    const columns = [...ORDERS.columns, column('tags', arrayOf(base('text'))), column('real', base('text'))];
    const context = await wire(table(columns));
    const row = tupleFromTexts(['7', undefined, undefined, undefined, PLACEHOLDER]);
    const change = await decoded(context, recordOf(context.codec, { ...created(row), op: 'u' }));
    expect(change).toHaveProperty('after', {
      id: 7n,
      note: UNAVAILABLE,
      big: UNAVAILABLE,
      tags: UNAVAILABLE,
      real: PLACEHOLDER,
    });
  });

  it('reads in any order of transactions', async () => {
    const context = await wire(ORDERS);
    const decoder = createRecordDecoder(context.registry);
    const record = recordOf(context.codec, created(ROW));
    await decoder.prepare([record]);
    for (const [epoch, seq] of [
      [1, 0],
      [1, 1],
      [2, 1],
      [2, 0xabcdef],
      [1, 5],
    ] as const) {
      const position = { ...POSITION, epoch, seq };
      const headers = { 'freshet.pos': Buffer.from(encodePosition(position)) };
      expect(decoder.decode({ ...record, headers })?.position).toEqual(position);
    }
  });

  it("has the columns' own names, also where Avro has others", async () => {
    const names = ['id', 'größe', 'gr__e', '1st', 'a b', 'a-b', '__proto__'];
    const context = await wire(table(names.map((name) => column(name, base('text')))));
    const change = await decoded(context, recordOf(context.codec, created(tupleFromTexts(names))));
    const after = change !== null && 'after' in change ? change.after : {};
    expect(Object.entries(after)).toEqual(names.map((name) => [name, name]));
  });

  it('has the chosen columns only, a whole key, and each table its own choice', async () => {
    const context = await wire(ORDERS);
    const asked: string[] = [];
    const decoder = createRecordDecoder(context.registry, {
      columns: ({ schema, name }) => {
        asked.push(`${schema}.${name}`);
        return new Set(['big', 'nowhere']);
      },
    });
    const record = recordOf(context.codec, created(ROW));
    await decoder.prepare([record]);
    for (let i = 0; i < 3; i++) {
      expect(decoder.decode(record)).toMatchObject({ key: { id: 7n }, after: { big: '1.50' } });
      expect(Object.keys((decoder.decode(record) as { after: object }).after)).toEqual(['big']);
    }
    expect(asked).toEqual(['shop.orders']);
  });
});

describe('a record that nobody can decode', () => {
  const flawed: readonly (readonly [string, string, (good: RawRecord) => RawRecord])[] = [
    [
      'a foreign magic byte',
      'begins with byte 9',
      (good) => ({ ...good, value: Buffer.from([9, 0, 0, 0, 1, 1]) }),
    ],
    ['an empty value', 'begins with byte nothing', (good) => ({ ...good, value: Buffer.alloc(0) })],
    ['a half header', 'truncated: 3 bytes', (good) => ({ ...good, value: Buffer.from([0, 0, 0]) })],
    [
      'an unknown schema',
      'schema 99 is not registered',
      (good) => ({ ...good, value: Buffer.from([0, 0, 0, 0, 99, 2]) }),
    ],
    ['a truncated value', 'truncated', (good) => ({ ...good, value: good.value?.subarray(0, 30) ?? null })],
    [
      'bytes behind its end',
      '2 bytes are left',
      (good) => ({ ...good, value: Buffer.concat([good.value ?? Buffer.alloc(0), Buffer.alloc(2)]) }),
    ],
    ['no key', 'has no key', (good) => ({ ...good, key: null })],
    [
      'a broken position',
      'is no position',
      (good) => ({ ...good, headers: { 'freshet.pos': Buffer.from('2-00') } }),
    ],
    [
      'a broken refresh',
      'JSON',
      (good) => ({ ...good, headers: { ...good.headers, 'freshet.refresh': Buffer.from('{') } }),
    ],
    ['a key for a value', 'no Debezium envelope', (good) => ({ ...good, value: good.key })],
    ['a value for a key', '', (good) => ({ ...good, key: good.value?.subarray(0, 6) ?? null })],
  ];

  it.each(flawed)('%s is RECORD_INVALID, with place and cause', async (_, cause, spoil) => {
    const context = await wire(ORDERS);
    const good = recordOf(context.codec, created(ROW));
    const decoder = createRecordDecoder(context.registry);
    const bad = spoil(good);
    await decoder.prepare([bad, good]);
    expect(() => decoder.decode(bad)).toThrow(
      expect.objectContaining({ code: 'RECORD_INVALID', message: expect.stringContaining(cause) }),
    );
    expect(() => decoder.decode(bad)).toThrow('fresh.shop.orders, partition 0, offset 41');
    expect(decoder.decode(good)).toMatchObject({ op: 'c' });
  });

  it('is found at every length short of the whole', async () => {
    const context = await wire(ORDERS);
    const good = recordOf(context.codec, created(ROW));
    const decoder = createRecordDecoder(context.registry);
    await decoder.prepare([good]);
    for (let length = 0; length < (good.value?.length ?? 0); length++) {
      const cut = { ...good, value: good.value?.subarray(0, length) ?? null };
      expect(() => decoder.decode(cut)).toThrow(expect.objectContaining({ code: 'RECORD_INVALID' }));
    }
  });

  it('is no excuse for a registry that is down', async () => {
    const context = await wire(ORDERS);
    const record = recordOf(context.codec, created(ROW));
    const down = new MemoryRegistry();
    down.schemaById = () => Promise.reject(new FreshetError('CONNECTION', 'refused'));
    const decoder = createRecordDecoder(down);
    await expect(decoder.prepare([record])).rejects.toMatchObject({ code: 'CONNECTION' });
    down.schemaById = (id) => context.registry.schemaById(id);
    await decoder.prepare([record]);
    expect(decoder.decode(record)).toMatchObject({ op: 'c' });
  });
});

/** A value as Debezium's connector registers it, with required columns and without our attributes. */
function debeziumSchema(columns: readonly AvroSchema[]): AvroSchema {
  const optional = (name: string, type: AvroSchema): AvroSchema => ({
    name,
    type: ['null', type],
    default: null,
  });
  const source = {
    type: 'record',
    name: 'Source',
    namespace: 'io.debezium.connector.postgresql',
    fields: [
      ...['version', 'connector', 'name'].map((name) => ({ name, type: 'string' })),
      { name: 'ts_ms', type: 'long' },
      {
        name: 'snapshot',
        type: [{ type: 'string', 'connect.name': 'io.debezium.data.Enum' }, 'null'],
        default: 'false',
      },
      { name: 'db', type: 'string' },
      optional('sequence', 'string'),
      { name: 'schema', type: 'string' },
      { name: 'table', type: 'string' },
      optional('txId', 'long'),
      optional('lsn', 'long'),
    ],
  };
  const row = { type: 'record', name: 'Value', fields: columns };
  return {
    type: 'record',
    name: 'Envelope',
    namespace: 'dbz.shop.orders',
    fields: [
      optional('before', row),
      optional('after', 'Value'),
      { name: 'source', type: source },
      { name: 'op', type: 'string' },
      optional('ts_ms', 'long'),
    ],
  };
}

async function debeziumRecord(columns: readonly AvroSchema[], after: object, source: object, op = 'c') {
  const registry = new MemoryRegistry();
  const key: AvroSchema = { type: 'record', name: 'Key', fields: [{ name: 'id', type: 'long' }] };
  const value = debeziumSchema(columns);
  const framed = async (schema: AvroSchema, datum: object): Promise<Buffer> => {
    const id = await registry.register('', schema);
    const type = avsc.Type.forSchema(schema as unknown as avsc.Schema, { wrapUnions: false });
    return Buffer.concat([Buffer.from([0, 0, 0, 0, id]), type.toBuffer(datum)]);
  };
  const whole = {
    version: '3',
    connector: 'postgresql',
    name: 'dbz',
    ts_ms: 1_795_233_480_123,
    snapshot: 'false',
    db: 'shopdb',
    sequence: '["1000","1234"]',
    schema: 'shop',
    table: 'orders',
    txId: 9,
    lsn: 1234,
    ...source,
  };
  const record: RawRecord = {
    key: await framed(key, { id: 7 }),
    value: await framed(value, { before: null, after, source: whole, op, ts_ms: 1 }),
    headers: {},
    topic: 'dbz.shop.orders',
    partition: 3,
    offset: '41',
    timestamp: '0',
  };
  return { registry, record };
}

describe("a record of Debezium's", () => {
  const ID = { name: 'id', type: 'long' };

  it('takes its position from the source block: the last commit, then the offset', async () => {
    const context = await debeziumRecord([ID], { id: 7 }, {});
    expect(await decoded(context, context.record)).toEqual({
      op: 'c',
      key: { id: 7n },
      before: null,
      after: { id: 7n },
      source: { schema: 'shop', table: 'orders', txId: 9, tsUs: 1_795_233_480_123_000n, snapshot: false },
      position: { epoch: 0, lsn: 1000n, seq: 41 },
      refresh: null,
    });
  });

  it.each([
    [{ sequence: '[null,"1234"]' }, 1234n],
    [{ sequence: null }, 1234n],
  ])('without a commit before it stands at its own LSN (%o)', async (source, lsn) => {
    const context = await debeziumRecord([ID], { id: 7 }, { ...source, snapshot: 'first' }, 'r');
    expect(await decoded(context, context.record)).toMatchObject({
      position: { lsn },
      source: { snapshot: true },
    });
  });

  it('without any LSN is RECORD_INVALID', async () => {
    const context = await debeziumRecord([ID], { id: 7 }, { sequence: null, lsn: null });
    await expect(decoded(context, context.record)).rejects.toMatchObject({ code: 'RECORD_INVALID' });
  });

  it('has placeholders for what is unavailable', async () => {
    const uuid = 'd27eb8d3-6a34-3a50-8ae7-fba5f1b9f6d6';
    const array = (items: AvroSchema): AvroSchema => ({ type: 'array', items: ['null', items] });
    const columns = [
      ID,
      { name: 'text', type: 'string' },
      { name: 'json', type: { type: 'string', 'connect.name': 'io.debezium.data.Json' } },
      { name: 'bytes', type: 'bytes' },
      { name: 'texts', type: array('string') },
      { name: 'ints', type: array('int') },
      { name: 'longs', type: array('long') },
      { name: 'fine', type: array('int') },
      { name: 'plain', type: 'string' },
    ];
    const codes = [...Buffer.from(PLACEHOLDER)];
    const after = {
      id: 7,
      text: PLACEHOLDER,
      json: PLACEHOLDER,
      bytes: Buffer.from(PLACEHOLDER),
      texts: [PLACEHOLDER],
      ints: codes,
      longs: codes,
      fine: codes.slice(1),
      plain: uuid,
    };
    const context = await debeziumRecord(columns, after, {}, 'u');
    expect(await decoded(context, context.record)).toHaveProperty('after', {
      id: 7n,
      text: UNAVAILABLE,
      json: UNAVAILABLE,
      bytes: UNAVAILABLE,
      texts: UNAVAILABLE,
      ints: UNAVAILABLE,
      longs: UNAVAILABLE,
      fine: codes.slice(1),
      plain: uuid,
    });
  });

  it("may use Connect's own types of time, and time types of nanoseconds", async () => {
    const named = (type: string, name: string): AvroSchema => ({ type, 'connect.name': name });
    const columns = [
      ID,
      { name: 'd', type: named('int', 'org.apache.kafka.connect.data.Date') },
      { name: 't', type: named('int', 'org.apache.kafka.connect.data.Time') },
      { name: 'ts', type: named('long', 'org.apache.kafka.connect.data.Timestamp') },
      { name: 'nt', type: named('long', 'io.debezium.time.NanoTime') },
      { name: 'iv', type: named('string', 'io.debezium.time.Interval') },
    ];
    const after = {
      id: 7,
      d: 20_778,
      t: 14_280_120,
      ts: 1_795_233_480_123,
      nt: 14_280_123_456_000,
      iv: 'P1Y2M',
    };
    const context = await debeziumRecord(columns, after, {});
    expect(await decoded(context, context.record)).toHaveProperty('after', {
      id: 7n,
      d: '2026-11-21',
      t: '03:58:00.12',
      ts: '2026-11-21T03:58:00.123',
      nt: '03:58:00.123456',
      iv: 'P1Y2M',
    });
  });
});
