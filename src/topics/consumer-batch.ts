import type { Batch, KafkaMessage } from 'kafkajs';
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
  /** Tells the group that this member lives. Rejects with the client's error when the group is rebalancing. */
  heartbeat(): Promise<void>;
}

export function partitionKey({ topic, partition }: TopicPartition): string {
  return `${topic}/${partition}`;
}

export function rawRecords(batch: Batch): RawRecord[] {
  const { topic, partition } = batch;
  return batch.messages.map((message) => rawRecord(topic, partition, message));
}

function rawRecord(topic: string, partition: number, message: KafkaMessage): RawRecord {
  return {
    key: message.key,
    value: message.value,
    // The consumer gives buffers only; the client's type also covers what a producer may pass.
    headers: (message.headers ?? {}) as Record<string, Buffer | undefined>,
    topic,
    partition,
    offset: message.offset,
    timestamp: message.timestamp,
  };
}

/** The offset that the fetch asked for; the client has it, its type does not. */
export function fetchedOffset(batch: Batch): bigint {
  return BigInt((batch as Batch & { readonly fetchedOffset: string }).fetchedOffset);
}
