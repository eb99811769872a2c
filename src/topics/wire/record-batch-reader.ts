import type { RawRecord } from '../codec/record-decoder.ts';
import { decompress } from './compression.ts';
import type { AbortedTransaction, FetchedPartition } from './fetch-requests.ts';
import { VarintReader } from './varint-reader.ts';

/** Where things are in a batch's header: https://kafka.apache.org/documentation/#recordbatch */
const LENGTH_AT = 8;
const BEHIND_LENGTH = 12;
const MAGIC_AT = 16;
const ATTRIBUTES_AT = 21;
const LAST_OFFSET_AT = 23;
const FIRST_TIMESTAMP_AT = 27;
const MAX_TIMESTAMP_AT = 35;
const PRODUCER_ID_AT = 43;
const COUNT_AT = 57;
const HEADER_BYTES = 61;

const MAGIC = 2;
const CODEC = 0x07;
const APPEND_TIME = 0x08;
const TRANSACTIONAL = 0x10;
const CONTROL = 0x20;
const ABORT_MARKER = 0;

export interface ReadBatches {
  readonly records: readonly RawRecord[];
  /** Behind the last whole batch, markers and aborted records included. */
  readonly nextOffset: bigint;
}

/**
 * The records from `from` on that a reader of committed ones sees: no control records, nothing of aborted
 * transactions. Keys, values and headers are views of the fetched bytes. Throws RangeError on batches of
 * an old format or a codec that is not known.
 */
export function readBatches(fetched: FetchedPartition, from: bigint): ReadBatches {
  const { records: bytes } = fetched;
  const filter = new AbortedFilter(fetched.aborted);
  const context: BatchContext = {
    topic: fetched.topic,
    partition: fetched.partition,
    headers: new HeaderReader(),
  };
  const records: RawRecord[] = [];
  let nextOffset = from;
  for (let at = 0; at + BEHIND_LENGTH <= bytes.length;) {
    const end = at + BEHIND_LENGTH + bytes.readInt32BE(at + LENGTH_AT);
    if (end > bytes.length) break;
    const batch = bytes.subarray(at, end);
    at = end;
    if (batch.readInt8(MAGIC_AT) !== MAGIC)
      throw new RangeError(
        `${fetched.topic}[${fetched.partition}] holds records of a format older than Kafka 0.11`,
      );
    const lastOffset = batch.readBigInt64BE(0) + BigInt(batch.readInt32BE(LAST_OFFSET_AT));
    if (lastOffset < nextOffset) continue;
    if (filter.shows(batch, lastOffset)) readRecords(batch, context, from, records);
    nextOffset = lastOffset + 1n;
  }
  return { records, nextOffset };
}

/** Where `readBatches` will end, without making its records. */
export function endOfBatches({ records: bytes }: FetchedPartition, from: bigint): bigint {
  let nextOffset = from;
  for (let at = 0; at + HEADER_BYTES <= bytes.length;) {
    const end = at + BEHIND_LENGTH + bytes.readInt32BE(at + LENGTH_AT);
    if (end > bytes.length) break;
    const lastOffset = bytes.readBigInt64BE(at) + BigInt(bytes.readInt32BE(at + LAST_OFFSET_AT));
    if (lastOffset >= nextOffset) nextOffset = lastOffset + 1n;
    at = end;
  }
  return nextOffset;
}

/** Follows which producers' records are aborted, batch by batch. */
class AbortedFilter {
  readonly #ahead: readonly AbortedTransaction[];
  readonly #producers = new Set<bigint>();
  #next = 0;

  constructor(aborted: readonly AbortedTransaction[]) {
    this.#ahead = aborted.toSorted((a, b) => Number(a.firstOffset - b.firstOffset));
  }

  shows(batch: Buffer, lastOffset: bigint): boolean {
    for (let next = this.#ahead[this.#next]; next !== undefined; next = this.#ahead[++this.#next]) {
      if (next.firstOffset > lastOffset) break;
      this.#producers.add(next.producerId);
    }
    const attributes = batch.readInt16BE(ATTRIBUTES_AT);
    if ((attributes & TRANSACTIONAL) === 0) return (attributes & CONTROL) === 0;
    const producerId = batch.readBigInt64BE(PRODUCER_ID_AT);
    if ((attributes & CONTROL) === 0) return !this.#producers.has(producerId);
    if (markerType(batch) === ABORT_MARKER) this.#producers.delete(producerId);
    return false;
  }
}

/** A control record's key: its version and its type. */
function markerType(batch: Buffer): number | undefined {
  const records: RawRecord[] = [];
  readRecords(batch, { topic: '', partition: 0, headers: new HeaderReader() }, 0n, records);
  return records[0]?.key?.readInt16BE(2);
}

