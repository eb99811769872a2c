import type { RefreshTag } from '../change/change.ts';
import type { Lsn } from '../change/lsn.ts';
import type { TableSchema } from '../change/table.ts';
import { textOf, type Tuple, tupleFromTexts } from '../change/tuple.ts';
import { type ErrorCode, FreshetError, isFreshetError } from '../runtime/errors.ts';
import { POSITION_HEADER, REFRESH_HEADER, SWEEP_HEADER } from '../topics/codec/headers.ts';
import type { EnvelopeInput, TableCodec } from '../topics/codec/table-codec.ts';
import type { OutgoingRecord } from '../topics/publisher.ts';
import type { TopicEnds } from './topic-ends.ts';

/** A table whose changes are published: how, and into how many partitions. */
export interface CapturedTable {
  /** "schema.name" */
  readonly name: string;
  readonly codec: TableCodec;
  readonly partitions: number;
}

export interface CommitInfo {
  readonly commitLsn: Lsn;
  readonly commitTsUs: bigint;
  readonly xid: number;
}

/** Told of what cannot be published as it is; the others go on (invariant 7). */
export interface RejectedRecord {
  readonly table: string;
  readonly keyText: string;
  readonly position: string;
  readonly code: ErrorCode;
  readonly message: string;
}

export interface RecordWriterOptions {
  readonly maxRecordBytes: number;
  readonly deadLetterTopic: string;
  readonly rejected: (record: RejectedRecord) => void;
}

/** The records of one Kafka transaction, and how many changes of which kind they carry. */
export interface RecordBatch {
  readonly records: readonly OutgoingRecord[];
  readonly bytes: number;
  readonly counts: readonly ChangeCount[];
}

interface ChangeCount {
  readonly table: string;
  readonly op: string;
  readonly rows: number;
}

/** What makes a dead letter of a record, and leaves the others alone. */
const OF_ONE_RECORD: ReadonlySet<ErrorCode> = new Set(['RECORD_INVALID', 'RECORD_TOO_LARGE']);

/** Encodes changes and gathers the records of the next Kafka transaction. */
export class RecordWriter {
  readonly #options: RecordWriterOptions;
  #records: OutgoingRecord[] = [];
  #bytes = 0;
  /** "op table" → changes */
  #counts = new Map<string, number>();
  #nowUs = 0n;
  readonly ends: TopicEnds;

  constructor(options: RecordWriterOptions, ends: TopicEnds) {
    this.#options = options;
    this.ends = ends;
  }

  get count(): number {
    return this.#records.length;
  }

  get bytes(): number {
    return this.#bytes;
  }

  startBatch(nowMs: number): void {
    this.#nowUs = BigInt(Math.floor(nowMs)) * 1_000n;
  }

