import type { Codec } from './compression.ts';
import { crc32c } from './crc32c.ts';
import { putVarint, varintBytes } from './varint.ts';

/** A record's content. Header values are text; ASCII is the fast way. */
export interface RecordContent {
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: Readonly<Record<string, string>>;
}

/** What the transaction coordinator gave out. */
export interface ProducerIdentity {
  readonly id: bigint;
  readonly epoch: number;
}

export interface BatchContext {
  readonly producer: ProducerIdentity;
  /** Of the first record of the first batch; a partition's sequence goes on from batch to batch. */
  readonly sequence: number;
  readonly timestampMs: number;
  readonly codec: Codec;
}

/** Where things are in a batch's header: https://kafka.apache.org/documentation/#recordbatch */
const LENGTH_AT = 8;
const LEADER_EPOCH_AT = 12;
const MAGIC_AT = 16;
const CRC_AT = 17;
const ATTRIBUTES_AT = 21;
const LAST_OFFSET_AT = 23;
const FIRST_TIMESTAMP_AT = 27;
const MAX_TIMESTAMP_AT = 35;
const PRODUCER_ID_AT = 43;
const PRODUCER_EPOCH_AT = 51;
const SEQUENCE_AT = 53;
const COUNT_AT = 57;
export const BATCH_HEADER_BYTES = 61;

const MAGIC = 2;
const TRANSACTIONAL = 0x10;

const FIRST_CAPACITY = 16 * 1024;
/** Attributes, timestamp delta and the varints of a record, at most. */
const RECORD_OVERHEAD = 32;
/** Up to here a loop over the characters beats a call into the engine's encoder. */
const SHORT_TEXT = 64;

interface BatchRange {
  readonly start: number;
  readonly end: number;
  readonly count: number;
}

/**
 * Writes the records of one partition straight into the bytes of record batches (magic 2), one behind
 * the other in one buffer that is used again after `clear`. A record opens a new batch when the current
 * one would outgrow `maxBatchBytes`; a record beyond that limit gets a batch of its own.
 */
export class RecordBatchWriter {
  readonly #maxBatchBytes: number;
  #bytes: Buffer = Buffer.allocUnsafeSlow(0);
  #end = 0;
  #batchStart = 0;
  #batchCount = 0;
  #closed: BatchRange[] = [];

  constructor(maxBatchBytes: number) {
    this.#maxBatchBytes = maxBatchBytes;
  }

  /** Bytes held, used or not. */
  get capacity(): number {
    return this.#bytes.length;
  }

  append(record: RecordContent): void {
    if (this.#batchCount === 0) this.#openBatch();
    const before = this.#end;
    this.#writeRecord(record, this.#batchCount);
    if (this.#batchCount > 0 && this.#end - this.#batchStart > this.#maxBatchBytes) {
      this.#end = before;
      this.#closeBatch();
      this.#openBatch();
      this.#writeRecord(record, 0);
    }
    this.#batchCount++;
  }

  /** The batches, complete. They are views of the buffer: good until `clear`. */
  finish(context: BatchContext): FinishedBatch[] {
    if (this.#batchCount > 0) this.#closeBatch();
    let sequence = context.sequence;
    return this.#closed.map((range) => {
      const batch = finishBatch(this.#bytes, range, sequence, context);
      sequence = nextSequence(sequence, range.count);
      return batch;
    });
  }

  /** Forgets the records. `release`: gives the buffer back, too. */
  clear(release: boolean): void {
    this.#end = 0;
    this.#batchCount = 0;
    this.#closed = [];
    if (release) this.#bytes = Buffer.allocUnsafeSlow(0);
  }

  #openBatch(): void {
    this.#reserve(BATCH_HEADER_BYTES);
    this.#batchStart = this.#end;
    this.#end += BATCH_HEADER_BYTES;
    this.#batchCount = 0;
  }

