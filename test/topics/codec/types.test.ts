import { describe, expect, it } from 'vitest';

import type { Value } from '../../../src/change/change.ts';
import type { TypeShape } from '../../../src/change/table.ts';
import { tupleFromTexts } from '../../../src/change/tuple.ts';
import {
  arrayOf,
  base,
  column,
  created,
  decoded,
  numericTypmod,
  readByAvsc,
  recordOf,
  table,
  wire,
} from './wire.ts';

interface TypeCase {
  readonly type: TypeShape;
  readonly typmod?: number;
  /** PostgreSQL's text output. */
  readonly text: string;
  /** What avsc reads with the registered schema. */
  readonly avro: unknown;
  /** What the decoder hands to pipelines. */
  readonly value: Value;
}

const ENUM: TypeShape = { kind: 'enum', name: 'mood', labels: ['sad', 'ok'] };
const HSTORE: TypeShape = { kind: 'text', name: 'hstore' };

function plain(type: string, text: string, avro: unknown, value: Value, typmod = -1): TypeCase {
  return { type: base(type), typmod, text, avro, value };
}

/** A decimal's bytes, as two's complement in hexadecimal. */
function decimal(text: string, precision: number, scale: number, hex: string, value = text): TypeCase {
  return plain('numeric', text, Buffer.from(hex, 'hex'), value, numericTypmod(precision, scale));
}

function variable(text: string, scale: number, hex: string): TypeCase {
  return plain('numeric', text, { scale, value: Buffer.from(hex, 'hex') }, text);
}

