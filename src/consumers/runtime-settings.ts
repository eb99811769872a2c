import type { BatchBounds } from './batch-size.ts';
import type { LetterContent } from './dead-letters.ts';
import { TARGET_DEFAULTS, type TargetSettings } from '../sinks/target-pool.ts';

export interface ConsumerSettings extends TargetSettings, BatchBounds {
  /** Bytes that one fetch brings of one partition; a larger record comes alone. */
  readonly maxBytesPerPartition: number;
  /** Partitions that are worked on side by side; each takes one of the target's connections. */
  readonly concurrency: number;
  /** After this long without a sign of life the group gives the partitions of a member to others. */
  readonly sessionTimeoutMs: number;
  /**
   * When the broker no longer has the next record: `stop` with OFFSET_LOST, or `restart` at the log's
   * beginning; with `restart` the operator has every table refreshed.
   */
  readonly offsetLoss: 'stop' | 'restart';
  /** A key whose row a refresh would bring is asked for when it is owed for so long; 0: it is left to people. */
  readonly refreshOwedAfterMs: number;
  /** What dead letters hold of the failed record. */
  readonly letterContent: LetterContent;
  readonly deadLetterRetentionMs: number;
  readonly replicationFactor: number;
}

export const CONSUMER_DEFAULTS: ConsumerSettings = {
  ...TARGET_DEFAULTS,
  maxBatchRecords: 2_000,
  maxBatchBytes: 4 * 1024 * 1024,
  batchTargetMs: 2_000,
  maxBytesPerPartition: 1024 * 1024,
  concurrency: 4,
  sessionTimeoutMs: 15_000,
  offsetLoss: 'stop',
  refreshOwedAfterMs: 5_000,
  letterContent: { payload: false, raw: true, maskedColumns: [] },
  deadLetterRetentionMs: 30 * 24 * 3_600_000,
  replicationFactor: 1,
};
