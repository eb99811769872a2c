import type { ChangeRecord, ChangeSource, RefreshTag, Row } from '../../change/change.ts';
import type { Position } from '../../change/position.ts';
import type { TableId } from '../../change/table.ts';
import { FreshetError, isFreshetError } from '../../runtime/errors.ts';
import type { SchemaRegistryPort } from '../registry.ts';
import { AvroCursor } from './avro-cursor.ts';
import { resolveSchema } from './avro-types.ts';
import { type ColumnChoice, type Envelope, EnvelopeReader } from './envelope-reader.ts';
import {
  DIMENSIONS_HEADER,
  POSITION_HEADER,
  REFRESH_HEADER,
  SWEEP_HEADER,
  UNAVAILABLE_HEADER,
} from './headers.ts';
import { JsonRecordReader } from './json/json-records.ts';
import type { ColumnTypes } from './json/plain-rows.ts';
import { debeziumPosition, PositionReader } from './record-position.ts';
import { markPlaceholders, markUnavailable, type MutableRow, nestArrays, RowReader } from './row-reader.ts';
import type { AvroSchema } from './table-schemas.ts';

/** A record as Kafka has it. `offset` and `timestamp` are decimal texts. */
export interface RawRecord {
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: Readonly<Record<string, Buffer | undefined>>;
  readonly topic: string;
  readonly partition: number;
  readonly offset: string;
  readonly timestamp: string;
}

export interface RecordDecoder {
  /**
   * Fetches the schemas of the records that this decoder does not know. A schema that the registry does not
   * have is the trouble of its records alone, found when they are decoded; a registry that can't be reached
   * throws CONNECTION.
   */
  prepare(records: Iterable<RawRecord>): Promise<void>;
  /** Null for a tombstone. Throws RECORD_INVALID, with the cause, on a record that nobody can decode. */
  decode(record: RawRecord): ChangeRecord | null;
  /** The key alone, of a record whose value cannot be decoded; null where the key cannot be either. */
  decodeKey(record: RawRecord): Row | null;
}

export interface RecordDecoderOptions {
  /** Columns to decode, asked once a table and schema id; the others are stepped over, and not in the rows. */
  readonly columns?: ColumnChoice;
  /** SQL types of columns, for JSON without schemas, which does not tell them. */
  readonly types?: (table: TableId) => ColumnTypes;
}

const MAGIC = 0;
/** What JSON begins with. */
const BRACE = 0x7b;
const HEADER_BYTES = 5;
const NO_SCHEMA = -1;

export function createRecordDecoder(
  registry: SchemaRegistryPort,
  options: RecordDecoderOptions = {},
): RecordDecoder {
  return new FormatDecoder(registry, options);
}

/** Tells Avro from JSON by the first byte, record by record. */
class FormatDecoder implements RecordDecoder {
  readonly #registry: SchemaRegistryPort;
  readonly #choice: ColumnChoice | null;
  readonly #schemas = new Map<number, AvroSchema>();
  readonly #missing = new Map<number, FreshetError>();
  readonly #keys = new Map<number, RowReader>();
  readonly #values = new Map<number, EnvelopeReader>();
  readonly #positions = new PositionReader();
  readonly #tags = new TagReader();
  readonly #cursor = new AvroCursor();
  readonly #json: JsonRecordReader;

  constructor(registry: SchemaRegistryPort, { columns, types }: RecordDecoderOptions) {
    this.#registry = registry;
    this.#choice = columns ?? null;
    this.#json = new JsonRecordReader(this.#choice, types ?? (() => ({})));
  }

  async prepare(records: Iterable<RawRecord>): Promise<void> {
    const unknown = new Set<number>();
    let [keyId, valueId] = [NO_SCHEMA, NO_SCHEMA];
    // Neighbours nearly always have the same schemas.
    for (const { key, value } of records) {
      if (framedId(key) !== keyId) this.#noteUnknown((keyId = framedId(key)), unknown);
      if (framedId(value) !== valueId) this.#noteUnknown((valueId = framedId(value)), unknown);
    }
    for (const id of unknown) {
      try {
        this.#schemas.set(id, await this.#registry.schemaById(id));
        this.#missing.delete(id);
      } catch (error) {
        if (!isFreshetError(error, 'RECORD_INVALID')) throw error;
        this.#missing.set(id, error);
      }
    }
  }

  decode(record: RawRecord): ChangeRecord | null {
    try {
      return this.#decode(record);
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      if (isFreshetError(cause) && cause.code !== 'RECORD_INVALID') throw cause;
      const place = `${record.topic}, partition ${record.partition}, offset ${record.offset}`;
      throw new FreshetError('RECORD_INVALID', `${place}: ${reason}`, { cause });
    }
  }

  decodeKey({ key }: RawRecord): Row | null {
    // JSON's key takes its types from the value.
    if (key === null || key[0] === BRACE) return null;
    try {
      return this.#readAvroKey(key);
    } catch {
      return null;
    }
  }