const CASES: readonly TypeCase[] = [
  plain('bool', 't', true, true),
  plain('bool', 'f', false, false),
  plain('int2', '-32768', -32_768, -32_768),
  plain('int4', '2147483647', 2_147_483_647, 2_147_483_647),
  plain('int4', '0', 0, 0),
  plain('int8', '9223372036854775807', 2n ** 63n - 1n, 2n ** 63n - 1n),
  plain('int8', '-9223372036854775808', -(2n ** 63n), -(2n ** 63n)),
  plain('int8', '9007199254740993', 9_007_199_254_740_993n, 9_007_199_254_740_993n),
  plain('int8', '-64', -64n, -64n),
  plain('oid', '4294967295', 4_294_967_295n, 4_294_967_295),
  plain('float4', '0.1', Math.fround(0.1), 0.1),
  plain('float4', 'NaN', Number.NaN, Number.NaN),
  plain('float8', '1e-300', 1e-300, 1e-300),
  plain('float8', '-Infinity', -Infinity, -Infinity),
  decimal('123.45', 10, 2, '3039'),
  decimal('-123.45', 10, 2, 'cfc7'),
  decimal('1.28', 10, 2, '0080'),
  decimal('-1.28', 10, 2, '80'),
  decimal('0.00', 10, 2, '00'),
  decimal('99999999999999999999.99', 22, 2, '021e19e0c9bab23fffff'),
  decimal('12300', 3, -2, '300c'),
  decimal('0.00012', 2, 5, '0c'),
  variable('1.50', 2, '0096'),
  variable('-7', 0, 'f9'),
  variable('0.000000000000000000001', 21, '01'),
  plain('money', '$1,234.56', Buffer.from('01e240', 'hex'), '1234.56'),
  plain('money', '-$0.05', Buffer.from('fb', 'hex'), '-0.05'),
  plain('text', 'héllo 🌍', 'héllo 🌍', 'héllo 🌍'),
  plain('text', '', '', ''),
  plain('varchar', 'a"b\\c\n', 'a"b\\c\n', 'a"b\\c\n'),
  plain('bpchar', 'ab  ', 'ab  ', 'ab  '),
  plain(
    'uuid',
    '8c5b8c4e-1d1e-4b63-9b51-0d2c6e1f3a77',
    '8c5b8c4e-1d1e-4b63-9b51-0d2c6e1f3a77',
    '8c5b8c4e-1d1e-4b63-9b51-0d2c6e1f3a77',
  ),
  plain('jsonb', '{"a": [1, null]}', '{"a": [1, null]}', '{"a": [1, null]}'),
  plain('xml', '<a/>', '<a/>', '<a/>'),
  plain('bytea', '\\x00ff10', Buffer.from('00ff10', 'hex'), Buffer.from('00ff10', 'hex')),
  plain('bytea', '\\x', Buffer.alloc(0), Buffer.alloc(0)),
  plain('bit', '1', true, '1', 1),
  plain('bit', '0000000101', Buffer.from([0b101, 0]), '0000000101', 10),
  plain('varbit', '101', Buffer.from([0b101]), '101', 8),
  plain('date', '2026-11-21', 20_778, '2026-11-21'),
  plain('date', '1969-12-31', -1, '1969-12-31'),
  plain('date', '0044-03-15 BC', -735_160, '0044-03-15 BC'),
  plain('date', '12345-06-07', 3_789_548, '12345-06-07'),
  plain('date', 'infinity', -2_147_472_692, 'infinity'),
  plain('date', '-infinity', -2_147_472_691, '-infinity'),
  plain('time', '03:58:00.123456', 14_280_123_456n, '03:58:00.123456'),
  plain('time', '24:00:00', 86_400_000_000n, '24:00:00'),
  plain('time', '03:58:00.12', 14_280_120, '03:58:00.12', 2),
  plain('timetz', '10:00:00.5+02', '08:00:00.5Z', '08:00:00.5+00'),
  plain('timetz', '01:00:00+05:30', '19:30:00Z', '19:30:00+00'),
  plain('timestamp', '2026-11-21 03:58:00.123456', 1_795_233_480_123_456n, '2026-11-21T03:58:00.123456'),
  plain('timestamp', '1969-12-31 23:59:59.999999', -1n, '1969-12-31T23:59:59.999999'),
  plain('timestamp', '0001-01-01 00:00:00 BC', -62_167_219_200_000_000n, '0001-01-01T00:00:00 BC'),
  plain(
    'timestamp',
    '294246-12-31 23:59:59.999999',
    9_223_371_244_799_999_999n,
    '294246-12-31T23:59:59.999999',
  ),
  plain('timestamp', 'infinity', 9_223_372_036_825_200_000n, 'infinity'),
  plain('timestamp', '-infinity', -9_223_372_036_832_400_000n, '-infinity'),
  plain('timestamp', '2026-11-21 03:58:00.123', 1_795_233_480_123n, '2026-11-21T03:58:00.123', 3),
  plain('timestamp', 'infinity', 9_223_372_036_825_200n, 'infinity', 3),
  plain(
    'timestamptz',
    '2026-11-21 03:58:00.123456+00',
    '2026-11-21T03:58:00.123456Z',
    '2026-11-21T03:58:00.123456Z',
  ),
  plain('timestamptz', '2026-11-21 03:58:00+00', '2026-11-21T03:58:00Z', '2026-11-21T03:58:00Z'),
  plain('timestamptz', '0044-03-15 12:00:00+00 BC', '-0043-03-15T12:00:00Z', '0044-03-15T12:00:00Z BC'),
  plain('timestamptz', '12345-06-07 08:09:10+00', '+12345-06-07T08:09:10Z', '12345-06-07T08:09:10Z'),
  plain('timestamptz', '0999-06-07 08:09:10+00', '0999-06-07T08:09:10Z', '0999-06-07T08:09:10Z'),
  plain('timestamptz', '-infinity', '-infinity', '-infinity'),
  plain('interval', '-1 days +02:03:04.5', -79_015_500_000n, '-21:56:55.5'),
  plain('interval', '1 year 2 mons 3 days', 37_076_400_000_000n, '10299:00:00'),
  plain('interval', '00:00:00', 0n, '00:00:00'),
  plain(
    'point',
    '(1.5,-2)',
    { x: 1.5, y: -2, wkb: Buffer.from('0101000000000000000000f83f00000000000000c0', 'hex'), srid: null },
    '(1.5,-2)',
  ),
  plain('inet', '10.0.0.1/8', '10.0.0.1/8', '10.0.0.1/8'),
  { type: { kind: 'text', name: 'int4range' }, text: '[1,5)', avro: '[1,5)', value: '[1,5)' },
  { type: ENUM, text: 'ok', avro: 'ok', value: 'ok' },
  {
    type: HSTORE,
    text: '"a"=>"1", "q\\"\\\\"=>NULL',
    avro: '{"a":"1","q\\"\\\\":null}',
    value: '"a"=>"1", "q\\"\\\\"=>NULL',
  },
  { type: arrayOf(base('int4')), text: '{1,NULL,-3}', avro: [1, null, -3], value: [1, null, -3] },
  {
    type: arrayOf(base('int8')),
    text: '{9007199254740993}',
    avro: [9_007_199_254_740_993n],
    value: [9_007_199_254_740_993n],
  },
  { type: arrayOf(base('oid')), text: '{7}', avro: [7n], value: [7] },
  {
    type: arrayOf(base('text')),
    text: '{"a,b","c\\"d\\\\e",NULL,"NULL","",x}',
    avro: ['a,b', 'c"d\\e', null, 'NULL', '', 'x'],
    value: ['a,b', 'c"d\\e', null, 'NULL', '', 'x'],
  },
  { type: arrayOf(base('text')), text: '{}', avro: [], value: [] },
  {
    type: arrayOf(base('int4')),
    text: '{{1,2,3},{4,5,6}}',
    avro: [1, 2, 3, 4, 5, 6],
    value: [
      [1, 2, 3],
      [4, 5, 6],
    ],
  },
  {
    type: arrayOf(base('int4')),
    text: '[0:1][1:2]={{1,2},{3,NULL}}',
    avro: [1, 2, 3, null],
    value: [
      [1, 2],
      [3, null],
    ],
  },
  {
    type: arrayOf(base('numeric')),
    typmod: numericTypmod(5, 1),
    text: '{1.5,-0.1}',
    avro: [Buffer.from([15]), Buffer.from([255])],
    value: ['1.5', '-0.1'],
  },
  {
    type: arrayOf(base('timestamptz')),
    text: '{"2026-11-21 03:58:00+00"}',
    avro: ['2026-11-21T03:58:00Z'],
    value: ['2026-11-21T03:58:00Z'],
  },
  {
    type: arrayOf(base('box'), ';'),
    text: '{(1,1),(0,0);(2,2),(1,1)}',
    avro: ['(1,1),(0,0)', '(2,2),(1,1)'],
    value: ['(1,1),(0,0)', '(2,2),(1,1)'],
  },
  { type: arrayOf(ENUM), text: '{sad,ok}', avro: ['sad', 'ok'], value: ['sad', 'ok'] },
];

