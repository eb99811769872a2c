import { BrokerError } from './broker-error.ts';
import type { Cluster } from './cluster.ts';
import type { PartitionOutbox } from './outbox.ts';
import { type Patience, persistently } from './persistence.ts';
import { type PartitionBatch, produce, type ProduceResult } from './requests.ts';

const MAX_REQUEST_BYTES = 8 * 1024 * 1024;
/** The broker's time to copy to the in-sync replicas: shorter than the connection waits for its answer. */
const ACK_TIMEOUT_MS = 15_000;

/**
 * Brings every batch to the leader of its partition: brokers beside each other, one request at a time
 * each, batches of a partition in order. A batch that was refused for now is sent again as it is; the
 * broker drops it when it has it already.
 */
export async function deliver(
  cluster: Cluster,
  transactionalId: string,
  partitions: readonly PartitionOutbox[],
  patience: Patience,
): Promise<void> {
  let open = partitions;
  await persistently(patience, async (tries) => {
    await learnLeaders(cluster, open, tries > 0);
    const byLeader = Map.groupBy(open, (partition) => leaderName(cluster, partition));
    const draining = [...byLeader.values()].map((led) => drain(cluster, transactionalId, led));
    // Every broker's answer is awaited: nothing may be under way when the transaction is aborted.
    const outcomes = await Promise.allSettled(draining);
    open = open.filter(({ batch }) => batch !== undefined);
    const errors = outcomes
      .filter((outcome) => outcome.status === 'rejected')
      .map(({ reason }): unknown => reason);
    if (errors.length > 0) throw errors.find((error) => !patience.isPassing(error)) ?? errors[0];
  });
}

async function learnLeaders(
  cluster: Cluster,
  partitions: readonly PartitionOutbox[],
  isRetry: boolean,
): Promise<void> {
  const asked = isRetry
    ? partitions
    : partitions.filter((partition) => cluster.leaderOf(partition) === undefined);
  if (asked.length > 0) await cluster.refreshLeaders([...new Set(asked.map(({ topic }) => topic))]);
}

function leaderName(cluster: Cluster, partition: PartitionOutbox): string {
  const leader = cluster.leaderOf(partition);
  return leader === undefined ? '' : `${leader.host}:${leader.port}`;
}

/** A partition that is refused drops out; its error is thrown when the others are done. */
async function drain(
  cluster: Cluster,
  transactionalId: string,
  partitions: readonly PartitionOutbox[],
): Promise<void> {
  const [first] = partitions;
  if (first === undefined) return;
  const leader = cluster.leaderOf(first);
  if (leader === undefined) throw BrokerError.leaderless(first);
  const connection = await cluster.toLeader(leader);
  const refusals = new Map<PartitionOutbox, BrokerError>();
  let open = partitions;
  while (open.length > 0) {
    const results = await connection.send(produce(transactionalId, ACK_TIMEOUT_MS, nextBatches(open)));
    settle(open, results, refusals);
    open = open.filter((partition) => partition.batch !== undefined && !refusals.has(partition));
  }
  const errors = [...refusals.values()];
  const error = errors.find(({ isRetriable }) => !isRetriable) ?? errors[0];
  if (error !== undefined) throw error;
}

/** The next batch of each partition, as many as a request should hold, and at least one. */
function nextBatches(partitions: readonly PartitionOutbox[]): PartitionBatch[] {
  const batches: PartitionBatch[] = [];
  let room = MAX_REQUEST_BYTES;
  for (const { topic, partition, batch } of partitions) {
    if (batch === undefined) continue;
    room -= batch.length;
    if (room < 0 && batches.length > 0) break;
    batches.push({ topic, partition, bytes: batch });
  }
  return batches;
}

function settle(
  partitions: readonly PartitionOutbox[],
  results: readonly ProduceResult[],
  refusals: Map<PartitionOutbox, BrokerError>,
): void {
  for (const { topic, partition, error } of results) {
    const outbox = partitions.find(
      (candidate) => candidate.partition === partition && candidate.topic === topic,
    );
    if (outbox === undefined) continue;
    if (error === null || error.type === 'DUPLICATE_SEQUENCE_NUMBER') outbox.advance();
    else refusals.set(outbox, error);
  }
}
