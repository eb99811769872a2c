import type { KafkaConfig } from './kafka-config.ts';
import { createKafka } from './kafka.ts';
import { partitionCounts, withAdmin } from './topic-admin.ts';
import { TopicTail } from './topic-tail.ts';

export interface StoredLetter {
  /** In the dead-letter topic. */
  readonly offset: bigint;
  readonly writtenAtMs: number;
  readonly value: Buffer | null;
}

/** What a dead-letter topic holds now from an offset on, the oldest first; nothing where there is no topic. Throws CONNECTION. */
export async function* readDeadLetters(
  config: KafkaConfig,
  topic: string,
  from = 0n,
): AsyncGenerator<StoredLetter> {
  const counts = await withAdmin(createKafka(config), (admin) => partitionCounts(admin, [topic]));
  if (!counts.has(topic)) return;
  using tail = new TopicTail(config, topic);
  for (let offset = from; ;) {
    const { records, nextOffset, atEnd } = await tail.fetch(offset, 0);
    for (const { offset, timestampMs, value } of records) yield { offset, writtenAtMs: timestampMs, value };
    if (atEnd) return;
    offset = nextOffset;
  }
}