  #decode(record: RawRecord): ChangeRecord | null {
    const { key, value, headers } = record;
    if (value === null) return this.#withoutValue(headers);
    const positionHeader = headers[POSITION_HEADER];
    const envelope = this.#readEnvelope(value, positionHeader === undefined);
    const position =
      positionHeader === undefined
        ? debeziumPosition(envelope.sequence, envelope.lsn, record.offset)
        : this.#positions.read(positionHeader);
    if (envelope.op === 't') return { op: 't', source: sourceOf(envelope), position };
    if (key === null) throw new RangeError(`a change of kind "${envelope.op}" has no key`);
    markRows(envelope, headers);
    return changeOf(
      envelope,
      this.#readKey(key, envelope),
      position,
      this.#tags.read(headers[REFRESH_HEADER]),
    );
  }

  #readEnvelope(value: Buffer, withLsn: boolean): Envelope {
    if (value[0] === BRACE) return this.#json.envelope(value);
    const reader = this.#valueReader(schemaId(value, 'value'));
    return reader.read(this.#cursor, value, HEADER_BYTES, withLsn);
  }

  #withoutValue(headers: RawRecord['headers']): ChangeRecord | null {
    const sweep = headers[SWEEP_HEADER];
    if (sweep === undefined) return null;
    const before = Number(sweep.toString('latin1'));
    const position = headers[POSITION_HEADER];
    if (!Number.isSafeInteger(before) || position === undefined) {
      throw new RangeError(`header ${SWEEP_HEADER} is no epoch, or ${POSITION_HEADER} is missing`);
    }
    return { op: 'sweep', before, position: this.#positions.read(position) };
  }

  #readKey(key: Buffer, { schema, table }: Envelope): Row {
    return key[0] === BRACE ? this.#json.key(key, { schema, name: table }) : this.#readAvroKey(key);
  }

  #readAvroKey(key: Buffer): Row {
    const reader = this.#keyReader(schemaId(key, 'key'));
    this.#cursor.open(key, HEADER_BYTES);
    return reader.read(this.#cursor) as Row;
  }

  #keyReader(id: number): RowReader {
    const known = this.#keys.get(id);
    if (known !== undefined) return known;
    const reader = new RowReader(resolveSchema(this.#schema(id)), null);
    this.#keys.set(id, reader);
    return reader;
  }

  #valueReader(id: number): EnvelopeReader {
    const known = this.#values.get(id);
    if (known !== undefined) return known;
    const reader = new EnvelopeReader(resolveSchema(this.#schema(id)), this.#choice);
    this.#values.set(id, reader);
    return reader;
  }

  #schema(id: number): AvroSchema {
    const schema = this.#schemas.get(id);
    if (schema !== undefined) return schema;
    throw this.#missing.get(id) ?? new FreshetError('INTERNAL', `schema ${id} was not prepared`);
  }

  #noteUnknown(id: number, unknown: Set<number>): void {
    if (id !== NO_SCHEMA && !this.#schemas.has(id)) unknown.add(id);
  }
}

/** The schema's id, or NO_SCHEMA where there is none: what that means is told when the record is decoded. */
function framedId(framed: Buffer | null): number {
  if (framed === null || framed.length < HEADER_BYTES || framed[0] !== MAGIC) return NO_SCHEMA;
  return framed.readInt32BE(1);
}

function schemaId(framed: Buffer, part: 'key' | 'value'): number {
  if (framed[0] !== MAGIC) {
    throw new RangeError(
      `the ${part} begins with byte ${framed[0] ?? 'nothing'}, Confluent's wire format with 0, JSON with {`,
    );
  }
  if (framed.length < HEADER_BYTES) throw new RangeError(`the ${part} is truncated: ${framed.length} bytes`);
  return framed.readInt32BE(1);
}

/** Ours say in headers what is unavailable; without our position a record is Debezium's, with placeholders. */
function markRows(envelope: Envelope, headers: RawRecord['headers']): void {
  const { after, before } = envelope;
  if (headers[POSITION_HEADER] === undefined) {
    if (after !== null) markPlaceholders(after);
    if (before !== null) markPlaceholders(before);
    return;
  }
  const row = after ?? before;
  if (row === null) return;
  const unavailable = headers[UNAVAILABLE_HEADER];
  if (unavailable !== undefined) markUnavailable(row, JSON.parse(unavailable.toString()) as string[]);
  const dimensions = headers[DIMENSIONS_HEADER];
  if (dimensions !== undefined)
    nestArrays(row, JSON.parse(dimensions.toString()) as Record<string, number[]>);
}

function changeOf(
  envelope: Envelope,
  key: Row,
  position: Position,
  refresh: RefreshTag | null,
): ChangeRecord {
  const { op, after } = envelope;
  const before: MutableRow | null = envelope.before;
  const source = sourceOf(envelope);
  switch (op) {
    case 'd':
      return { op, key, before, source, position, refresh };
    case 'c':
    case 'u':
    case 'r':
      if (after === null) throw new RangeError(`a change of kind "${op}" has no "after"`);
      return { op, key, before, after, source, position, refresh };
    default:
      throw new RangeError(`"${op}" is no kind of change`);
  }
}

function sourceOf({ schema, table, txId, tsUs, snapshot }: Envelope): ChangeSource {
  return { schema, table, txId, tsUs, snapshot };
}

/** The records of a refresh have the same tag: it is parsed once. */
class TagReader {
  #bytes: Buffer = Buffer.alloc(0);
  #tag: RefreshTag | null = null;

  read(header: Buffer | undefined): RefreshTag | null {
    if (header === undefined) return null;
    if (this.#tag === null || !this.#bytes.equals(header)) {
      this.#tag = JSON.parse(header.toString()) as RefreshTag;
      this.#bytes = Buffer.from(header);
    }
    return this.#tag;
  }
}
