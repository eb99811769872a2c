import { gunzipSync, zstdDecompressSync } from 'node:zlib';
import type { FetchedPartition } from './fetch.ts';
import { VarintReader } from './varint-reader.ts';

export interface FetchedRecord {
  readonly offset: bigint;
  /** Unix milliseconds. */
  readonly timestampMs: number;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
}

export interface ReadBatches {
  readonly records: readonly FetchedRecord[];
  /** Behind the last whole batch; null where there is none. */
  readonly nextOffset: bigint | null;
}

/** Where things are in a batch's header: https://kafka.apache.org/documentation/#recordbatch */
const LENGTH_AT = 8;
const BEHIND_LENGTH = 12;
const MAGIC_AT = 16;
const ATTRIBUTES_AT = 21;
const LAST_OFFSET_AT = 23;
const FIRST_TIMESTAMP_AT = 27;
const PRODUCER_ID_AT = 43;
const COUNT_AT = 57;
const HEADER_BYTES = 61;

const MAGIC = 2;
const CODEC = 0x07;
const TRANSACTIONAL = 0x10;
const CONTROL = 0x20;
const ABORT_MARKER = 0;

/** The records that a reader of committed ones sees: no control records, nothing of aborted transactions. */
export function readBatches({ bytes, aborted }: FetchedPartition): ReadBatches {
  const records: FetchedRecord[] = [];
  const ahead = aborted.toSorted((a, b) => (a.firstOffset < b.firstOffset ? -1 : 1));
  const abortedProducers = new Set<bigint>();
  let nextOffset: bigint | null = null;
  for (let at = 0; at + HEADER_BYTES <= bytes.length;) {
    const end = at + BEHIND_LENGTH + bytes.readInt32BE(at + LENGTH_AT);
    if (end > bytes.length) break;
    const batch = bytes.subarray(at, end);
    at = end;
    const lastOffset = batch.readBigInt64BE(0) + BigInt(batch.readInt32BE(LAST_OFFSET_AT));
    nextOffset = lastOffset + 1n;
    while (ahead[0] !== undefined && ahead[0].firstOffset <= lastOffset)
      abortedProducers.add(ahead.shift()?.producerId ?? -1n);
    const attributes = batch.readInt16BE(ATTRIBUTES_AT);
    const producerId = batch.readBigInt64BE(PRODUCER_ID_AT);
    if ((attributes & CONTROL) !== 0) {
      if (markerType(batch) === ABORT_MARKER) abortedProducers.delete(producerId);
    } else if ((attributes & TRANSACTIONAL) === 0 || !abortedProducers.has(producerId)) {
      records.push(...readRecords(batch, attributes));
    }
  }
  return { records, nextOffset };
}

/** A control record's key: its version and its type. */
function markerType(batch: Buffer): number | undefined {
  const key = readRecords(batch, 0)[0]?.key;
  return key?.readInt16BE(2);
}

function readRecords(batch: Buffer, attributes: number): FetchedRecord[] {
  if (batch.readInt8(MAGIC_AT) !== MAGIC) throw new RangeError('a record batch of an old format');
  const baseOffset = batch.readBigInt64BE(0);
  const baseTimestamp = Number(batch.readBigInt64BE(FIRST_TIMESTAMP_AT));
  const reader = new VarintReader(decompressed(batch.subarray(HEADER_BYTES), attributes & CODEC));
  return Array.from({ length: batch.readInt32BE(COUNT_AT) }, () => {
    const length = reader.number();
    const end = reader.at + length;
    reader.skip(1);
    const timestampMs = baseTimestamp + reader.number();
    const offset = baseOffset + BigInt(reader.number());
    const record = { offset, timestampMs, key: reader.bytes(), value: reader.bytes() };
    // Headers are of no interest here.
    reader.skip(end - reader.at);
    return record;
  });
}

function decompressed(records: Buffer, codec: number): Buffer {
  switch (codec) {
    case 0:
      return records;
    case 1:
      return gunzipSync(records);
    case 4:
      return zstdDecompressSync(records);
    default:
      throw new RangeError(`a record batch in a compression that is not supported here (${codec})`);
  }
}
