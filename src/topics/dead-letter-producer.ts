import kafkajs from 'kafkajs';
import type { Kafka, Producer } from 'kafkajs';
import { LazyProducer } from './lazy-producer.ts';
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
  readonly #producer: LazyProducer;
  #isThere = false;

  constructor(kafka: Kafka, topic: string, settings: DeadLetterTopicSettings) {
    this.#kafka = kafka;
    this.#topic = topic;
    this.#settings = settings;
    this.#producer = new LazyProducer(topic, () => this.#open());
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
    if (letters.length > 0) await this.#producer.send(letters.map(({ key, value }) => ({ key, value })));
  }

  async #open(): Promise<Producer> {
    if (!this.#isThere) await this.prepare();
    // Whoever opens again does so after a failure: the topic may have gone.
    this.#isThere = false;
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
    await this.#producer[Symbol.asyncDispose]();
  }
}
