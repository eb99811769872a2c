import { z } from 'zod';
import type { DeadLetterRecord } from '../topics/dead-letter-producer.ts';
import { debtIdentity } from './batch-plan.ts';
import type { PoisonItem } from './record-reader.ts';

/** What dead letters hold of the record beside its cause. Rows can hold what nobody else is to see. */
export interface LetterContent {
  /** The row as far as it could be decoded, `maskedColumns` left out. */
  readonly payload: boolean;
  /** Key and value, base64, of a record that cannot be decoded; there are no columns to mask in it. */
  readonly raw: boolean;
  /** Names of columns, of any table. */
  readonly maskedColumns: readonly string[];
}

const letter = z.object({
  version: z.literal(1),
  stage: z.literal('consume'),
  group: z.string(),
  /** Freshet's error code, the pipeline's own, or the target's SQLSTATE. */
  code: z.string(),
  cause: z.string(),
  /** Empty where the record has none. */
  position: z.string(),
  topic: z.string(),
  partition: z.int(),
  offset: z.string().regex(/^\d+$/),
  /** From 1; a retried row that fails again has a higher one. */
  attempt: z.int(),
  /** The key's columns as JSON text; null where it could not be decoded. */
  key: z.string().nullable(),
  /** Under which the target owes it. */
  identity: z.string(),
  payload: z.unknown().optional(),
  raw: z.object({ key: z.string().nullable(), value: z.string().nullable() }).optional(),
});

/** The value of a dead letter, as JSON. A reader counts a letter once per topic, partition and offset. */
export type DeadLetter = z.output<typeof letter>;

/** A refresh's option: how often its rows were tried, this time included. */
export const ATTEMPT_OPTION = 'attempt';
const MASK = '***';
/** A letter must fit wherever the record did not: brokers take 1 MiB by default. */
const MAX_CONTENT_BYTES = 256 * 1024;
const MAX_CAUSE_LENGTH = 2_000;

export function deadLetter(group: string, item: PoisonItem, content: LetterContent): DeadLetterRecord {
  const { record, position, code, error, keyText } = item;
  const value: DeadLetter = {
    version: 1,
    stage: 'consume',
    group,
    code,
    cause: error.message.slice(0, MAX_CAUSE_LENGTH),
    position,
    topic: record.topic,
    partition: record.partition,
    offset: record.offset,
    attempt: Number(item.tag?.options[ATTEMPT_OPTION] ?? 1),
    key: keyText,
    identity: debtIdentity(item.identity, record.offset),
    ...contentOf(item, content),
  };
  return { key: record.key, value: Buffer.from(JSON.stringify(value)) };
}

/** Null for what no Freshet wrote. */
export function parseDeadLetter(value: Buffer | null): DeadLetter | null {
  try {
    const parsed = letter.safeParse(JSON.parse(value?.toString() ?? ''));
    return parsed.success ? parsed.data : null;
  } catch {
    return null;
  }
}

function contentOf(
  { record, row, isDecoded }: PoisonItem,
  { payload, raw, maskedColumns }: LetterContent,
): Pick<DeadLetter, 'payload' | 'raw'> {
  if (row !== null) {
    if (!payload) return {};
    const text = maskedJson(row, new Set(maskedColumns));
    return { payload: text.length > MAX_CONTENT_BYTES ? `${text.length} bytes of JSON` : JSON.parse(text) };
  }
  const bytes = (record.key?.length ?? 0) + (record.value?.length ?? 0);
  if (!raw || isDecoded || bytes > MAX_CONTENT_BYTES) return {};
  return {
    raw: { key: record.key?.toString('base64') ?? null, value: record.value?.toString('base64') ?? null },
  };
}

function maskedJson(row: object, masked: ReadonlySet<string>): string {
  return JSON.stringify(row, (name, value: unknown) => {
    if (masked.has(name) && value !== null) return MASK;
    return typeof value === 'bigint' ? String(value) : value;
  });
}
