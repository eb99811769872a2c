import type { RawRecord } from '../topics/codec/record-decoder.ts';

export interface BatchBounds {
  readonly maxBatchRecords: number;
  /** Of the records' values as they are on the wire; a larger record comes alone. */
  readonly maxBatchBytes: number;
  /** What one transaction is to take at most; one record takes what it takes. */
  readonly batchTargetMs: number;
}

/** So that one slow transaction does not leave a crowd of tiny ones behind it. */
const LARGEST_GROWTH = 2;

/**
 * How many records the next transaction of a partition gets. Their number follows what the last ones took:
 * a target that became slow, or rows that cost more, mean fewer a transaction, so that progress, stops and
 * rebalances never wait long for one.
 */
export class BatchSize {
  readonly #bounds: BatchBounds;
  #records: number;

  constructor(bounds: BatchBounds) {
    this.#bounds = bounds;
    this.#records = bounds.maxBatchRecords;
  }

  /** A transaction of so many records has taken so long. */
  took(records: number, ms: number): void {
    if (records === 0) return;
    const { maxBatchRecords, batchTargetMs } = this.#bounds;
    const fitting = Math.floor((records * batchTargetMs) / Math.max(ms, 1));
    // A small batch that was quick says little about a large one.
    const grown = Math.min(fitting, this.#records * LARGEST_GROWTH);
    if (ms > batchTargetMs || grown > this.#records)
      this.#records = Math.max(1, Math.min(grown, maxBatchRecords));
  }

  /** So many were not done in the time that a statement has. */
  outOfTime(records: number): void {
    this.#records = Math.max(1, Math.floor(records / 2));
  }

  /** Of the records from `start` on, the number that comes next: at least one, where there is one. */
  next(records: readonly RawRecord[], start: number): number {
    const left = records.length - start;
    if (left <= 0) return 0;
    // Pieces of about one size rather than full ones and a small rest.
    const size = Math.ceil(left / Math.ceil(left / this.#records));
    let bytes = 0;
    for (let count = 0; count < size; count++) {
      bytes += records[start + count]?.value?.length ?? 0;
      if (bytes > this.#bounds.maxBatchBytes) return Math.max(1, count);
    }
    return size;
  }
}
