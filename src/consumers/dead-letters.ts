import type { DeadLetterRecord } from '../topics/dead-letter-producer.ts';
import type { PoisonItem } from './record-reader.ts';

/** The value of a dead letter, as JSON. A reader counts a letter once per topic, partition and offset. */
interface DeadLetter {
  readonly version: 1;
  readonly stage: 'consume';
  readonly group: string;
  /** Freshet's error code, or the target's SQLSTATE. */
  readonly code: string;
  readonly cause: string;
  /** Empty where the record has none. */
  readonly position: string;
  readonly topic: string;
  readonly partition: number;
  readonly offset: string;
  /** From 1; a retried record that fails again has a higher one. */
  readonly attempt: number;
  /** The key's columns as JSON text; null where it could not be decoded. */
  readonly key: string | null;
  /** The record's value, base64; only where `deadLetterPayload` is set. */
  readonly payload?: string;
}

/** How often the same row was tried before; a retry carries it on. */
const ATTEMPT_HEADER = 'freshet.attempt';

export function deadLetter(group: string, item: PoisonItem, withPayload: boolean): DeadLetterRecord {
  const { record, position, code, error, keyText } = item;
  const letter: DeadLetter = {
    version: 1,
    stage: 'consume',
    group,
    code,
    cause: error.message,
    position,
    topic: record.topic,
    partition: record.partition,
    offset: record.offset,
    attempt: Number(record.headers[ATTEMPT_HEADER]?.toString('latin1') ?? 1),
    key: keyText,
    ...(withPayload && record.value !== null ? { payload: record.value.toString('base64') } : {}),
  };
  return { key: record.key, value: Buffer.from(JSON.stringify(letter)) };
}
