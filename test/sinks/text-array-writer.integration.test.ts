import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Value } from '../../src/change/change.ts';
import { textArray, valueText } from '../../src/sinks/array-parameter.ts';
import { TextArrayWriter } from '../../src/sinks/text-array-writer.ts';
import { createDatabase } from '../support/database.ts';
import { asPostgresText } from '../support/postgres-text.ts';

const text = fc
  .oneof(
    fc.string({ unit: 'grapheme', maxLength: 60 }),
    fc.constantFrom('NULL', '', '{}', '"\\"', 'ä'.repeat(40)),
  )
  .map(asPostgresText);
const value: fc.Arbitrary<Value> = fc.oneof(
  text,
  fc.constant(null),
  fc.integer(),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  fc.boolean(),
  fc.array(fc.option(text), { maxLength: 4 }),
);

describe('text arrays in binary', () => {
  it('are to the server what their literals are', async () => {
    await using database = await createDatabase();
    const writer = new TextArrayWriter();
    const row = fc.record({ a: value, b: value }, { requiredKeys: ['a'] });
    const law = fc.asyncProperty(
      fc.array(row, { maxLength: 30 }),
      fc.array(fc.nat(), { maxLength: 5 }),
      async (rows, numbers) => {
        const arrays = writer.column(rows, 'a').column(rows, 'b').numbers(numbers).take();
        const literals = [
          textArray(rows.map(({ a }) => valueText(a))),
          textArray(rows.map(({ b }) => valueText(b))),
          textArray(numbers.map(String)),
        ];
        const same = [0, 1, 2].map((i) => `$${i + 1}::text[] IS NOT DISTINCT FROM $${i + 4}::text[]`);
        const { rows: answer } = await database.pool.query<Record<string, boolean>>(
          `SELECT ${same.map((each, i) => `${each} AS c${i}`).join(', ')}`,
          [...arrays, ...literals],
        );
        expect(answer).toEqual([{ c0: true, c1: true, c2: true }]);
      },
    );
    await fc.assert(law, { numRuns: 100 });
  });
});
