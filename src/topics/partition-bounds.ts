import type { PartitionBounds } from './consumer-batch.ts';
import { BrokerError, ConnectionLostError } from './wire/broker-error.ts';
import type { Cluster } from './wire/cluster.ts';
import { EARLIEST, LATEST, listOffsets, type OffsetAnswer } from './wire/fetch-requests.ts';
import { isPassing, type Patience, persistently } from './wire/persistence.ts';
import type { BrokerAddress, TopicPartition } from './wire/requests.ts';

/** Nothing is changed by asking: a lost connection is worth another try. */
const PATIENCE: Patience = {
  ms: 10_000,
  isPassing: (error) => error instanceof ConnectionLostError || isPassing(error),
};

/** What the leaders have of the partitions, in their order. Throws BrokerError, UnreachableError, ConnectionLostError. */
export function partitionBounds(
  cluster: Cluster,
  partitions: readonly TopicPartition[],
): Promise<PartitionBounds[]> {
  if (partitions.length === 0) return Promise.resolve([]);
  return persistently(PATIENCE, async () => {
    await cluster.refreshLeaders([...new Set(partitions.map(({ topic }) => topic))]);
    const [lows, highs] = await Promise.all([
      askLeaders(cluster, partitions, EARLIEST),
      askLeaders(cluster, partitions, LATEST),
    ]);
    return partitions.map(({ topic, partition }) => ({
      topic,
      partition,
      low: offsetOf(lows, topic, partition),
      high: offsetOf(highs, topic, partition),
    }));
  });
}

async function askLeaders(
  cluster: Cluster,
  partitions: readonly TopicPartition[],
  which: typeof EARLIEST | typeof LATEST,
): Promise<OffsetAnswer[]> {
  const byLeader = Map.groupBy(partitions, (partition) => leaderOf(cluster, partition));
  const answers = await Promise.all(
    [...byLeader].map(async ([leader, led]) =>
      (await cluster.toLeader(leader)).send(listOffsets(which, led)),
    ),
  );
  return answers.flat();
}

function leaderOf(cluster: Cluster, partition: TopicPartition): BrokerAddress {
  const leader = cluster.leaderOf(partition);
  if (leader === undefined) throw BrokerError.leaderless(partition);
  return leader;
}

function offsetOf(answers: readonly OffsetAnswer[], topic: string, partition: number): bigint {
  const answer = answers.find((each) => each.topic === topic && each.partition === partition);
  if (answer === undefined) throw BrokerError.leaderless({ topic, partition });
  return answer.offset;
}
