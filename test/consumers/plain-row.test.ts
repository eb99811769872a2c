import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { plainRowTest } from '../../src/consumers/plain-row.ts';
import { productRow } from '../../src/consumers/upsert/items.ts';

const SCHEMAS: readonly z.ZodObject[] = [
  productRow,
  z.object({ a: z.string(), b: z.string().nullable(), c: z.number().nullish() }),
  z.object({ a: z.boolean(), b: z.bigint().nullable(), c: z.number() }),
  z.object({
    a: z.union([z.string(), z.number().transform(String)]),
    b: z.string().optional(),
    c: z.string(),
  }),
];
/** They are to see every row. */
const OTHERS: readonly z.ZodObject[] = [
  z.object({ a: z.string().trim() }),
  z.object({ a: z.email() }),
  z.object({ a: z.string().nullable().default('x') }),
  z.object({ a: z.string().transform((text) => text.length) }),
  z.object({ a: z.coerce.string() }),
  z.object({ a: z.int() }),
  z.object({ a: z.union([z.number().transform(String), z.string()]) }),
  z.object({ a: z.string().catch('x') }),
  z.object({ a: z.unknown() }),
  z.object({ a: z.string() }).refine((row) => row.a !== 'x'),
  z.strictObject({ a: z.string() }),
];

const value = fc.oneof(
  fc.string({ maxLength: 3 }),
  fc.constant(null),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY),
  fc.boolean(),
  fc.bigInt(),
  fc.constant(['x']),
);

/** Rows that mostly have the schema's columns in its order, and mostly what it takes. */
function rowsOf(schema: z.ZodObject): fc.Arbitrary<Record<string, unknown>> {
  const columns = Object.entries(schema.shape).map(([column, field]) => {
    const good = value.filter((each) => z.safeParse(field as z.ZodType, each).success);
    const cell = fc.oneof({ arbitrary: good, weight: 12 }, { arbitrary: value, weight: 1 });
    return fc.oneof(
      { arbitrary: cell.map((each) => [[column, each]]), weight: 20 },
      { arbitrary: fc.constant([]), weight: 1 },
    );
  });
  const inOrder = fc.tuple(...columns).map((cells) => cells.flat());
  const entries = fc.oneof(
    { arbitrary: inOrder, weight: 4 },
    { arbitrary: inOrder.chain((all) => fc.shuffledSubarray(all, { minLength: all.length })), weight: 1 },
    { arbitrary: fc.tuple(inOrder, value).map(([all, other]) => [...all, ['other', other]]), weight: 1 },
  );
  return entries.map((all) => Object.fromEntries(all) as Record<string, unknown>);
}

describe('a row that is told to be plain', () => {
  it.each(SCHEMAS.map((schema) => [Object.keys(schema.shape).join(', '), schema] as const))(
    'is what its schema gives, its columns in the same order: %s',
    (_, schema) => {
      const isPlain = plainRowTest(schema);
      let plain = 0;
      const law = fc.property(rowsOf(schema), (row) => {
        if (isPlain?.(row) !== true) return;
        plain++;
        const parsed = schema.parse(row);
        expect(parsed).toStrictEqual(row);
        expect(Object.keys(parsed)).toEqual(Object.keys(row));
      });
      fc.assert(law, { numRuns: 1_000 });
      expect(plain).toBeGreaterThan(50);
    },
  );

  it.each(OTHERS.map((schema, i) => [i, schema] as const))(
    'is none of a schema that looks closer: %i',
    (_, schema) => {
      expect(plainRowTest(schema)).toBeNull();
    },
  );
});
