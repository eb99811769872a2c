import type { Admin, Consumer, ConsumerEndBatchProcessEvent, EachBatchPayload, Kafka } from 'kafkajs';
import { FreshetError, isFreshetError } from '../runtime/errors.ts';
import { errorMessage } from '../runtime/postgres.ts';
import {
  type FetchedBatch,
  type PartitionBounds,
  type TopicPartition,
  fetchedOffset,
  partitionKey,
  rawRecords,
} from './consumer-batch.ts';

export interface TopicConsumerOptions {
  readonly kafka: Kafka;
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
  /** Gives the offset to go on at: the batch's `nextOffset`, or another one. Any rejection ends the run, unless the client's. */
  handle(batch: FetchedBatch): Promise<bigint>;
}

/** The group's offset is for lag tools only: it need not follow every batch. */
const COMMIT_INTERVAL_MS = 1_000;
/** A seek that brings the same wrong batch again and again would be a silent standstill. */
const MAX_FRUITLESS_SEEKS = 20;

interface Cursor {
  /** Where the next batch has to begin at the latest. */
  next: bigint;
  fruitlessSeeks: number;
  committedAt: number;
}

/**
 * A member of a consumer group whose offsets are kept by its handler, not by Kafka. The client starts
 * at the group's offset, and after OFFSET_OUT_OF_RANGE at the log's beginning, without a word: so a batch
 * that begins behind the handler's offset is never handed over, the fetch is repeated from there.
 */
export class TopicConsumer {
  readonly #options: TopicConsumerOptions;
  readonly #consumer: Consumer;
  readonly #admin: Admin;
  readonly #ended = Promise.withResolvers<void>();
  #cursors = new Map<string, Cursor>();
  #assignment: Promise<void> = Promise.resolve();
  /** Counts assignments: the offsets of one that was overtaken by the next are of no use. */
  #generation = 0;
  #ending = false;

