import { FreshetError } from '../runtime/errors.ts';
import type { KafkaConfig } from './kafka-config.ts';
import type { OutgoingRecord } from './publisher.ts';
import { TopicTail } from './topic-tail.ts';

/** Entry key → JSON text. What a capture has to know to go on; kept in a compacted topic of one partition. */
export type CheckpointImage = Map<string, string>;

/** A changed entry; null removes it. */
export interface CheckpointEntry {
  readonly key: string;
  readonly value: string | null;
}

/** The record that makes an entry part of a Kafka transaction. `owner` is the slot: several share a topic. */
export function checkpointRecord(topic: string, owner: string, entry: CheckpointEntry): OutgoingRecord {
  return {
    topic,
    partition: 0,
    key: Buffer.from(`${owner}|${entry.key}`),
    value: entry.value === null ? null : Buffer.from(entry.value),
    headers: {},
  };
}

export function applyEntries(image: CheckpointImage, entries: readonly CheckpointEntry[]): void {
  for (const { key, value } of entries) {
    if (value === null) image.delete(key);
    else image.set(key, value);
  }
}

/** Hears of the image between two transactions: `key` is the entry that comes first in each. */
export interface TransactionListener {
  readonly key: string;
  /** Before the first entry of the next transaction is applied, which was written at `nextMs`. */
  whole(image: CheckpointImage, nextMs: number): void;
}

/** Follows the entries of one owner in the checkpoint topic, from any process. */
export class CheckpointReader implements Disposable {
  readonly image: CheckpointImage = new Map();
  readonly #tail: TopicTail;
  readonly #prefix: string;
  readonly #listener: TransactionListener | null;
  #offset = 0n;

  constructor(
    config: KafkaConfig,
    topic: string,
    owner: string,
    listener: TransactionListener | null = null,
  ) {
    this.#tail = new TopicTail(config, topic);
    this.#prefix = `${owner}|`;
    this.#listener = listener;
  }

  /** Brings the image up to what is committed now. Throws CONNECTION. */
  async catchUp(): Promise<void> {
    while (!(await this.advance(0))) continue;
  }

  /** Applies what came since the last call; waits for something up to `maxWaitMs`. True at the end. */
  async advance(maxWaitMs: number): Promise<boolean> {
    const { records, nextOffset, atEnd } = await this.#tail.fetch(this.#offset, maxWaitMs);
    this.#offset = nextOffset;
    for (const { key, value, timestampMs } of records) {
      const name = key?.toString() ?? '';
      if (!name.startsWith(this.#prefix)) continue;
      if (name.slice(this.#prefix.length) === this.#listener?.key)
        this.#listener.whole(this.image, timestampMs);
      const entry = { key: name.slice(this.#prefix.length), value: value?.toString() ?? null };
      applyEntries(this.image, [entry]);
    }
    return atEnd;
  }

  [Symbol.dispose](): void {
    this.#tail[Symbol.dispose]();
  }
}

const MARKER_WAIT_MS = 100;

/**
 * Reads the owner's entries up to the one named `until.key` whose value is `until.value`. The caller has
 * just committed it, behind everything that any earlier capture of this owner could have committed.
 */
export async function readCheckpoint(
  config: KafkaConfig,
  topic: string,
  owner: string,
  until: CheckpointEntry,
  timeoutMs = 60_000,
): Promise<CheckpointImage> {
  using reader = new CheckpointReader(config, topic, owner);
  const deadline = Date.now() + timeoutMs;
  while (reader.image.get(until.key) !== until.value) {
    if (Date.now() > deadline)
      throw new FreshetError('CONNECTION', `reading ${topic} took more than ${timeoutMs} ms`);
    await reader.advance(MARKER_WAIT_MS);
  }
  return reader.image;
}