interface BatchContext {
  readonly topic: string;
  readonly partition: number;
  readonly headers: HeaderReader;
}

/** What the records of one batch share. Offsets and times are far below 2^53; those of a record are small beside them. */
interface RecordBase extends BatchContext {
  readonly bytes: Buffer;
  readonly offset: number;
  readonly timestampMs: number;
}

/** A batch is fetched as a whole, also where `from` is in its middle. */
function readRecords(batch: Buffer, context: BatchContext, from: bigint, into: RawRecord[]): void {
  const attributes = batch.readInt16BE(ATTRIBUTES_AT);
  const isAppendTime = (attributes & APPEND_TIME) !== 0;
  const bytes = decompress(attributes & CODEC, batch.subarray(HEADER_BYTES));
  const base: RecordBase = {
    ...context,
    bytes,
    offset: Number(batch.readBigInt64BE(0)),
    timestampMs: Number(batch.readBigInt64BE(isAppendTime ? MAX_TIMESTAMP_AT : FIRST_TIMESTAMP_AT)),
  };
  const first = Number(from) - base.offset;
  const reader = new VarintReader(bytes);
  for (let count = batch.readInt32BE(COUNT_AT); count > 0; count--) {
    const length = reader.number();
    const end = reader.at + length;
    if (length < 0 || end > bytes.length) throw new RangeError('a record ends behind its batch');
    reader.skip(1);
    const delta = reader.number();
    const offset = reader.number();
    const key = reader.bytes();
    const value = reader.bytes();
    if (offset >= first)
      into.push(new FetchedRecord(base, offset, isAppendTime ? 0 : delta, key, value, reader.at));
    reader.skip(end - reader.at);
  }
}

/** What few records are asked for is made when it is. */
class FetchedRecord implements RawRecord {
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly #base: RecordBase;
  readonly #offset: number;
  readonly #timestampMs: number;
  readonly #headersAt: number;

  /** `offset` and `timestampMs`: behind those of the batch. */
  constructor(
    base: RecordBase,
    offset: number,
    timestampMs: number,
    key: Buffer | null,
    value: Buffer | null,
    headersAt: number,
  ) {
    this.key = key;
    this.value = value;
    this.#base = base;
    this.#offset = offset;
    this.#timestampMs = timestampMs;
    this.#headersAt = headersAt;
  }

  get topic(): string {
    return this.#base.topic;
  }

  get partition(): number {
    return this.#base.partition;
  }

  get offset(): string {
    return String(this.#base.offset + this.#offset);
  }

  get timestamp(): string {
    return String(this.#base.timestampMs + this.#timestampMs);
  }

  get headers(): Headers {
    return this.#base.headers.of(this, this.#base.bytes, this.#headersAt);
  }
}

type Headers = Readonly<Record<string, Buffer | undefined>>;

const NOTHING: Buffer = Buffer.alloc(0);

/**
 * The records of a topic nearly all have the same headers in the same order: their names are decoded once, and no
 * view is made of a value that is the last record's. Headers are asked for several times while a record is decoded,
 * and hardly ever later: those of one record are kept, so that a record that waits for its transaction does not hold
 * its own.
 */
class HeaderReader {
  readonly #names: { readonly bytes: Buffer; readonly text: string }[] = [];
  /** Of the last record. */
  readonly #values: Buffer[] = [];
  #last: RawRecord | null = null;
  #headers: Headers = {};

  /** `at`: where the record's headers begin. */
  of(record: RawRecord, bytes: Buffer, at: number): Headers {
    if (record !== this.#last) {
      this.#headers = this.#read(new VarintReader(bytes, at));
      this.#last = record;
    }
    return this.#headers;
  }

  #read(reader: VarintReader): Headers {
    const headers: Record<string, Buffer | undefined> = {};
    const count = reader.number();
    for (let i = 0; i < count; i++) {
      const name = this.#name(i, reader);
      const value = this.#value(i, reader);
      if (name === '__proto__') continue;
      headers[name] = value;
    }
    return headers;
  }

  #value(index: number, reader: VarintReader): Buffer {
    const known = this.#values[index];
    if (known !== undefined && reader.skipIf(known)) return known;
    return (this.#values[index] = reader.bytes() ?? NOTHING);
  }

  /** `index` counts the record's headers. */
  #name(index: number, reader: VarintReader): string {
    const known = this.#names[index];
    if (known !== undefined && reader.skipIf(known.bytes)) return known.text;
    const bytes = reader.bytes() ?? NOTHING;
    const text = bytes.toString();
    this.#names[index] = { bytes, text };
    return text;
  }
}
