import type { ChangeRecord, PartialRow, RefreshTag, Row } from '../change/change.ts';
import { UNAVAILABLE } from '../change/change.ts';
import { encodePosition, isPositionText } from '../change/position.ts';
import { formatTable, type TableId } from '../change/table.ts';
import { FreshetError, isFreshetError } from '../runtime/errors.ts';
import { valueText } from '../sinks/array-parameter.ts';
import type { RawRecord, RecordDecoder } from '../topics/codec/record-decoder.ts';
import { POSITION_HEADER } from '../topics/codec/headers.ts';
import type { KeyIdentity } from './compaction.ts';
import type { AnyChange, Pipeline, SourceTable } from './define-pipeline.ts';
import { plainRowTest } from './plain-row.ts';

interface ItemBase {
  readonly record: RawRecord;
  /** The position's wire form; empty where the record has none. */
  readonly position: string;
  readonly identity: KeyIdentity;
}

/** A record as the pipeline takes it. */
export type Item =
  | (ItemBase & {
      readonly kind: 'change';
      readonly change: AnyChange;
      /** Unix microseconds. */ readonly committedUs: bigint;
    })
  | (ItemBase & { readonly kind: 'truncate' })
  | (ItemBase & { readonly kind: 'sweep'; readonly before: number })
  | PoisonItem;

/** A record that cannot be applied; `code`: of the error that says why, for metrics and the dead letter. */
export interface PoisonItem extends ItemBase {
  readonly kind: 'poison';
  readonly code: string;
  readonly error: Error;
  readonly keyText: string | null;
  /** What could be decoded of it; null where nothing could, and of a delete. */
  readonly row: object | null;
  readonly isDecoded: boolean;
  /** The refresh that the record belongs to; null also where that could not be decoded. */
  readonly tag: RefreshTag | null;
}

/** Bytes of Confluent's framing before a key's own: a magic byte and the schema's id, which is no part of the key. */
const FRAMING_BYTES = 5;
/** What a key of JSON begins with, and what stands between its schema and its values. */
const BRACE = 0x7b;
const PAYLOAD = Buffer.from(',"payload":');

/** Turns the records of a pipeline's topics into its changes, parsed. Keeps no state of a partition. */
export class RecordReader {
  readonly #decoder: RecordDecoder;
  readonly #sources = new Map<string, SourceReader>();
  #lastSource: SourceReader | undefined;

  constructor(decoder: RecordDecoder, pipeline: Pipeline) {
    this.#decoder = decoder;
    for (const [name, source] of Object.entries(pipeline.sources)) {
      this.#sources.set(formatTable(source.table), new SourceReader(name, source));
    }
  }

  /** Throws CONNECTION where the schema registry can't be reached. */
  async prepare(records: readonly RawRecord[]): Promise<void> {
    await this.#decoder.prepare(records);
  }

  /** Null for a tombstone, and for a table that shares the topic but is no source. */
  read(record: RawRecord): Item | null {
    const header = record.headers[POSITION_HEADER]?.toString('latin1') ?? '';
    const identity = identityOf(record.key);
    try {
      const change = this.#decoder.decode(record);
      if (change === null) return null;
      return this.#item(record, header === '' ? encodePosition(change.position) : header, identity, change);
    } catch (error) {
      if (!isFreshetError(error, 'RECORD_INVALID')) throw error;
      const position = isPositionText(header) ? header : '';
      const key = this.#decoder.decodeKey(record);
      const text = key === null ? null : keyText(key);
      return {
        record,
        position,
        identity,
        kind: 'poison',
        code: error.code,
        error,
        keyText: text,
        row: null,
        isDecoded: false,
        tag: null,
      };
    }
  }

  /** A topic's records nearly all name the same table as the one before. */
  #sourceOf(schema: string, name: string): SourceReader | undefined {
    const last = this.#lastSource;
    if (last !== undefined && last.table.schema === schema && last.table.name === name) return last;
    this.#lastSource = this.#sources.get(formatTable({ schema, name }));
    return this.#lastSource;
  }

  #item(record: RawRecord, position: string, identity: KeyIdentity, decoded: ChangeRecord): Item | null {
    if (decoded.op === 't') return { record, position, identity, kind: 'truncate' };
    if (decoded.op === 'sweep') return { record, position, identity, kind: 'sweep', before: decoded.before };
    const source = this.#sourceOf(decoded.source.schema, decoded.source.table);
    if (source === undefined) return null;
    try {
      const change = source.change(decoded, position);
      // In one piece: what is grown from a copy takes more time, and more memory while it waits.
      return { record, position, identity, kind: 'change', change, committedUs: decoded.source.tsUs };
    } catch (error) {
      if (!isFreshetError(error, 'RECORD_INVALID')) throw error;
      const { key, refresh: tag } = decoded;
      const row = decoded.op === 'd' ? null : decoded.after;
      return {
        record,
        position,
        identity,
        kind: 'poison',
        code: error.code,
        error,
        keyText: keyText(key),
        row,
        isDecoded: true,
        tag,
      };
    }
  }
}

