import { describe, expect, it } from 'vitest';
import { toLsn } from '../../src/change/lsn.ts';
import { CommitClock } from '../../src/metrics/commit-clock.ts';

function clockOf(...readings: readonly (readonly [ms: number, lsn: bigint])[]): CommitClock {
  const clock = new CommitClock();
  for (const [ms, lsn] of readings) clock.note(ms, toLsn(lsn));
  return clock;
}

describe('a commit clock', () => {
  it('knows of an address the newest time whose WAL lies below it', () => {
    const clock = clockOf([1_000, 10n], [2_000, 20n], [3_000, 30n]);
    expect(clock.through(toLsn(29n))).toBe(2_000);
    expect(clock.through(toLsn(30n))).toBe(3_000);
    expect(clock.through(toLsn(9n))).toBe(0);
  });

  it('goes on while nothing is written', () => {
    const clock = clockOf([1_000, 10n], [2_000, 10n], [9_000, 10n]);
    expect(clock.through(toLsn(10n))).toBe(9_000);
  });

  it('forgets what it knew when the WAL or the time goes back', () => {
    const restored = clockOf([1_000, 10n], [2_000, 20n], [3_000, 5n]);
    expect(restored.through(toLsn(20n))).toBe(3_000);
    expect(restored.through(toLsn(4n))).toBe(0);
    const setBack = clockOf([9_000, 10n], [2_000, 20n]);
    expect(setBack.through(toLsn(10n))).toBe(0);
  });

  it('keeps its memory bounded, and its answers right', () => {
    const clock = new CommitClock();
    for (let i = 1; i <= 20_000; i++) clock.note(i * 1_000, toLsn(BigInt(i)));
    expect(clock.through(toLsn(20_000n))).toBe(20_000_000);
    const old = clock.through(toLsn(10_000n));
    expect(old).toBeLessThanOrEqual(10_000_000);
    expect(old).toBeGreaterThan(0);
  });

  it('tells how fast WAL is written', () => {
    const clock = clockOf([1_000, 0n], [61_000, 600n], [121_000, 6_600n]);
    expect(clock.bytesPerSecond(60_000)).toBe(100);
    expect(clockOf([1_000, 10n]).bytesPerSecond(60_000)).toBeNull();
  });
});
