import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import {
  applyEntries,
  type CheckpointEntry,
  type CheckpointImage,
  checkpointRecord,
  readCheckpoint,
} from '../topics/checkpoint.ts';
import { checkpointTopic } from '../topics/names.ts';
import { type OutgoingRecord, TransactionalPublisher } from '../topics/publisher.ts';
import type { CaptureConfig, CaptureDependencies } from './capture-config.ts';
import { ensureOwnTopics } from './own-topics.ts';

export const SESSION_KEY = 'session';

/** Who holds the lease; kept with the checkpoint. */
export interface SessionEntry {
  readonly id: string;
  readonly host: string;
  readonly pid: number;
  readonly startedAt: string;
  /** Set by a holder that gave the lease back. */
  readonly endedAt?: string;
}

/**
 * The right to publish for one slot, and what was last committed under it. Acquiring it fences every
 * earlier holder; it is lost with the first failed publish, since nobody knows how that ended.
 */
export class Lease implements AsyncDisposable {
  /** The entries as Kafka holds them. */
  readonly image: CheckpointImage;
  readonly #publisher: TransactionalPublisher;
  readonly #topic: string;
  readonly #owner: string;
  readonly #session: SessionEntry;
  #broken = false;

  private constructor(
    publisher: TransactionalPublisher,
    image: CheckpointImage,
    topic: string,
    owner: string,
    session: SessionEntry,
  ) {
    this.#session = session;
    this.#publisher = publisher;
    this.image = image;
    this.#topic = topic;
    this.#owner = owner;
  }

  static async acquire(
    config: CaptureConfig,
    { kafka, kafkaConfig, tracing }: CaptureDependencies,
  ): Promise<Lease> {
    const topic = checkpointTopic(config.prefix);
    await ensureOwnTopics(kafka, config.prefix, config.topics);
    const transactionalId = `freshet-${config.prefix}-${config.slot}`;
    const publisher = await TransactionalPublisher.open(kafkaConfig, transactionalId, {
      timeoutMs: config.transactionTimeoutMs,
      compression: config.topics.compression,
      tracing,
    });
    try {
      const session: SessionEntry = {
        id: randomUUID(),
        host: hostname(),
        pid: process.pid,
        startedAt: new Date().toISOString(),
      };
      const marker = { key: SESSION_KEY, value: JSON.stringify(session) };
      await publisher.publish([checkpointRecord(topic, config.slot, marker)]);
      const image = await readCheckpoint(kafkaConfig, topic, config.slot, marker);
      return new Lease(publisher, image, topic, config.slot, session);
    } catch (error) {
      await publisher[Symbol.asyncDispose]();
      throw error;
    }
  }

  get isBroken(): boolean {
    return this.#broken;
  }

  /** Ahead of a `publish` that follows at once; see TransactionalPublisher.prepare. Throws FENCED or CONNECTION. */
  async prepare(): Promise<void> {
    await this.#unlessLost(this.#publisher.prepare());
  }

  /** Commits records and changed entries as one. Throws FENCED or CONNECTION, and the lease is lost. */
  async publish(records: readonly OutgoingRecord[], entries: readonly CheckpointEntry[]): Promise<void> {
    const checkpoint = entries.map((entry) => checkpointRecord(this.#topic, this.#owner, entry));
    await this.#unlessLost(this.#publisher.publish([...records, ...checkpoint]));
    applyEntries(this.image, entries);
  }

  async #unlessLost(done: Promise<void>): Promise<void> {
    try {
      await done;
    } catch (error) {
      this.#broken = true;
      throw error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const ended = JSON.stringify({ ...this.#session, endedAt: new Date().toISOString() });
    if (!this.#broken) await this.publish([], [{ key: SESSION_KEY, value: ended }]).catch(() => {});
    await this.#publisher[Symbol.asyncDispose]();
  }
}
