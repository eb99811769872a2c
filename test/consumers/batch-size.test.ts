import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BatchSize } from '../../src/consumers/batch-size.ts';
import type { RawRecord } from '../../src/topics/codec/record-decoder.ts';

const BOUNDS = { maxBatchRecords: 1_000, maxBatchBytes: 10_000, batchTargetMs: 2_000 };

function records(...sizes: number[]): RawRecord[] {
  return sizes.map((size, i) => ({
    topic: 't',
    partition: 0,
    offset: String(i),
    timestamp: '0',
    key: null,
    value: size === 0 ? null : Buffer.alloc(size),
    headers: {},
  }));
}

const many = (count: number): RawRecord[] => Array.from({ length: count }, () => records(1)).flat();

describe('the size of a batch', () => {
  it('is even: not a full one and a small rest', () => {
    expect(new BatchSize(BOUNDS).next(many(1_001), 0)).toBe(501);
  });

  it('shrinks at once to what fits the time, and to one record where even that is slow', () => {
    const size = new BatchSize(BOUNDS);
    size.took(1_000, 10_000);
    expect(size.next(many(200), 0)).toBe(200);
    expect(size.next(many(5_000), 0)).toBe(200);
    size.took(200, 4_000_000);
    expect(size.next(many(5_000), 0)).toBe(1);
  });

  it('grows again in steps, and not past its bound', () => {
    const size = new BatchSize(BOUNDS);
    size.took(1_000, 20_000);
    const list = many(4_000);
    const sizes = Array.from({ length: 5 }, () => {
      size.took(100, 10);
      return size.next(list, 0);
    });
    expect(sizes).toEqual([200, 400, 800, 1_000, 1_000]);
  });

  it('is half of one that ran out of time', () => {
    const size = new BatchSize(BOUNDS);
    size.outOfTime(500);
    expect(size.next(many(1_000), 0)).toBe(250);
    size.outOfTime(1);
    expect(size.next(many(1_000), 0)).toBe(1);
  });

  it('stays where a transaction of few records was slower than a larger one need be', () => {
    const size = new BatchSize(BOUNDS);
    size.took(2, 100);
    expect(size.next(many(1_000), 0)).toBe(1_000);
  });

  it('is bounded in bytes, but a record that is larger comes alone', () => {
    const size = new BatchSize(BOUNDS);
    const list = records(6_000, 4_000, 1, 50_000, 0, 10_000);
    expect([0, 2, 3, 4].map((start) => size.next(list, start))).toEqual([2, 1, 1, 2]);
    expect(size.next(list, list.length)).toBe(0);
  });

  it('brings every record in the end, whatever the transactions took', () => {
    const sizes = fc.array(fc.nat(20_000), { maxLength: 60 });
    const durations = fc.array(fc.nat(10_000), { minLength: 1, maxLength: 60 });
    fc.assert(
      fc.property(sizes, durations, (bytes, times) => {
        const size = new BatchSize({ ...BOUNDS, maxBatchRecords: 20 });
        const list = records(...bytes);
        let at = 0;
        while (at < list.length) {
          const count = size.next(list, at);
          expect(count).toBeGreaterThan(0);
          expect(count).toBeLessThanOrEqual(20);
          const total = bytes.slice(at, at + count).reduce((sum, each) => sum + each, 0);
          expect(count === 1 || total <= BOUNDS.maxBatchBytes).toBe(true);
          size.took(count, times[at % times.length] ?? 0);
          at += count;
        }
        expect(at).toBe(list.length);
      }),
    );
  });
});
