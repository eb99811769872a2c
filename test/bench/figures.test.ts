import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { medians, percentile, throughputFigures } from '../../bench/figures.ts';

describe('the figures of a benchmark', () => {
  it('take the middle run, and the mean of the two middle ones of an even number', () => {
    expect(medians([{ a: 9 }, { a: 1 }, { a: 2 }])).toEqual({ a: 2 });
    expect(
      medians([
        { a: 4, b: 1 },
        { a: 1, b: 1 },
      ]),
    ).toEqual({ a: 2.5, b: 1 });
  });

  it('give a percentile that is one of the values, with at most that share of them below it', () => {
    const values = fc.array(fc.integer({ min: 0, max: 1000 }), { minLength: 1, maxLength: 200 });
    fc.assert(
      fc.property(values, fc.double({ min: 0, max: 1, noNaN: true }), (unsorted, share) => {
        const sorted = unsorted.toSorted((a, b) => a - b);
        const value = percentile(sorted, share);
        expect(sorted).toContain(value);
        const below = sorted.filter((each) => each < value).length / sorted.length;
        const upTo = sorted.filter((each) => each <= value).length / sorted.length;
        expect(below).toBeLessThanOrEqual(share);
        expect(upTo).toBeGreaterThanOrEqual(share);
      }),
    );
  });

  it('count the CPU of pipeline and services, but not that of the load', () => {
    const cpuSeconds = { pipeline: 1, kafka: 2, postgres: 3, load: 50, bench: 50 };
    const usage = { seconds: 5, cpuSeconds, peakRssBytes: { pipeline: 2e6, bench: 9e6 }, outsideShare: 0.25 };
    expect(throughputFigures(1_000_000, 400, 4, usage)).toMatchObject({
      rows_per_s: 250_000,
      mb_per_s: 100,
      'cpu_us_per_row.pipeline': 1,
      'cpu_us_per_row.all_services': 6,
      'peak_rss_mb.pipeline': 2,
      outside_cpu_share: 0.25,
    });
  });
});