function title({ type, typmod, text }: TypeCase): string {
  const name =
    type.kind === 'array' ? `${type.element.kind === 'array' ? '' : type.element.name}[]` : type.name;
  return `${name}${typmod === undefined || typmod < 0 ? '' : ` (typmod ${typmod})`} ${text}`;
}

describe('a value of each type', () => {
  it.each(CASES.map((row) => [title(row), row] as const))(
    '%s reads as expected, by avsc and by Freshet',
    async (_, row) => {
      const schema = table([column('id', base('int4')), column('v', row.type, row.typmod ?? -1)]);
      const context = await wire(schema);
      const record = recordOf(context.codec, created(tupleFromTexts(['1', row.text])));
      const envelope = await readByAvsc(context, record.value ?? Buffer.alloc(0));
      expect((envelope['after'] as Record<string, unknown>)['v']).toEqual(row.avro);
      const change = await decoded(context, record);
      expect(change).toMatchObject({ op: 'c', key: { id: 1 } });
      expect(change).toHaveProperty('after', { id: 1, v: row.value });
    },
  );

  it.each(CASES.map((row) => [title(row), row] as const))(
    '%s is stepped over when nobody wants it',
    async (_, row) => {
      const columns = [
        column('id', base('int4')),
        column('v', row.type, row.typmod ?? -1),
        column('z', base('text')),
      ];
      const context = await wire(table(columns));
      const record = recordOf(context.codec, created(tupleFromTexts(['1', row.text, 'end'])));
      expect(await decoded(context, record, ['z'])).toHaveProperty('after', { z: 'end' });
    },
  );

  it.each(CASES.map((row) => [title(row), row] as const))('%s can be NULL', async (_, row) => {
    const schema = table([column('id', base('int4')), column('v', row.type, row.typmod ?? -1)]);
    const context = await wire(schema);
    const record = recordOf(context.codec, created(tupleFromTexts(['1', null])));
    expect(await decoded(context, record)).toHaveProperty('after', { id: 1, v: null });
  });
});

describe('a value that its type on the wire cannot hold', () => {
  it.each([
    ['numeric', -1, 'NaN'],
    ['numeric', -1, 'Infinity'],
    ['numeric', numericTypmod(10, 2), 'NaN'],
    ['numeric', numericTypmod(10, 2), '1.234'],
    ['timestamp', -1, '294276-12-31 23:59:59.999999'],
    ['timestamptz', -1, '2026-11-21 03:58:00+02'],
    ['interval', -1, '178000000 years'],
    ['int4', -1, '12a'],
    ['bytea', -1, 'abc'],
    ['date', -1, 'yesterday'],
    ['float8', -1, 'one'],
  ])('%s (typmod %i) %s is RECORD_INVALID and names the column', async (type, typmod, text) => {
    const { codec } = await wire(table([column('id', base('int4')), column('amount', base(type), typmod)]));
    expect(() => codec.encodeValue(created(tupleFromTexts(['1', text])))).toThrow(
      expect.objectContaining({
        code: 'RECORD_INVALID',
        message: expect.stringContaining('"amount" of shop.orders'),
      }),
    );
    const good = recordOf(codec, created(tupleFromTexts(['1', null])));
    expect(good.value?.readInt32BE(1)).toBe(codec.valueSchemaId);
  });
});
