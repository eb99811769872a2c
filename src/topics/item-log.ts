import type { Kafka, Producer } from 'kafkajs';
import { inBatches } from '../runtime/batches.ts';
import { LazyProducer } from './lazy-producer.ts';
import { topicName } from './names.ts';
import { encodePostedItem, POSTED_PRODUCTS, type PostedItem } from './posted-items.ts';
import { ensureChangeTopics, type TopicSettings, withAdmin } from './topic-admin.ts';

/** The client groups the records of one send by partition in quadratic time. */
const AT_ONCE = { count: 2_000, bytes: 4 * 1024 * 1024 };
const RETRIES = 5;

type Encoded = ReturnType<typeof encodePostedItem>;

interface Waiting {
  readonly records: readonly Encoded[];
  readonly bytes: number;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Appends items to their topic. One send is outstanding at a time: an idempotent producer of this client can lose
 * records of sends that overlap. What comes meanwhile goes together with the next one, in order.
 */
export class ItemLog implements AsyncDisposable {
  readonly topic: string;
  readonly #partitions: number;
  readonly #producer: LazyProducer;
  #waiting: Waiting[] = [];
  #isSending = false;

  private constructor(kafka: Kafka, topic: string, partitions: number) {
    this.topic = topic;
    this.#partitions = partitions;
    this.#producer = new LazyProducer(topic, () => openProducer(kafka));
  }

  /** Makes the topic where it is missing. Throws CONNECTION, PREFLIGHT. */
  static async open(kafka: Kafka, prefix: string, settings: TopicSettings): Promise<ItemLog> {
    const topic = topicName(prefix, POSTED_PRODUCTS);
    const counts = await withAdmin(kafka, (admin) => ensureChangeTopics(admin, [topic], settings));
    return new ItemLog(kafka, topic, counts.get(topic) ?? settings.partitions);
  }

  /** Resolves when every in-sync replica has them. Throws CONNECTION: some may be there; a second try is harmless. */
  async append(items: readonly PostedItem[]): Promise<void> {
    const nowMs = Date.now();
    const records = items.map((item) => encodePostedItem(item, this.#partitions, nowMs));
    const groups = inBatches(records, AT_ONCE, (record) => bytesOf([record]));
    await Promise.all(groups.map((group) => this.#enqueue(group)));
  }

  #enqueue(records: readonly Encoded[]): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ records, bytes: bytesOf(records), resolve, reject });
      if (!this.#isSending) void this.#drain();
    });
  }

  async #drain(): Promise<void> {
    this.#isSending = true;
    while (this.#waiting.length > 0) {
      const batch = this.#nextBatch();
      const sent = this.#producer.send(batch.flatMap(({ records }) => records));
      await sent.then(
        () => batch.forEach(({ resolve }) => resolve()),
        (error: unknown) => batch.forEach(({ reject }) => reject(error)),
      );
    }
    this.#isSending = false;
  }

  #nextBatch(): readonly Waiting[] {
    let records = 0;
    let bytes = 0;
    const tooMany = this.#waiting.findIndex((each, index) => {
      records += each.records.length;
      bytes += each.bytes;
      return index > 0 && (records > AT_ONCE.count || bytes > AT_ONCE.bytes);
    });
    return this.#waiting.splice(0, tooMany < 0 ? this.#waiting.length : tooMany);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#producer[Symbol.asyncDispose]();
  }
}

async function openProducer(kafka: Kafka): Promise<Producer> {
  const producer = kafka.producer({
    allowAutoTopicCreation: false,
    idempotent: true,
    retry: { retries: RETRIES },
  });
  await producer.connect();
  return producer;
}

function bytesOf(records: readonly Encoded[]): number {
  return records.reduce((sum, { key, value }) => sum + key.length + value.length, 0);
}
