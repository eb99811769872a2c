import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isInProgress, parseVisibility } from '../../src/change/visibility.ts';

describe('a snapshot’s visibility', () => {
  it.each([
    ['775:775:', 774, false],
    ['775:775:', 775, true],
    ['700:780:700,750', 700, true],
    ['700:780:700,750', 701, false],
    ['700:780:700,750', 750, true],
    ['700:780:700,750', 779, false],
    ['700:780:700,750', 780, true],
  ])('%s: transaction %i in progress is %s', (snapshot, xid, expected) => {
    expect(isInProgress(parseVisibility(snapshot), xid)).toBe(expected);
  });

  it('takes a 32-bit id for the nearest 64-bit one, across wrap-around', () => {
    const xid64 = fc.bigInt({ min: 2n ** 33n, max: 2n ** 62n });
    fc.assert(
      fc.property(
        xid64,
        fc.bigInt({ min: -(2n ** 30n), max: 2n ** 30n }),
        fc.boolean(),
        (xmax, distance, listed) => {
          const full = xmax + distance;
          const visibility = { xmax, inProgress: new Set(listed ? [full] : []) };
          const xid = Number(BigInt.asUintN(32, full));
          expect(isInProgress(visibility, xid)).toBe(full >= xmax || listed);
        },
      ),
    );
  });

  it('refuses what is no snapshot', () => {
    expect(() => parseVisibility('1:2')).toThrow('is no pg_snapshot');
  });
});
