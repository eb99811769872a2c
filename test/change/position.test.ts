import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { toLsn } from '../../src/change/lsn.ts';
import {
  comparePositions,
  decodePosition,
  encodePosition,
  type Position,
} from '../../src/change/position.ts';

const position = fc.record({
  epoch: fc.integer({ min: 0, max: 2 ** 40 - 1 }),
  lsn: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }).map(toLsn),
  seq: fc.integer({ min: 0, max: 2 ** 48 - 1 }),
});

describe('a position', () => {
  it('comes back from its wire form as it was', () => {
    fc.assert(
      fc.property(position, (each) => {
        expect(decodePosition(encodePosition(each))).toEqual(each);
      }),
    );
  });

  it('is ordered by its wire form as it is by its numbers', () => {
    const sign = (a: Position, b: Position): number => {
      const [x, y] = [encodePosition(a), encodePosition(b)];
      return x === y ? 0 : x < y ? -1 : 1;
    };
    fc.assert(
      fc.property(position, position, (a, b) => {
        expect(sign(a, b)).toBe(comparePositions(a, b));
      }),
    );
  });

  it('of another version is refused', () => {
    const text = encodePosition({ epoch: 1, lsn: toLsn(2n), seq: 3 });
    expect(() => decodePosition(`2${text.slice(1)}`)).toThrow(/no position of version 1/);
    expect(() => decodePosition('')).toThrow(RangeError);
  });
});
