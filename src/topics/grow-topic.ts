import { setTimeout as sleep } from 'node:timers/promises';
import type { Admin } from 'kafkajs';
import { FreshetError } from '../runtime/errors.ts';
import { errorMessage } from '../runtime/postgres.ts';
import { partitionCounts } from './topic-admin.ts';

const METADATA_TIMEOUT_MS = 30_000;
const POLL_MS = 100;

/** Where another group than the target's own stands in a topic. */
export interface ForeignGroup {
  readonly group: string;
  /** Markers counted: a group that has read all may seem a little behind. */
  readonly behind: number;
}

/** Groups with an offset in the topic, `own` left out. */
export async function foreignGroups(
  admin: Admin,
  topic: string,
  own: ReadonlySet<string>,
): Promise<ForeignGroup[]> {
  const ends = new Map(
    (await admin.fetchTopicOffsets(topic)).map(({ partition, high }) => [partition, high]),
  );
  const { groups } = await admin.listGroups();
  const found: ForeignGroup[] = [];
  for (const { groupId: group } of groups.filter(({ groupId }) => !own.has(groupId))) {
    const [answer] = await admin.fetchOffsets({ groupId: group, topics: [topic] });
    const read = answer?.partitions.filter(({ offset }) => Number(offset) >= 0) ?? [];
    if (read.length === 0) continue;
    const left = read.map(({ partition, offset }) => Number(ends.get(partition) ?? 0) - Number(offset));
    found.push({ group, behind: left.reduce((sum, each) => sum + Math.max(0, each), 0) });
  }
  return found;
}

/**
 * Removes the records before `removeBefore` (by partition), then gives the topic its partitions. With them
 * gone, nobody who begins to read later meets an older record of a key beside a newer one in another partition.
 */
export async function growTopic(
  admin: Admin,
  topic: string,
  partitions: number,
  removeBefore: ReadonlyMap<number, bigint>,
): Promise<void> {
  try {
    // The client removes records only where it has the topic's metadata.
    const bounds = await admin.fetchTopicOffsets(topic);
    const removed = bounds.flatMap(({ partition, low }) => {
      const offset = removeBefore.get(partition) ?? 0n;
      return offset > BigInt(low) ? [{ partition, offset: String(offset) }] : [];
    });
    if (removed.length > 0) await admin.deleteTopicRecords({ topic, partitions: removed });
    if (bounds.length < partitions)
      await admin.createPartitions({ topicPartitions: [{ topic, count: partitions }] });
  } catch (error) {
    throw new FreshetError('PREFLIGHT', `cannot repartition ${topic}: ${errorMessage(error)}`, {
      cause: error,
      cure: 'Let Freshet alter the topic and delete records of it, and ask again.',
    });
  }
  const deadline = Date.now() + METADATA_TIMEOUT_MS;
  while ((await partitionCounts(admin, [topic])).get(topic) !== partitions) {
    if (Date.now() > deadline)
      throw new FreshetError('CONNECTION', `the brokers do not show the new partitions of ${topic}`);
    await sleep(POLL_MS);
  }
}
