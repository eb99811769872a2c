import { partitionCounts, withAdmin, writtenOffsets } from '../topics/topic-admin.ts';
import type { Kafka } from '../topics/kafka.ts';
import { recreated, topicError } from './history.ts';

/** Looks at the change topics again and again: records of one key must stay in one partition, and none may vanish. */
export class TopicWatch {
  readonly #kafka: Kafka;
  readonly #partitions: ReadonlyMap<string, number>;
  #written: ReadonlyMap<string, bigint> = new Map();

  /** `partitions`: topic → count, as the capture believes. */
  constructor(kafka: Kafka, partitions: ReadonlyMap<string, number>) {
    this.#kafka = kafka;
    this.#partitions = partitions;
  }

  /** Throws TOPIC_CHANGED. */
  async look(): Promise<void> {
    const topics = [...this.#partitions.keys()];
    await withAdmin(this.#kafka, async (admin) => {
      const error = topicError(Object.fromEntries(this.#partitions), await partitionCounts(admin, topics));
      if (error !== null) throw error;
      const written = await writtenOffsets(admin, topics);
      for (const [topic, before] of this.#written)
        if ((written.get(topic) ?? 0n) < before) throw recreated(topic);
      this.#written = written;
    });
  }
}
