import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import type { Value } from '../../../src/change/change.ts';
import type { TypeShape } from '../../../src/change/table.ts';
import { tupleFromTexts } from '../../../src/change/tuple.ts';
import { services } from '../../support/services.ts';
import { arrayOf, base, column, created, decoded, recordOf, table, wire } from './wire.ts';

/** PostgreSQL judges: what a pipeline gets must, written back, be the value that was read. */
const SETTINGS =
  '-c TimeZone=UTC -c DateStyle=ISO -c IntervalStyle=postgres -c extra_float_digits=1 -c bytea_output=hex';

const CASES: readonly (readonly [type: string, input: string])[] = [
  ['bool', 'yes'],
  ['int2', '-32768'],
  ['int8', '-9223372036854775808'],
  ['oid', '4294967295'],
  ['float4', '3.14159274'],
  ['float4', '1e-45'],
  ['float8', '0.1'],
  ['float8', '-Infinity'],
  ['float8', '1e22'],
  ['numeric', '-000123.4500'],
  ['numeric', '1e-30'],
  ['money', '-1234.56'],
  ['text', 'tab\t"quote" \\ 🌍'],
  ['uuid', 'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11'],
  ['jsonb', '{"b": [1, 2.0], "a": null}'],
  ['bytea', '\\xdeadbeef'],
  ['date', '0044-03-15 BC'],
  ['date', '99999-01-31'],
  ['date', '-infinity'],
  ['time', '24:00'],
  ['time', '00:00:00.000001'],
  ['timetz', '12:34:56.7+00'],
  ['timestamp', '4713-01-01 00:00:00 BC'],
  ['timestamp', '1582-10-10 12:00'],
  ['timestamp', '2255-06-05 23:47:34.740993'],
  ['timestamp', '294246-12-31 23:59:59.999999'],
  ['timestamp', 'infinity'],
  ['timestamptz', '0044-03-15 12:00:00+00 BC'],
  ['timestamptz', '12345-06-07 08:09:10.5+02'],
  ['timestamptz', '2026-11-21 05:58:00.123456+02'],
  ['timestamptz', '-infinity'],
  ['interval', '-1 hour -2 min -3.4 sec'],
  ['interval', '100 hours'],
  ['inet', '10.0.0.1/8'],
  ['int4range', '[1,5]'],
  ['tsvector', "'a':1 'b':2"],
  ['point', '(1.5,-2e-7)'],
];

const ARRAYS: readonly (readonly [element: string, input: string])[] = [
  ['int4', '{1,NULL,3}'],
  ['text', '{"a,b","c\\"d\\\\e",NULL,"NULL",""," x "}'],
  ['text', '{{a,b},{c,NULL}}'],
  ['timestamptz', '{"2026-11-21 05:58:00+02"}'],
  ['int8', '{}'],
];

let client: pg.Client;

beforeAll(async () => {
  client = new pg.Client({ connectionString: services().sourceUrl, options: SETTINGS });
  await client.connect();
});

afterAll(() => client.end());

async function output(type: string, input: string): Promise<string> {
  const { rows } = await client.query<{ text: string }>(`SELECT ($1::text::${type})::text AS text`, [input]);
  const text = rows[0]?.text ?? '';
  // A cast of bool to text says "true"; the type's output, which is on the wire, says "t".
  return type === 'bool' ? text.charAt(0) : text;
}

async function throughTopic(type: TypeShape, text: string): Promise<Value> {
  const context = await wire(table([column('id', base('int4')), column('v', type)]));
  const change = await decoded(context, recordOf(context.codec, created(tupleFromTexts(['1', text]))));
  const value = change !== null && 'after' in change ? change.after['v'] : undefined;
  if (value === undefined || typeof value === 'symbol') throw new Error('the column is missing');
  return value;
}

function literal(value: Value): string {
  return Buffer.isBuffer(value) ? `\\x${value.toString('hex')}` : String(value);
}

/** Written with other quotes than PostgreSQL's own, so that nothing fits by accident. */
function arrayLiteral(value: Value): string {
  if (!Array.isArray(value)) return value === null ? 'NULL' : `"${literal(value).replace(/["\\]/g, '\\$&')}"`;
  return `{${(value as readonly Value[]).map(arrayLiteral).join(',')}}`;
}

describe('written back to PostgreSQL, a value is the same', () => {
  it.each(CASES)('%s %s', async (type, input) => {
    const text = await output(type, input);
    expect(await output(type, literal(await throughTopic(base(type), text)))).toBe(text);
  });

  it.each(ARRAYS)('%s[] %s', async (element, input) => {
    const text = await output(`${element}[]`, input);
    expect(await output(`${element}[]`, arrayLiteral(await throughTopic(arrayOf(base(element)), text)))).toBe(
      text,
    );
  });
});
