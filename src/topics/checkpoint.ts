import { randomUUID } from 'node:crypto';
import type { Kafka } from 'kafkajs';
import { FreshetError } from '../runtime/errors.ts';
import { errorMessage } from '../runtime/postgres.ts';
import type { OutgoingRecord } from './publisher.ts';

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

/**
 * Reads the owner's entries up to the one named `untilKey` whose value is `untilValue`. The caller has
 * just committed it, behind everything that any earlier capture of this owner could have committed.
 */
export async function readCheckpoint(
  kafka: Kafka,
  topic: string,
  owner: string,
  until: CheckpointEntry,
  timeoutMs = 60_000,
): Promise<CheckpointImage> {
  const consumer = kafka.consumer({ groupId: `freshet-checkpoint-${randomUUID()}`, maxWaitTimeInMs: 100 });
  const image: CheckpointImage = new Map();
  const prefix = `${owner}|`;
  try {
    await consumer.connect();
    await consumer.subscribe({ topic, fromBeginning: true });
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(
        () => reject(new Error(`reading ${topic} took more than ${timeoutMs} ms`)),
        timeoutMs,
      );
      const eachMessage = async ({
        message,
      }: {
        message: { key: Buffer | null; value: Buffer | null };
      }): Promise<void> => {
        const key = message.key?.toString() ?? '';
        if (!key.startsWith(prefix)) return;
        const entry = { key: key.slice(prefix.length), value: message.value?.toString() ?? null };
        applyEntries(image, [entry]);
        if (entry.key !== until.key || entry.value !== until.value) return;
        clearTimeout(timer);
        resolve();
      };
      consumer.run({ autoCommit: false, eachMessage }).catch(reject);
    });
    return image;
  } catch (error) {
    throw new FreshetError('CONNECTION', `cannot read the checkpoint from ${topic}: ${errorMessage(error)}`, {
      cause: error,
    });
  } finally {
    await consumer.disconnect().catch(() => {});
  }
}
