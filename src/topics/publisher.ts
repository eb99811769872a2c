import { FreshetError } from '../runtime/errors.ts';
import { failpoint } from '../runtime/failpoint.ts';
import { errorMessage } from '../runtime/postgres.ts';
import { TRACE_HEADER, type Tracing } from '../runtime/tracing.ts';
import { POSITION_HEADER } from './codec/headers.ts';
import type { KafkaConfig } from './kafka-config.ts';
import { BrokerError } from './wire/broker-error.ts';
import type { Compression } from './wire/compression.ts';
import { TransactionalProducer } from './wire/transactional-producer.ts';

/** A record with its partition decided. */
export interface OutgoingRecord {
  readonly topic: string;
  readonly partition: number;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: Readonly<Record<string, string>>;
}

export interface PublisherOptions {
  /** An unfinished transaction is aborted by Kafka after this, and its publisher fenced. */
  readonly timeoutMs: number;
  /** Of the record batches. Default: none. */
  readonly compression?: Compression | undefined;
  readonly tracing?: Tracing | undefined;
}

/**
 * Publishes batches, each one Kafka transaction. One `transactional.id` per slot: opening a publisher
 * fences every older one (invariant 4). After any error the publisher is of no use any more, as the
 * transaction may or may not have been committed: open a new one and read the checkpoint again.
 */
export class TransactionalPublisher implements AsyncDisposable {
  readonly #producer: TransactionalProducer;
  readonly #trace: (records: number) => ReturnType<Tracing['publishing']> | undefined;
  #failure: FreshetError | null = null;
  #isPublishing = false;

  private constructor(
    producer: TransactionalProducer,
    transactionalId: string,
    tracing: Tracing | undefined,
  ) {
    this.#producer = producer;
    this.#trace = (records) => tracing?.publishing(transactionalId, records);
  }

  /** Throws CONNECTION, PREFLIGHT, CONFIG_INVALID. */
  static async open(
    config: KafkaConfig,
    transactionalId: string,
    { timeoutMs, compression = 'none', tracing }: PublisherOptions,
  ): Promise<TransactionalPublisher> {
    try {
      const producer = await TransactionalProducer.open(config, { transactionalId, timeoutMs, compression });
      return new TransactionalPublisher(producer, transactionalId, tracing);
    } catch (error) {
      throw publishError(error);
    }
  }

  /**
   * Opens the transaction of the next `publish`, which must follow soon: until then the broker counts its time-out.
   * Of use right behind a `publish`, while the broker still ends that one's transaction. Throws as `publish` does.
   */
  async prepare(): Promise<void> {
    await this.#exclusively(() => this.#producer.begin());
  }

  /**
   * Resolves when every record is committed. One call at a time. Throws FENCED, CONNECTION,
   * CONFIG_INVALID, PREFLIGHT, and the same again on every later call.
   */
  async publish(records: readonly OutgoingRecord[]): Promise<void> {
    const span = this.#trace(records.length);
    try {
      await this.#exclusively(async () => {
        await this.#producer.send(
          span === undefined ? records : records.map((each) => traced(each, span.header)),
        );
        failpoint('before-commit');
        await this.#producer.commit();
      });
      span?.end();
    } catch (error) {
      span?.end(error);
      throw error;
    }
  }

  async #exclusively(work: () => Promise<void>): Promise<void> {
    if (this.#failure !== null) throw this.#failure;
    if (this.#isPublishing)
      throw new FreshetError('INTERNAL', 'a publisher was given a batch before it was done with another');
    this.#isPublishing = true;
    try {
      await work();
    } catch (error) {
      this.#failure = publishError(error);
      // Readers need not wait for the time-out of what the broker refused for good.
      if (error instanceof BrokerError && !error.isRetriable) await this.#producer.abort().catch(() => {});
      throw this.#failure;
    } finally {
      this.#isPublishing = false;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#producer[Symbol.asyncDispose]();
  }
}

/** Checkpoints and dead letters have no position; nobody follows them. */
function traced(record: OutgoingRecord, header: string): OutgoingRecord {
  if (!(POSITION_HEADER in record.headers)) return record;
  return { ...record, headers: { ...record.headers, [TRACE_HEADER]: header } };
}

const FENCED_TYPES = new Set(['INVALID_PRODUCER_EPOCH', 'PRODUCER_FENCED', 'INVALID_PRODUCER_ID_MAPPING']);
const TOO_LARGE_TYPES = new Set(['MESSAGE_TOO_LARGE', 'RECORD_LIST_TOO_LARGE']);
const FORBIDDEN_TYPES = new Set([
  'TOPIC_AUTHORIZATION_FAILED',
  'CLUSTER_AUTHORIZATION_FAILED',
  'TRANSACTIONAL_ID_AUTHORIZATION_FAILED',
  'SASL_AUTHENTICATION_FAILED',
  'UNSUPPORTED_SASL_MECHANISM',
  'ILLEGAL_SASL_STATE',
]);

function publishError(error: unknown): FreshetError {
  const type = error instanceof BrokerError ? error.type : '';
  const message = `Kafka: ${errorMessage(error)}`;
  if (FENCED_TYPES.has(type)) {
    return new FreshetError('FENCED', 'a newer capture publishes for this slot now', { cause: error });
  }
  if (TOO_LARGE_TYPES.has(type)) {
    return new FreshetError('CONFIG_INVALID', `Kafka refused a batch as too large: ${errorMessage(error)}`, {
      cause: error,
      cure: 'Set message.max.bytes of the broker and max.message.bytes of the topics to at least the record limit.',
    });
  }
  if (type === 'INVALID_TRANSACTION_TIMEOUT') {
    return new FreshetError('CONFIG_INVALID', message, {
      cause: error,
      cure: "Set the transaction timeout to at most the broker's transaction.max.timeout.ms.",
    });
  }
  if (type === 'UNSUPPORTED_VERSION')
    return new FreshetError('PREFLIGHT', message, { cause: error, cure: 'Use Kafka 2.1 or newer.' });
  if (FORBIDDEN_TYPES.has(type)) {
    return new FreshetError('PREFLIGHT', message, {
      cause: error,
      cure: 'Check kafka.sasl, and grant the user Write and Describe on the topics and on the transactional id.',
    });
  }
  return new FreshetError('CONNECTION', message, { cause: error });
}