  constructor(options: TopicConsumerOptions) {
    this.#options = options;
    this.#admin = options.kafka.admin();
    this.#consumer = options.kafka.consumer({
      groupId: options.group,
      sessionTimeout: options.sessionTimeoutMs,
      heartbeatInterval: Math.floor(options.sessionTimeoutMs / 10),
      rebalanceTimeout: options.sessionTimeoutMs * 2,
      maxBytesPerPartition: options.maxBytesPerPartition,
      maxWaitTimeInMs: 100,
      readUncommitted: false,
      allowAutoTopicCreation: false,
      retry: {
        initialRetryTime: 100,
        maxRetryTime: 2_000,
        retries: 8,
        restartOnFailure: async () => !this.#ending,
      },
    });
  }

  /** Consumes until the signal, then finishes what is under way. Rejects with what the handler or the client gave up on. */
  async run(signal: AbortSignal): Promise<void> {
    // A failure can come before anybody waits for it.
    this.#ended.promise.catch(() => {});
    const stop = (): void => this.#ended.resolve();
    signal.addEventListener('abort', stop, { once: true });
    if (signal.aborted) stop();
    this.#listen();
    try {
      await this.#start();
      await this.#ended.promise;
    } finally {
      this.#ending = true;
      signal.removeEventListener('abort', stop);
      await this.#consumer.disconnect().catch(() => {});
      await this.#admin.disconnect().catch(() => {});
    }
  }

  async #start(): Promise<void> {
    try {
      await this.#admin.connect();
      await this.#consumer.connect();
      await this.#consumer.subscribe({ topics: [...this.#options.topics], fromBeginning: true });
      await this.#consumer.run({
        autoCommit: false,
        eachBatchAutoResolve: false,
        partitionsConsumedConcurrently: this.#options.concurrency,
        eachBatch: (payload) => this.#eachBatch(payload),
      });
    } catch (error) {
      throw asFreshetError(error);
    }
  }

  #listen(): void {
    const { GROUP_JOIN, END_BATCH_PROCESS, CRASH } = this.#consumer.events;
    this.#consumer.on(GROUP_JOIN, ({ payload }) => {
      const assigned = Object.entries(payload.memberAssignment).flatMap(([topic, partitions]) =>
        partitions.map((partition) => ({ topic, partition })),
      );
      this.#assignment = this.#assign(assigned).catch((error: unknown) => this.#fail(error));
    });
    this.#consumer.on(END_BATCH_PROCESS, (event) => this.#passEmptyBatch(event));
    this.#consumer.on(CRASH, ({ payload }) => {
      if (!payload.restart) this.#fail(payload.error);
    });
  }

  async #assign(assigned: readonly TopicPartition[]): Promise<void> {
    const generation = ++this.#generation;
    this.#cursors = new Map();
    const offsets = await this.#options.handler.assigned(await this.#bounds(assigned));
    if (generation !== this.#generation) return;
    const cursors = new Map<string, Cursor>();
    for (const { topic, partition } of assigned) {
      const next = offsets.get(partitionKey({ topic, partition }));
      if (next === undefined)
        throw new FreshetError('INTERNAL', `no offset for ${topic}, partition ${partition}`);
      cursors.set(partitionKey({ topic, partition }), { next, fruitlessSeeks: 0, committedAt: 0 });
      if (!this.#ending) this.#consumer.seek({ topic, partition, offset: String(next) });
    }
    this.#cursors = cursors;
  }

  async #bounds(assigned: readonly TopicPartition[]): Promise<PartitionBounds[]> {
    const bounds: PartitionBounds[] = [];
    for (const topic of new Set(assigned.map((each) => each.topic))) {
      const offsets = await this.#admin.fetchTopicOffsets(topic);
      for (const { partition, low, high } of offsets) {
        if (!assigned.some((each) => each.topic === topic && each.partition === partition)) continue;
        bounds.push({ topic, partition, low: BigInt(low), high: BigInt(high) });
      }
    }
    return bounds;
  }

  /** The client passes over batches of transaction markers or aborted records by itself: the cursor follows. */
  #passEmptyBatch({ payload }: ConsumerEndBatchProcessEvent): void {
    const cursor = this.#cursors.get(partitionKey(payload));
    // The client's type says string; a batch that was filtered to nothing has none.
    const first = payload.firstOffset as string | null;
    if (cursor === undefined || payload.batchSize > 0 || first === null) return;
    const next = BigInt(payload.lastOffset) + 1n;
    if (BigInt(first) <= cursor.next && next > cursor.next) cursor.next = next;
  }

  async #eachBatch(payload: EachBatchPayload): Promise<void> {
    try {
      await whileBeating(this.#assignment, () => payload.heartbeat());
      const cursor = this.#cursors.get(partitionKey(payload.batch));
      if (cursor === undefined || this.#isStale(payload)) return;
      if (fetchedOffset(payload.batch) > cursor.next) return await this.#seekBack(payload, cursor);
      await this.#handle(payload, cursor);
    } catch (error) {
      if (isClientError(error)) throw error;
      this.#fail(error);
    }
  }

  async #handle(payload: EachBatchPayload, cursor: Cursor): Promise<void> {
    const { batch } = payload;
    const { topic, partition } = batch;
    const nextOffset = BigInt(batch.lastOffset()) + 1n;
    const reached = await this.#options.handler.handle({
      topic,
      partition,
      records: rawRecords(batch),
      nextOffset,
      highWatermark: BigInt(batch.highWatermark),
      isStale: () => this.#isStale(payload),
      heartbeat: () => payload.heartbeat(),
    });
    cursor.next = reached;
    cursor.fruitlessSeeks = 0;
    if (reached === nextOffset) payload.resolveOffset(String(nextOffset - 1n));
    else if (!this.#ending) this.#consumer.seek({ topic, partition, offset: String(reached) });
    await this.#commit(payload, cursor);
  }

  /** Either the group's offset was ahead, or the broker dropped records that were not read yet. */
  async #seekBack({ batch }: EachBatchPayload, cursor: Cursor): Promise<void> {
    const { topic, partition } = batch;
    const [bounds] = await this.#bounds([{ topic, partition }]);
    if (bounds !== undefined) assertOffsetKept(bounds, cursor.next);
    cursor.fruitlessSeeks++;
    if (cursor.fruitlessSeeks > MAX_FRUITLESS_SEEKS) {
      throw new FreshetError(
        'INTERNAL',
        `${topic}, partition ${partition}: fetches do not begin at offset ${cursor.next}`,
      );
    }
    if (!this.#ending) this.#consumer.seek({ topic, partition, offset: String(cursor.next) });
  }

  async #commit(payload: EachBatchPayload, cursor: Cursor): Promise<void> {
    const { topic, partition, highWatermark } = payload.batch;
    const idle = cursor.next >= BigInt(highWatermark) || this.#ending;
    if (!idle && Date.now() - cursor.committedAt < COMMIT_INTERVAL_MS) return;
    cursor.committedAt = Date.now();
    const partitions = [{ partition, offset: String(cursor.next) }];
    // A copy: the next commit brings it up to date, and a rebalance shows at the next heartbeat.
    await payload.commitOffsetsIfNecessary({ topics: [{ topic, partitions }] }).catch(() => {});
  }

  #isStale(payload: EachBatchPayload): boolean {
    return this.#ending || payload.isStale() || !payload.isRunning();
  }

  #fail(error: unknown): void {
    this.#ending = true;
    this.#ended.reject(asFreshetError(error));
  }
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

/** Waits for `work`, and keeps the membership meanwhile; a group that rebalances is noticed once the work is done. */
export async function whileBeating<T>(work: Promise<T>, heartbeat: () => Promise<void>): Promise<T> {
  const timer = setInterval(() => void heartbeat().catch(() => {}), 500);
  try {
    return await work;
  } finally {
    clearInterval(timer);
  }
}

function isClientError(error: unknown): boolean {
  return error instanceof Error && error.name.startsWith('KafkaJS');
}

function asFreshetError(error: unknown): FreshetError {
  if (isFreshetError(error)) return error;
  const code = isClientError(error) ? 'CONNECTION' : 'INTERNAL';
  return new FreshetError(code, `consuming: ${errorMessage(error)}`, { cause: error });
}
