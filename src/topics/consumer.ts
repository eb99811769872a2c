import { FreshetError, isFreshetError } from '../runtime/errors.ts';
import { errorMessage } from '../runtime/postgres.ts';
import {
  type FetchedBatch,
  type PartitionBounds,
  type TopicPartition,
  partitionKey,
} from './consumer-batch.ts';
import { ConsumerSession } from './consumer-session.ts';
import { Fetcher, OffsetGoneError } from './fetcher.ts';
import { type Assignment, GroupMember } from './group-member.ts';
import type { KafkaConfig } from './kafka-config.ts';
import { partitionBounds } from './partition-bounds.ts';
import { BrokerError, ConnectionLostError, UnreachableError } from './wire/broker-error.ts';
import { Cluster } from './wire/cluster.ts';

export interface TopicConsumerOptions {
  readonly kafka: KafkaConfig;
  readonly group: string;
  readonly topics: readonly string[];
  readonly maxBytesPerPartition: number;
  /** Partitions that are handled side by side. */
  readonly concurrency: number;
  readonly sessionTimeoutMs: number;
  readonly handler: BatchHandler;
}

export interface BatchHandler {
  /** At every assignment, before any batch of it. Gives where to go on, by `partitionKey`. Any rejection ends the run. */
  assigned(partitions: readonly PartitionBounds[]): Promise<ReadonlyMap<string, bigint>>;
  /** Gives the offset to go on at: the batch's `nextOffset`, or another one. Any rejection ends the run. */
  handle(batch: FetchedBatch): Promise<bigint>;
}

/** Fetched ahead, of all partitions together, whatever their number. */
const MAX_BUFFERED_BYTES = 16 * 1024 * 1024;

/** A member of a consumer group whose offsets are kept by its handler, not by Kafka. */
export class TopicConsumer {
  readonly #options: TopicConsumerOptions;

  constructor(options: TopicConsumerOptions) {
    this.#options = options;
  }

  /**
   * Consumes until the signal, then finishes what is under way. Rejects with what the handler gave up on,
   * and with CONNECTION where the cluster is away for long.
   */
  async run(signal: AbortSignal): Promise<void> {
    const { kafka, group, topics, sessionTimeoutMs } = this.#options;
    const member = new GroupMember(kafka, { group, topics, sessionTimeoutMs });
    const cluster = new Cluster(kafka);
    try {
      while (!signal.aborted) {
        const assignment = await member.join(signal);
        await this.#work(cluster, member, assignment, signal);
      }
    } catch (error) {
      if (!signal.aborted || isFreshetError(error)) throw asFreshetError(error);
    } finally {
      cluster.close();
      await member.leave();
    }
  }

  /** One assignment, until it is over. An offset that is gone is the handler's to judge: it is asked anew. */
  async #work(
    cluster: Cluster,
    member: GroupMember,
    assignment: Assignment,
    signal: AbortSignal,
  ): Promise<void> {
    const over = AbortSignal.any([signal, assignment.over]);
    while (!over.aborted) {
      const bounds = await partitionBounds(cluster, assignment.partitions);
      const offsets = await this.#options.handler.assigned(bounds);
      const { maxBytesPerPartition, concurrency, handler } = this.#options;
      const settings = { maxBytesPerPartition, maxBufferedBytes: MAX_BUFFERED_BYTES };
      const fetcher = new Fetcher(cluster, settings, positions(assignment, offsets));
      const session = new ConsumerSession(fetcher, {
        concurrency,
        handle: (batch) => handler.handle(batch),
        commit: (reached) => member.commit(reached),
      });
      try {
        await session.run(over);
      } catch (error) {
        if (!(error instanceof OffsetGoneError)) throw error;
      }
    }
  }
}

function positions(
  { partitions }: Assignment,
  offsets: ReadonlyMap<string, bigint>,
): (TopicPartition & { offset: bigint })[] {
  return partitions.map(({ topic, partition }) => {
    const offset = offsets.get(partitionKey({ topic, partition }));
    if (offset === undefined)
      throw new FreshetError('INTERNAL', `no offset for ${topic}, partition ${partition}`);
    return { topic, partition, offset };
  });
}

/** Throws OFFSET_LOST where the broker no longer has the record to go on at, or has a shorter log than was read. */
export function assertOffsetKept({ topic, partition, low, high }: PartitionBounds, next: bigint): void {
  if (next >= low && next <= high) return;
  const has = low === high ? `an empty log at offset ${low}` : `offsets ${low} to ${high - 1n}`;
  throw new FreshetError(
    'OFFSET_LOST',
    `${topic}, partition ${partition}: offset ${next} is next, the broker has ${has}`,
  );
}

function asFreshetError(error: unknown): FreshetError {
  if (isFreshetError(error)) return error;
  const isClusters =
    error instanceof BrokerError || error instanceof ConnectionLostError || error instanceof UnreachableError;
  const code = isClusters ? 'CONNECTION' : 'INTERNAL';
  return new FreshetError(code, `consuming: ${errorMessage(error)}`, { cause: error });
}
