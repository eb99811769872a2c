import { describe, expect, it } from 'vitest';
import { RateMeter } from '../../src/cli/rate-meter.ts';

describe('the rate of a count', () => {
  it('is zero before there are two samples', () => {
    const meter = new RateMeter(5_000);
    expect([meter.sample(100, 0), meter.sample(200, 0)]).toEqual([0, 0]);
  });

  it('forgets what is older than its window', () => {
    const meter = new RateMeter(5_000);
    meter.sample(0, 0);
    meter.sample(1_000, 4_000);
    expect([meter.sample(1_500, 5_000), meter.sample(1_600, 6_000)]).toEqual([300, 300]);
  });

  it('is that since the first sample where the window is endless', () => {
    const meter = new RateMeter(Infinity);
    meter.sample(5_000, 0);
    meter.sample(6_000, 50_000);
    expect(meter.sample(7_000, 100_000)).toBe(20);
  });

  it('begins anew after a reset', () => {
    const meter = new RateMeter(5_000);
    meter.sample(0, 0);
    meter.reset();
    expect(meter.sample(500, 1_000)).toBe(0);
  });
});
