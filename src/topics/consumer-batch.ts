import type { RawRecord } from './codec/record-decoder.ts';

export interface TopicPartition {
  readonly topic: string;
  readonly partition: number;
}

/** What the broker has of a partition: from `low`, up to and without `high`. */
export interface PartitionBounds extends TopicPartition {
  readonly low: bigint;
  readonly high: bigint;
}

/** Committed records of one partition, in order, as one fetch brought them. */
export interface FetchedBatch extends TopicPartition {
  readonly records: readonly RawRecord[];
  /** Where the next fetch goes on: behind the last record, and behind the transaction markers that follow it. */
  readonly nextOffset: bigint;
  readonly highWatermark: bigint;
  /** True once the partition may belong to another member, or the consumer is to stop: go no further. */
  isStale(): boolean;
}

export function partitionKey({ topic, partition }: TopicPartition): string {
  return `${topic}/${partition}`;
}
