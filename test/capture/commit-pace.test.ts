import { describe, expect, it } from 'vitest';
import { CommitPace } from '../../src/capture/commit-pace.ts';
import { SimulatedClock } from '../model/simulated-clock.ts';

const SETTINGS = { queueBytes: 1_000, batchRecords: 100, batchBytes: 1_000, commitIntervalMs: 6 };

function paceAt(settings: Partial<typeof SETTINGS> = {}): { clock: SimulatedClock; pace: CommitPace } {
  const clock = new SimulatedClock();
  return { clock, pace: new CommitPace(clock, { ...SETTINGS, ...settings }) };
}

describe('the pace of small transactions', () => {
  it('lets the first one begin at once', () => {
    expect(paceAt().pace.leftMs).toBeLessThanOrEqual(0);
  });

  it.each([
    { name: 'right behind a small one', after: 0, left: 6 },
    { name: 'a while behind it', after: 4, left: 2 },
    { name: 'when the interval is over', after: 6, left: 0 },
    { name: 'after a quiet time', after: 5_000, left: -4_994 },
    { name: 'when the clock was set back', after: -3_600_000, left: 6 },
  ])('$name leaves $left ms', ({ after, left }) => {
    const { clock, pace } = paceAt();
    pace.begin(1, 10);
    clock.pass(after);
    expect(pace.leftMs).toBe(left);
  });

  it.each([
    { name: 'many records', records: 11, bytes: 10 },
    { name: 'many bytes', records: 1, bytes: 101 },
  ])('does not wait behind one of $name', ({ records, bytes }) => {
    const { pace } = paceAt();
    pace.begin(1, 10);
    pace.begin(records, bytes);
    expect(pace.leftMs).toBeLessThanOrEqual(0);
  });

  it('is off without an interval', () => {
    const { pace } = paceAt({ commitIntervalMs: 0 });
    pace.begin(1, 10);
    expect(pace.leftMs).toBeLessThanOrEqual(0);
  });

  it.each([
    { batchRecords: 1, most: 0 },
    { batchRecords: 2, most: 1 },
    { batchRecords: 8, most: 1 },
    { batchRecords: 5_000, most: 500 },
  ])('takes $most of $batchRecords records for small, at most', ({ batchRecords, most }) => {
    const { pace } = paceAt({ batchRecords });
    expect([pace.isSmall(most, 0), pace.isSmall(most + 1, 0)]).toEqual([true, false]);
  });
});