  #closeBatch(): void {
    this.#closed.push({ start: this.#batchStart, end: this.#end, count: this.#batchCount });
    this.#batchCount = 0;
  }

  /**
   * The length stands before the body and is known behind it: room is left for the shortest it can be,
   * and the rare body that needs more is moved.
   */
  #writeRecord(record: RecordContent, offsetDelta: number): void {
    const { key, value } = record;
    const leastBytes = 6 + (key?.length ?? 0) + (value?.length ?? 0);
    this.#reserve(leastBytes + RECORD_OVERHEAD);
    const start = this.#end;
    const body = start + varintBytes(leastBytes);
    const bytes = this.#bytes;
    bytes[body] = 0;
    bytes[body + 1] = 0;
    let at = putVarint(bytes, body + 2, offsetDelta);
    at = putBytes(bytes, at, key);
    this.#end = putBytes(bytes, at, value);
    this.#writeHeaders(record.headers);
    this.#writeLength(start, body);
  }

  #writeLength(start: number, body: number): void {
    const length = this.#end - body;
    const moved = start + varintBytes(length) - body;
    if (moved > 0) {
      this.#reserve(moved);
      this.#bytes.copyWithin(body + moved, body, this.#end);
      this.#end += moved;
    }
    putVarint(this.#bytes, start, length);
  }

  #writeHeaders(headers: Readonly<Record<string, string>>): void {
    const names = Object.keys(headers);
    this.#reserve(5);
    this.#end = putVarint(this.#bytes, this.#end, names.length);
    for (const name of names) {
      this.#writeText(name);
      this.#writeText(headers[name] ?? '');
    }
  }

  #writeText(text: string): void {
    const { length } = text;
    this.#reserve(5 + length);
    if (length <= SHORT_TEXT) {
      const end = putAscii(this.#bytes, putVarint(this.#bytes, this.#end, length), text);
      if (end > 0) {
        this.#end = end;
        return;
      }
    }
    const utf8Bytes = Buffer.byteLength(text);
    this.#reserve(5 + utf8Bytes);
    const at = putVarint(this.#bytes, this.#end, utf8Bytes);
    this.#end = at + this.#bytes.write(text, at);
  }

  #reserve(bytes: number): void {
    const needed = this.#end + bytes;
    if (needed <= this.#bytes.length) return;
    const grown = Buffer.allocUnsafeSlow(Math.max(FIRST_CAPACITY, needed, this.#bytes.length * 2));
    this.#bytes.copy(grown, 0, 0, this.#end);
    this.#bytes = grown;
  }
}

export interface FinishedBatch {
  readonly bytes: Buffer;
  readonly count: number;
}

/** Sequences are 31 bits wide and begin again at 0. */
export function nextSequence(sequence: number, count: number): number {
  return (sequence + count) & 0x7fffffff;
}

function finishBatch(
  buffer: Buffer,
  range: BatchRange,
  sequence: number,
  context: BatchContext,
): FinishedBatch {
  const plain = buffer.subarray(range.start, range.end);
  const bytes = context.codec.compress === null ? plain : compressed(plain, context.codec.compress);
  const timestamp = BigInt(context.timestampMs);
  bytes.writeBigInt64BE(0n, 0);
  bytes.writeInt32BE(bytes.length - LEADER_EPOCH_AT, LENGTH_AT);
  bytes.writeInt32BE(-1, LEADER_EPOCH_AT);
  bytes.writeInt8(MAGIC, MAGIC_AT);
  bytes.writeInt16BE(TRANSACTIONAL | context.codec.attribute, ATTRIBUTES_AT);
  bytes.writeInt32BE(range.count - 1, LAST_OFFSET_AT);
  bytes.writeBigInt64BE(timestamp, FIRST_TIMESTAMP_AT);
  bytes.writeBigInt64BE(timestamp, MAX_TIMESTAMP_AT);
  bytes.writeBigInt64BE(context.producer.id, PRODUCER_ID_AT);
  bytes.writeInt16BE(context.producer.epoch, PRODUCER_EPOCH_AT);
  bytes.writeInt32BE(sequence, SEQUENCE_AT);
  bytes.writeInt32BE(range.count, COUNT_AT);
  bytes.writeInt32BE(crc32c(bytes, ATTRIBUTES_AT, bytes.length), CRC_AT);
  return { bytes, count: range.count };
}

/** Only the records are compressed; the header is copied to keep its place before them. */
function compressed(plain: Buffer, compress: (records: Uint8Array) => Buffer): Buffer {
  return Buffer.concat([plain.subarray(0, BATCH_HEADER_BYTES), compress(plain.subarray(BATCH_HEADER_BYTES))]);
}

/** With its length before it; null is a length of −1. */
function putBytes(bytes: Buffer, at: number, content: Buffer | null): number {
  if (content === null) return putVarint(bytes, at, -1);
  const start = putVarint(bytes, at, content.length);
  bytes.set(content, start);
  return start + content.length;
}

/** The place behind the text, or 0 when it is not ASCII. */
function putAscii(bytes: Uint8Array, at: number, text: string): number {
  const { length } = text;
  for (let i = 0; i < length; i++) {
    const code = text.charCodeAt(i);
    if (code > 127) return 0;
    bytes[at + i] = code;
  }
  return at + length;
}