class SourceReader {
  readonly table: TableId;
  readonly #name: string;
  readonly #source: SourceTable;
  readonly #partial: SourceTable['row'];
  readonly #isPlain: ((row: PartialRow) => boolean) | null;
  readonly #columns: readonly string[];

  constructor(name: string, source: SourceTable) {
    this.table = source.table;
    this.#name = name;
    this.#source = source;
    this.#partial = source.row.partial();
    this.#isPlain = plainRowTest(source.row);
    this.#columns = Object.keys(source.row.shape);
  }

  change(record: Exclude<ChangeRecord, { op: 't' | 'sweep' }>, position: string): AnyChange {
    const { key, refresh: tag } = record;
    const { snapshot, txId } = record.source;
    const { epoch } = record.position;
    const [source, xid] = [this.#name, snapshot ? null : txId];
    const row = record.op === 'd' ? null : this.#whole(record.after);
    if (row !== null) {
      return { source, key, tag, snapshot, xid, position, epoch, kind: 'upsert', row };
    }
    const base = { source, key, tag, snapshot, xid, position, epoch };
    if (record.op === 'd') return { ...base, kind: 'delete' };
    const known = available(record.after);
    const patch = this.#parse(this.#partial, known);
    // A default of the schema must not stand in for a value that is not known.
    return {
      ...base,
      kind: 'patch',
      row: Object.fromEntries(Object.entries(patch).filter(([name]) => name in known)),
    };
  }

  /** Null where a value is unavailable. A plain row has none: it is no value that a schema takes as it is. */
  #whole(row: PartialRow): Readonly<Record<string, unknown>> | null {
    if (this.#isPlain?.(row) === true) return row;
    return this.#isComplete(row) ? this.#parse(this.#source.row, row) : null;
  }

  #isComplete(row: PartialRow): boolean {
    for (const column of this.#columns) if (row[column] === UNAVAILABLE) return false;
    return true;
  }

  #parse(schema: SourceTable['row'], row: PartialRow): Readonly<Record<string, unknown>> {
    const parsed = schema.safeParse(row);
    if (parsed.success) return parsed.data;
    const [issue] = parsed.error.issues;
    const field = issue?.path.join('.') ?? '';
    throw new FreshetError(
      'RECORD_INVALID',
      `${formatTable(this.#source.table)}.${field}: ${issue?.message ?? 'invalid'}`,
    );
  }
}

function available(row: PartialRow): PartialRow {
  return Object.fromEntries(Object.entries(row).filter(([, value]) => value !== UNAVAILABLE));
}

/** The same key gives the same bytes, whatever version of its schema wrote it. */
function identityOf(key: Buffer | null): KeyIdentity {
  if (key === null) return '';
  if (key[0] !== BRACE) return key.toString('latin1', Math.min(FRAMING_BYTES, key.length));
  const payload = key.indexOf(PAYLOAD);
  return key.toString('latin1', payload < 0 ? 0 : payload + PAYLOAD.length);
}

/** The item as one that could not be applied. */
export function poisonOf(item: Item, error: Error, code: string): PoisonItem {
  const { record, position, identity } = item;
  const change = item.kind === 'change' ? item.change : null;
  const row = change === null || change.kind === 'delete' ? null : change.row;
  const tag = change?.tag ?? null;
  return {
    kind: 'poison',
    record,
    position,
    identity,
    error,
    code,
    keyText: keyTextOf(item),
    row,
    isDecoded: true,
    tag,
  };
}

/** The key for people, and for asking for it again; null where there is none or it is not known. */
export function keyTextOf(item: Item): string | null {
  return item.kind === 'change' ? keyText(item.change.key) : null;
}

/** JSON of the key's columns in their order, each value as PostgreSQL reads it; numbers and booleans stay. */
export function keyText(key: Row): string {
  const values = Object.entries(key).map(([column, value]) => [
    column,
    typeof value === 'number' || typeof value === 'boolean' ? value : valueText(value),
  ]);
  return JSON.stringify(Object.fromEntries(values));
}
