import { describe, expect, it } from 'vitest';
import { RateWindow } from '../../src/metrics/rate-window.ts';

describe('a rate window', () => {
  it('tells the rate over its last while only', () => {
    const window = new RateWindow(10_000);
    for (const [ms, rows] of [
      [0, 0],
      [5_000, 1_000],
      [10_000, 1_000],
      [20_000, 1_500],
    ] as const)
      window.note(ms, new Map([['rows', rows]]));
    expect(window.perSecond('rows')).toBe(50);
  });

  it('knows no rate after one look', () => {
    const window = new RateWindow(10_000);
    window.note(0, new Map([['rows', 5]]));
    expect(window.perSecond('rows')).toBeNull();
  });

  it('takes a count that went down for a process that began anew', () => {
    const window = new RateWindow(10_000);
    window.note(0, new Map([['rows', 500]]));
    window.note(1_000, new Map([['rows', 5]]));
    expect(window.perSecond('rows')).toBe(0);
  });
});
