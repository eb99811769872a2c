import fc from 'fast-check';
import { expect, it } from 'vitest';
import { decodeRow, encodeRow } from '../../src/consumers/kept-row.ts';

const value = fc.oneof(
  fc.string(),
  fc.double(),
  fc.boolean(),
  fc.constant(null),
  fc.bigInt(),
  fc.uint8Array().map((bytes) => Buffer.from(bytes)),
  fc.date({ noInvalidDate: true }),
  fc.array(fc.oneof(fc.bigInt(), fc.constant(Number.NaN), fc.string())),
);

it('a kept row comes back as it was, whatever its values', () => {
  fc.assert(
    fc.property(
      fc.dictionary(
        fc.string().map((name) => `c${name}`),
        value,
        { noNullPrototype: true },
      ),
      (row) => {
        expect(decodeRow(encodeRow(row))).toEqual(normal(row));
      },
    ),
  );
});

/** JSON has one zero. */
function normal(row: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(row).map(([name, v]) => [name, Object.is(v, -0) ? 0 : v]));
}
