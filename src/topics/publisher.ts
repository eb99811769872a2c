import kafkajs from 'kafkajs';
import type { CompressionTypes, Kafka, Producer } from 'kafkajs';
import { FreshetError } from '../runtime/errors.ts';
import { errorMessage } from '../runtime/postgres.ts';

/** A record with its partition decided. Header values are ASCII. */
export interface OutgoingRecord {
  readonly topic: string;
  readonly partition: number;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: Readonly<Record<string, string>>;
}

/** The client groups the messages of a send in quadratic time: several small sends make one transaction. */
const RECORDS_PER_SEND = 2_000;

/**
 * Publishes batches, each one Kafka transaction. One `transactional.id` per slot: the first
 * transaction of a new publisher fences every older one (invariant 4). After any error the publisher
 * is of no use any more, as the transaction may or may not have been committed: open a new one and
 * read the checkpoint again.
 */
export class TransactionalPublisher implements AsyncDisposable {
  readonly #producer: Producer;
  readonly #compression: CompressionTypes;

  private constructor(producer: Producer, compression: CompressionTypes) {
    this.#producer = producer;
    this.#compression = compression;
  }

  static async open(kafka: Kafka, transactionalId: string, timeoutMs: number): Promise<TransactionalPublisher> {
    const producer = kafka.producer({
      transactionalId,
      idempotent: true,
      maxInFlightRequests: 1,
      transactionTimeout: timeoutMs,
      allowAutoTopicCreation: false,
      // A transaction that follows another meets CONCURRENT_TRANSACTIONS for some milliseconds.
      retry: { initialRetryTime: 2, maxRetryTime: 50, multiplier: 1.2, factor: 0, retries: 50 },
    });
    try {
      await producer.connect();
    } catch (error) {
      await producer.disconnect().catch(() => {});
      throw publishError(error);
    }
    return new TransactionalPublisher(producer, kafkajs.CompressionTypes.None);
  }

  /** Resolves when every record is committed. Throws FENCED or CONNECTION. */
  async publish(records: readonly OutgoingRecord[]): Promise<void> {
    try {
      const transaction = await this.#producer.transaction();
      try {
        for (let at = 0; at < records.length; at += RECORDS_PER_SEND) {
          const topicMessages = byTopic(records.slice(at, at + RECORDS_PER_SEND));
          await transaction.sendBatch({ topicMessages, acks: -1, compression: this.#compression });
        }
        await transaction.commit();
      } catch (error) {
        if (transaction.isActive()) await transaction.abort().catch(() => {});
        throw error;
      }
    } catch (error) {
      throw publishError(error);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#producer.disconnect().catch(() => {});
  }
}

function byTopic(records: readonly OutgoingRecord[]): { topic: string; messages: OutgoingMessage[] }[] {
  const topics = new Map<string, OutgoingMessage[]>();
  for (const { topic, partition, key, value, headers } of records) {
    let messages = topics.get(topic);
    if (messages === undefined) topics.set(topic, (messages = []));
    messages.push({ partition, key, value, headers });
  }
  return [...topics].map(([topic, messages]) => ({ topic, messages }));
}

interface OutgoingMessage {
  partition: number;
  key: Buffer | null;
  value: Buffer | null;
  headers: Record<string, string>;
}

const FENCED_TYPES = new Set(['INVALID_PRODUCER_EPOCH', 'PRODUCER_FENCED', 'INVALID_PRODUCER_ID_MAPPING']);

function publishError(error: unknown): FreshetError {
  const type = typeof error === 'object' && error !== null && 'type' in error ? String(error.type) : '';
  if (FENCED_TYPES.has(type)) {
    return new FreshetError('FENCED', 'a newer capture publishes for this slot now', { cause: error });
  }
  if (type === 'MESSAGE_TOO_LARGE' || type === 'RECORD_LIST_TOO_LARGE') {
    return new FreshetError('CONFIG_INVALID', 'Kafka refused a batch as too large', {
      cause: error,
      cure: 'Set message.max.bytes of the broker and max.message.bytes of the topics to at least the record limit.',
    });
  }
  return new FreshetError('CONNECTION', `Kafka: ${errorMessage(error)}`, { cause: error });
}
