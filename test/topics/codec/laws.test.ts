import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

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

/** Encodes one text in a column of the type; hands back avsc's reading and the decoder's. */
async function through(type: TypeShape, typmod: number) {
  const context = await wire(table([column('id', base('int4')), column('v', type, typmod)]));
  return async (text: string): Promise<{ readonly avro: unknown; readonly value: unknown }> => {
    const record = recordOf(context.codec, created(tupleFromTexts(['1', text])));
    const envelope = await readByAvsc(context, record.value ?? Buffer.alloc(0));
    const change = await decoded(context, record);
    return {
      avro: (envelope['after'] as Record<string, unknown>)['v'],
      value: change !== null && 'after' in change ? change.after['v'] : undefined,
    };
  };
}

function unscaled(bytes: Buffer): bigint {
  return BigInt.asIntN(8 * bytes.length, BigInt(`0x${bytes.toString('hex')}`));
}

function decimalText(digits: bigint, scale: number): string {
  const sign = digits < 0n ? '-' : '';
  const magnitude = (digits < 0n ? -digits : digits).toString().padStart(scale + 1, '0');
  return scale === 0 ? sign + magnitude : `${sign}${magnitude.slice(0, -scale)}.${magnitude.slice(-scale)}`;
}

describe('round trips', () => {
  it('hold for every int8', async () => {
    const int8 = await through(base('int8'), -1);
    await fc.assert(
      fc.asyncProperty(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), async (value) => {
        expect(await int8(String(value))).toEqual({ avro: value, value });
      }),
    );
  });

  it('hold for int8 around every power of two', async () => {
    const int8 = await through(base('int8'), -1);
    for (let bit = 0n; bit < 63n; bit++) {
      for (const value of [2n ** bit - 1n, 2n ** bit, -(2n ** bit), -(2n ** bit) - 1n]) {
        expect(await int8(String(value))).toEqual({ avro: value, value });
      }
    }
  });

  it('hold for numerics of a declared scale, as bigint arithmetic has it', async () => {
    const numeric = await through(base('numeric'), numericTypmod(60, 7));
    await fc.assert(
      fc.asyncProperty(fc.bigInt({ min: -(10n ** 60n), max: 10n ** 60n }), async (digits) => {
        const text = decimalText(digits, 7);
        const { avro, value } = await numeric(text);
        expect(value).toBe(text);
        expect(unscaled(avro as Buffer)).toBe(digits);
      }),
    );
  });

  it('hold for prices, below zero and above, with cents of one digit and of two', async () => {
    const price = await through(base('numeric'), numericTypmod(20, 2));
    const cents = fc.oneof(fc.bigInt({ min: -2_000n, max: 2_000n }), fc.bigInt(-(2n ** 49n), 2n ** 49n));
    await fc.assert(
      fc.asyncProperty(cents, async (digits) => {
        expect((await price(decimalText(digits, 2))).value).toBe(decimalText(digits, 2));
      }),
      { numRuns: 300, examples: [[0n], [9n], [10n], [100n], [-1n], [2n ** 47n], [2n ** 47n - 1n]] },
    );
  });

  it('write a decimal in as few bytes as it needs, at every edge', async () => {
    const numeric = await through(base('numeric'), numericTypmod(60, 0));
    for (let bytes = 1; bytes < 20; bytes++) {
      const limit = 2n ** BigInt(8 * bytes - 1);
      for (const [digits, length] of [
        [limit - 1n, bytes],
        [limit, bytes + 1],
        [-limit, bytes],
        [-limit - 1n, bytes + 1],
      ] as const) {
        const { avro, value } = await numeric(String(digits));
        expect(value).toBe(String(digits));
        expect(avro).toHaveLength(length);
      }
    }
  });

  it('hold for numerics without a declared scale, zeros included', async () => {
    const numeric = await through(base('numeric'), -1);
    await fc.assert(
      fc.asyncProperty(
        fc.bigInt({ min: -(10n ** 40n), max: 10n ** 40n }),
        fc.nat(60),
        async (digits, scale) => {
          const text = decimalText(digits, scale);
          const { avro, value } = await numeric(text);
          expect(value).toBe(text);
          const { scale: written, value: bytes } = avro as { scale: number; value: Buffer };
          expect([written, unscaled(bytes)]).toEqual([scale, digits]);
        },
      ),
    );
  });

  it('hold for timestamps to the microsecond', async () => {
    const timestamp = await through(base('timestamp'), -1);
    const instants = fc.date({
      min: new Date('1000-01-01'),
      max: new Date('9999-12-31'),
      noInvalidDate: true,
    });
    await fc.assert(
      fc.asyncProperty(instants, fc.nat(999), async (date, micros) => {
        const iso = `${date.toISOString().slice(0, -1)}${String(micros).padStart(3, '0')}`.replace(
          /\.?0+$/,
          '',
        );
        const text = iso.length < 19 ? date.toISOString().slice(0, 19) : iso;
        const { avro, value } = await timestamp(text.replace('T', ' '));
        expect(avro).toBe(BigInt(date.getTime()) * 1000n + BigInt(micros));
        expect(value).toBe(text);
      }),
    );
  });

  it('hold for dates, those before Christ included', async () => {
    const date = await through(base('date'), -1);
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: -2_400_000, max: 100_000_000 }), async (days) => {
        const utc = new Date(days * 86_400_000);
        const year = utc.getUTCFullYear();
        const monthDay = utc.toISOString().slice(-19, -14);
        const text = `${String(year > 0 ? year : 1 - year).padStart(4, '0')}-${monthDay}${year > 0 ? '' : ' BC'}`;
        expect(await date(text)).toEqual({ avro: days, value: text });
      }),
    );
  });

  it('hold for texts of any characters', async () => {
    const text = await through(base('text'), -1);
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'grapheme', maxLength: 200 }), async (value) => {
        expect(await text(value)).toEqual({ avro: value, value });
      }),
    );
  });

  it('hold for bytea', async () => {
    const bytea = await through(base('bytea'), -1);
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), async (bytes) => {
        const value = Buffer.from(bytes);
        expect(await bytea(`\\x${value.toString('hex')}`)).toEqual({ avro: value, value });
      }),
    );
  });

  it('hold for arrays of texts with quotes, escapes and NULLs', async () => {
    const texts = await through(arrayOf(base('text')), -1);
    const items = fc.array(
      fc.option(fc.string({ unit: fc.constantFrom(...Array.from('ab,{}"\\ NUL\né;')) }), { nil: null }),
    );
    await fc.assert(
      fc.asyncProperty(items, async (values) => {
        expect(await texts(arrayText(values))).toEqual({ avro: values, value: values });
      }),
    );
  });

  it('hold for arrays of up to four dimensions', async () => {
    const numbers = await through(arrayOf(base('int4')), -1);
    const lengths = fc.array(fc.integer({ min: 1, max: 3 }), { minLength: 1, maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(lengths, async (dimensions) => {
        let next = 0;
        const build = ([length, ...inner]: readonly number[]): unknown =>
          length === undefined ? next++ : Array.from({ length }, () => build(inner));
        const nested = build(dimensions);
        const { avro, value } = await numbers(
          JSON.stringify(nested).replaceAll('[', '{').replaceAll(']', '}'),
        );
        expect(value).toEqual(nested);
        expect(avro).toEqual(Array.from({ length: next }, (_, i) => i));
      }),
    );
  });
});

/** As array_out quotes: what is empty, NULL, or has a character with a meaning. */
function arrayText(values: readonly (string | null)[]): string {
  const items = values.map((value) => {
    if (value === null) return 'NULL';
    const isPlain = value !== '' && value.toUpperCase() !== 'NULL' && !/[{},"\\\s]/.test(value);
    return isPlain ? value : `"${value.replace(/["\\]/g, '\\$&')}"`;
  });
  return `{${items.join(',')}}`;
}
