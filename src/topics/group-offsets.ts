import type { PartitionBounds } from './consumer-batch.ts';
import type { Kafka } from './kafka.ts';
import type { KafkaConfig } from './kafka-config.ts';
import { Cluster } from './wire/cluster.ts';
import { type GroupOffset, commitOffsets } from './wire/group-requests.ts';
import { isPassing, persistently } from './wire/persistence.ts';
import { partitionCounts, withAdmin } from './topic-admin.ts';

/** A commit of no member, which the coordinator takes while the group is empty. */
const NOBODY = { generation: -1, memberId: '' } as const;
const PATIENCE_MS = 10_000;

/** What the broker has of each partition of the topics that exist. */
export function topicBounds(kafka: Kafka, topics: readonly string[]): Promise<PartitionBounds[]> {
  return withAdmin(kafka, async (admin) => {
    const existing = [...(await partitionCounts(admin, topics)).keys()];
    const offsets = await Promise.all(
      existing.map(async (topic) =>
        (await admin.fetchTopicOffsets(topic)).map(({ partition, low, high }) => {
          return { topic, partition, low: BigInt(low), high: BigInt(high) };
        }),
      ),
    );
    return offsets.flat();
  });
}

/** Partition → the offset of the first record that was written at a time, in ms, or later; else the end. */
export async function offsetsAtTime(
  kafka: Kafka,
  topic: string,
  timeMs: number,
): Promise<Map<number, bigint>> {
  const found = await withAdmin(kafka, (admin) => admin.fetchTopicOffsetsByTimestamp(topic, timeMs));
  return new Map(found.map(({ partition, offset }) => [partition, BigInt(offset)]));
}

/** Where a group without members stands for tools that show lag. Throws BrokerError where it has members. */
export async function copyGroupOffsets(
  config: KafkaConfig,
  group: string,
  offsets: readonly GroupOffset[],
): Promise<void> {
  const cluster = new Cluster(config);
  try {
    await persistently({ ms: PATIENCE_MS, isPassing }, async () => {
      const coordinator = await cluster.toCoordinator('group', group);
      await coordinator.send(commitOffsets({ group, ...NOBODY }, offsets));
    });
  } finally {
    cluster.close();
  }
}
