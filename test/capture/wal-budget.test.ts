import { describe, expect, it } from 'vitest';
import { WalBudget } from '../../src/capture/wal-budget.ts';

const MEBIBYTE = 1024 * 1024;

function looks(most: number | null, statuses: readonly [retained: number, safe: number | null][]): boolean[] {
  const budget = new WalBudget(most === null ? null : most * MEBIBYTE);
  return statuses.map(([retained, safe]) => {
    budget.look({
      retainedBytes: retained * MEBIBYTE,
      safeBytes: safe === null ? null : safe * MEBIBYTE,
    });
    return budget.isTight;
  });
}

describe('a WAL budget', () => {
  it('is never tight where nothing bounds it', () => {
    expect(looks(null, [[100_000, null]])).toEqual([false]);
  });

  it('is tight when less than 30 % is left, and until more than half is', () => {
    const statuses: [number, number][] = [
      [10, 90],
      [69, 31],
      [71, 29],
      [60, 40],
      [51, 49],
      [49, 51],
      [60, 40],
    ];
    expect(looks(null, statuses)).toEqual([false, false, true, true, true, false, false]);
  });

  it('takes the nearer of two bounds', () => {
    expect(looks(100, [[71, 9_000]])).toEqual([true]);
    expect(looks(1_000, [[71, 9]])).toEqual([true]);
    expect(looks(100, [[69, null]])).toEqual([false]);
  });

  it('tells when it changes, and only then', () => {
    const budget = new WalBudget(100);
    const told = [10, 80, 90, 60, 40, 10].map((retainedBytes) =>
      budget.look({ retainedBytes, safeBytes: null }),
    );
    expect(told).toEqual([false, true, false, false, true, false]);
  });

  it('is tight when the slot is about to be lost', () => {
    expect(looks(null, [[100, -5]])).toEqual([true]);
  });
});