  takeBatch(): RecordBatch {
    const counts = [...this.#counts].map(([key, rows]) => ({
      op: key.slice(0, 1),
      table: key.slice(2),
      rows,
    }));
    const batch = { records: this.#records, bytes: this.#bytes, counts };
    this.#records = [];
    this.#bytes = 0;
    this.#counts = new Map();
    return batch;
  }

  /** False, as for the others: the record became a dead letter. */
  change(
    table: CapturedTable,
    op: 'c' | 'u',
    before: Tuple | null,
    after: Tuple,
    position: string,
    commit: CommitInfo,
  ): boolean {
    return this.#event(table, { ...this.#streamed(commit), op, before, after }, after, position, null);
  }

  /** An event with the old row, and a tombstone, which lets compaction drop the key. */
  delete(table: CapturedTable, before: Tuple, position: string, commit: CommitInfo): boolean {
    const event: EnvelopeInput = { ...this.#streamed(commit), op: 'd', before, after: null };
    const isPublished = this.#event(table, event, before, position, null);
    if (isPublished) this.#tombstone(table, before);
    return isPublished;
  }

  truncate(table: CapturedTable, partition: number, position: string, commit: CommitInfo): void {
    const { lsn, commitLsn, txId, commitTsUs, nowUs } = this.#streamed(commit);
    const value = table.codec.encodeTruncate({ lsn, commitLsn, txId, commitTsUs, nowUs, snapshot: false });
    const { topic } = table.codec;
    this.#push({ topic, partition, key: null, value, headers: { [POSITION_HEADER]: position } });
    this.ends.published(topic, partition, position);
    this.#count(table, 't');
  }

  /** A row that a refresh read. */
  read(
    table: CapturedTable,
    row: Tuple,
    position: { text: string; lsn: Lsn },
    tag: RefreshTag | null,
  ): boolean {
    const event = { ...this.#snapshot(position.lsn), op: 'r' as const, before: null, after: row };
    return this.#event(table, event, row, position.text, tag);
  }

  /** A key that a refresh asked for and that is gone. */
  gone(
    table: CapturedTable,
    keyTexts: readonly string[],
    position: { text: string; lsn: Lsn },
    tag: RefreshTag | null,
  ): void {
    const before = keyTuple(table.codec.schema, keyTexts);
    const event: EnvelopeInput = { ...this.#snapshot(position.lsn), op: 'd', before, after: null };
    if (this.#event(table, event, before, position.text, tag)) this.#tombstone(table, before);
  }

  /** Ends a refresh that followed a gap: whatever of this partition is older is gone at the source. */
  sweep(table: CapturedTable, partition: number, before: number, position: string): void {
    const headers = { [POSITION_HEADER]: position, [SWEEP_HEADER]: String(before) };
    const { topic } = table.codec;
    this.#push({ topic, partition, key: null, value: null, headers });
    this.ends.published(topic, partition, position);
  }

  #streamed(commit: CommitInfo): Omit<EnvelopeInput, 'op' | 'before' | 'after'> {
    return {
      lsn: commit.commitLsn,
      commitLsn: commit.commitLsn,
      txId: commit.xid,
      commitTsUs: commit.commitTsUs,
      snapshot: false,
      nowUs: this.#nowUs,
    };
  }

  #snapshot(lsn: Lsn): Omit<EnvelopeInput, 'op' | 'before' | 'after'> {
    return { lsn, commitLsn: lsn, txId: null, commitTsUs: this.#nowUs, snapshot: true, nowUs: this.#nowUs };
  }

  /** False where the event became a dead letter. */
  #event(
    table: CapturedTable,
    event: EnvelopeInput,
    keyed: Tuple,
    position: string,
    tag: RefreshTag | null,
  ): boolean {
    const { codec } = table;
    try {
      const value = codec.encodeValue(event);
      const limit = this.#options.maxRecordBytes;
      if (value.length > limit) {
        const message = `the record has ${value.length} bytes, the limit is ${limit}`;
        throw new FreshetError('RECORD_TOO_LARGE', message);
      }
      const headers = recordHeaders(position, codec.valueHeaders(event), tag);
      const partition = codec.partitionOf(keyed, table.partitions);
      this.#push({ topic: codec.topic, partition, key: codec.encodeKey(keyed), value, headers });
      this.ends.published(codec.topic, partition, position);
      this.#count(table, event.op);
      return true;
    } catch (error) {
      if (!isFreshetError(error) || !OF_ONE_RECORD.has(error.code)) throw error;
      const less = withoutOldRow(event, codec.schema);
      if (less !== null) return this.#event(table, less, keyed, position, tag);
      this.#reject(table, keyed, position, error.code, error.message);
      return false;
    }
  }

  #tombstone(table: CapturedTable, keyed: Tuple): void {
    const { codec } = table;
    const partition = codec.partitionOf(keyed, table.partitions);
    this.#push({ topic: codec.topic, partition, key: codec.encodeKey(keyed), value: null, headers: {} });
  }

  /** The dead letter points at the row: its bytes may be what could not be carried. */
  #reject(table: CapturedTable, keyed: Tuple, position: string, code: ErrorCode, message: string): void {
    const keyText = table.codec.keyText(keyed);
    const rejected: RejectedRecord = { table: table.name, keyText, position, code, message };
    const value = Buffer.from(JSON.stringify({ version: 1, stage: 'capture', ...rejected }));
    this.#push({
      topic: this.#options.deadLetterTopic,
      partition: 0,
      key: Buffer.from(keyText),
      value,
      headers: {},
    });
    this.#options.rejected(rejected);
  }

  #count(table: CapturedTable, op: string): void {
    const key = `${op} ${table.name}`;
    this.#counts.set(key, (this.#counts.get(key) ?? 0) + 1);
  }

  #push(record: OutgoingRecord): void {
    this.#records.push(record);
    this.#bytes += (record.key?.length ?? 0) + (record.value?.length ?? 0) + 100;
  }
}

/** Only the key has values. */
function keyTuple({ columns, key }: TableSchema, keyTexts: readonly (string | null)[]): Tuple {
  const texts: (string | null)[] = columns.map(() => null);
  for (const [i, column] of key.entries()) texts[column] = keyTexts[i] ?? null;
  return tupleFromTexts(texts);
}

/**
 * With replica identity FULL an event carries the whole old row; where that is what cannot be carried, the
 * event goes without it, as with any other identity. Null where there is nothing to leave out.
 */
function withoutOldRow(event: EnvelopeInput, schema: TableSchema): EnvelopeInput | null {
  const { before, op } = event;
  if (before === null) return null;
  if (op !== 'd') return { ...event, before: null };
  const isKeyOnly = schema.columns.every((_, i) => schema.key.includes(i) || textOf(before, i) === null);
  if (isKeyOnly) return null;
  const keyTexts = schema.key.map((column) => textOf(before, column));
  return { ...event, before: keyTuple(schema, keyTexts) };
}

function recordHeaders(
  position: string,
  more: Readonly<Record<string, string>> | null,
  tag: RefreshTag | null,
): Record<string, string> {
  const headers: Record<string, string> = { ...more, [POSITION_HEADER]: position };
  if (tag !== null) headers[REFRESH_HEADER] = JSON.stringify(tag);
  return headers;
}
