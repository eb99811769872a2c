import kafkajs from 'kafkajs';
import type { Kafka, Producer } from 'kafkajs';
import { FreshetError } from '../runtime/errors.ts';
import { errorMessage } from '../runtime/postgres.ts';
import { ensureLogTopic, withAdmin } from './topic-admin.ts';

export interface DeadLetterTopicSettings {
  readonly replicationFactor: number;
  readonly retentionMs: number;
}

export interface DeadLetterRecord {
  /** The key of the record that failed, as it came. */
  readonly key: Buffer | null;
  readonly value: Buffer;
}

/** Writes to one dead-letter topic; the connection comes into being with the first letter. */
export class DeadLetterProducer implements AsyncDisposable {
  readonly #kafka: Kafka;
  readonly #topic: string;
  readonly #settings: DeadLetterTopicSettings;
  #producer: Promise<Producer> | null = null;
  #isThere = false;

  constructor(kafka: Kafka, topic: string, settings: DeadLetterTopicSettings) {
    this.#kafka = kafka;
    this.#topic = topic;
    this.#settings = settings;
  }

  /** Creates the topic where it is missing: the first letter, and all records behind it, need not wait for that. */
  async prepare(): Promise<void> {
    const { replicationFactor, retentionMs } = this.#settings;
    await withAdmin(this.#kafka, (admin) =>
      ensureLogTopic(admin, this.#topic, replicationFactor, retentionMs),
    );
    this.#isThere = true;
  }

  /** Resolves when every in-sync replica has them. Throws CONNECTION; a second try can write a letter twice. */
  async send(letters: readonly DeadLetterRecord[]): Promise<void> {
    if (letters.length === 0) return;
    try {
      this.#producer ??= this.#open();
      const producer = await this.#producer;
      await producer.send({
        topic: this.#topic,
        acks: -1,
        messages: letters.map(({ key, value }) => ({ key, value })),
      });
    } catch (error) {
      await this[Symbol.asyncDispose]();
      this.#isThere = false;
      throw new FreshetError('CONNECTION', `cannot write to ${this.#topic}: ${errorMessage(error)}`, {
        cause: error,
      });
    }
  }

  async #open(): Promise<Producer> {
    if (!this.#isThere) await this.prepare();
    const producer = this.#kafka.producer({
      allowAutoTopicCreation: false,
      createPartitioner: kafkajs.Partitioners.DefaultPartitioner,
    });
    // The client would ask again over the connection that has fallen silent, each time for as long.
    producer.on(producer.events.REQUEST_TIMEOUT, () => void producer.disconnect().catch(() => {}));
    await producer.connect();
    return producer;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const opened = this.#producer;
    this.#producer = null;
    await opened?.then((producer) => producer.disconnect()).catch(() => {});
  }
}
