import {
  type BatchContext,
  type FinishedBatch,
  nextSequence,
  RecordBatchWriter,
  type RecordContent,
} from './record-batch-writer.ts';
import type { TopicPartition } from './requests.ts';

/** Unlike a topic's own limit, one that every broker takes by default. */
const MAX_BATCH_BYTES = 1_000_000;
/** Buffers that are kept from one transaction to the next. */
const MAX_KEPT_BYTES = 32 * 1024 * 1024;

export interface OutboxRecord extends RecordContent, TopicPartition {}

/** The batches that one partition still has to get. Its sequence goes on for as long as the producer's epoch. */
export class PartitionOutbox implements TopicPartition {
  readonly topic: string;
  readonly partition: number;
  readonly writer = new RecordBatchWriter(MAX_BATCH_BYTES);
  #sequence = 0;
  #batches: readonly FinishedBatch[] = [];
  #next = 0;

  constructor(topic: string, partition: number) {
    this.topic = topic;
    this.partition = partition;
  }

  /** The one to be sent now. A batch that is sent again is the same to the byte: the broker knows it by its sequence. */
  get batch(): Buffer | undefined {
    return this.#batches[this.#next]?.bytes;
  }

  finish(context: Omit<BatchContext, 'sequence'>): void {
    this.#batches = this.writer.finish({ ...context, sequence: this.#sequence });
    this.#next = 0;
    for (const { count } of this.#batches) this.#sequence = nextSequence(this.#sequence, count);
  }

  advance(): void {
    this.#next++;
  }

  clear(release: boolean): void {
    this.#batches = [];
    this.writer.clear(release);
  }
}

/** Sorts records into batches by partition. */
export class Outbox {
  readonly #topics = new Map<string, Map<number, PartitionOutbox>>();

  /** The partitions that got records, in the order of their first one. */
  fill(
    records: readonly OutboxRecord[],
    context: Omit<BatchContext, 'sequence'>,
  ): readonly PartitionOutbox[] {
    const filled = new Set<PartitionOutbox>();
    let last: PartitionOutbox | null = null;
    for (const record of records) {
      if (last === null || last.partition !== record.partition || last.topic !== record.topic) {
        last = this.#partition(record);
        filled.add(last);
      }
      last.writer.append(record);
    }
    for (const partition of filled) partition.finish(context);
    return [...filled];
  }

  /** Once the batches are written; their bytes are used again. */
  clear(filled: readonly PartitionOutbox[]): void {
    let kept = 0;
    for (const partitions of this.#topics.values()) {
      for (const { writer } of partitions.values()) kept += writer.capacity;
    }
    for (const partition of filled) partition.clear(kept > MAX_KEPT_BYTES);
  }

  #partition({ topic, partition }: TopicPartition): PartitionOutbox {
    let partitions = this.#topics.get(topic);
    if (partitions === undefined) this.#topics.set(topic, (partitions = new Map<number, PartitionOutbox>()));
    let outbox = partitions.get(partition);
    if (outbox === undefined) partitions.set(partition, (outbox = new PartitionOutbox(topic, partition)));
    return outbox;
  }
}
