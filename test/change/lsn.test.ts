import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatLsn, maxLsn, parseLsn, toLsn } from '../../src/change/lsn.ts';

describe('an LSN', () => {
  it.each([
    ['0/0', 0n],
    ['16/B374D848', 0x16b374d848n],
    ['FFFFFFFF/FFFFFFFF', 2n ** 64n - 1n],
  ])('reads %s as PostgreSQL writes it', (text, offset) => {
    expect(parseLsn(text)).toBe(offset);
    expect(formatLsn(toLsn(offset))).toBe(text);
  });

  it('keeps its value through its text', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), (offset) => {
        expect(parseLsn(formatLsn(toLsn(offset)))).toBe(offset);
      }),
    );
  });

  it.each(['', '16', '16/', '/B3', '1G/0', '123456789/0', ' 0/0'])('refuses "%s" by name', (text) => {
    expect(() => parseLsn(text)).toThrow(`"${text}" is no LSN`);
  });

  it('knows its bounds and the greater of two', () => {
    expect(() => toLsn(-1n)).toThrow(RangeError);
    expect(() => toLsn(2n ** 64n)).toThrow(RangeError);
    expect(maxLsn(toLsn(1n), toLsn(2n))).toBe(2n);
  });
});
