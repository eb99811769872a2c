import type { z } from 'zod';
import {
  type ChangeRecord,
  type PartialRow,
  type RefreshTag,
  type Row,
  UNAVAILABLE,
} from '../change/change.ts';
import { toLsn } from '../change/lsn.ts';
import { encodePosition, type Position } from '../change/position.ts';
import type { Sources, SourceTable } from '../consumers/define-pipeline.ts';
import { POSITION_HEADER } from '../topics/codec/headers.ts';
import type { RawRecord, RecordDecoder } from '../topics/codec/record-decoder.ts';

interface About {
  readonly key: Row;
  readonly snapshot?: boolean;
  readonly tag?: RefreshTag;
  /** Of the change's position; default 1. */
  readonly epoch?: number;
}

/** A change as a test gives it: rows before they are parsed. `patch`: columns that are left out are not known. */
export type GivenChange<S extends Sources> = {
  [Name in keyof S & string]:
    | (About & { readonly source: Name; readonly kind: 'upsert'; readonly row: z.input<S[Name]['row']> })
    | (About & {
        readonly source: Name;
        readonly kind: 'patch';
        readonly row: Partial<z.input<S[Name]['row']>>;
      })
    | (About & { readonly source: Name; readonly kind: 'delete' })
    | { readonly source: Name; readonly kind: 'truncate'; readonly epoch?: number }
    /** Everything that was last seen before the epoch `before` is gone at the source. */
    | { readonly source: Name; readonly kind: 'sweep'; readonly before: number };
}[keyof S & string];

/** Hands out given changes as the records of one partition, and decodes them again. */
export class GivenRecords implements RecordDecoder {
  readonly #sources: Sources;
  readonly #changes = new WeakMap<RawRecord, ChangeRecord>();
  #offset = 0;

  constructor(sources: Sources) {
    this.#sources = sources;
  }

  async prepare(): Promise<void> {}

  decode(record: RawRecord): ChangeRecord | null {
    return this.#changes.get(record) ?? null;
  }

  decodeKey(): null {
    return null;
  }

  add(given: GivenChange<Sources>): RawRecord {
    const source = this.#sources[given.source];
    if (source === undefined) throw new TypeError(`the pipeline has no source "${given.source}"`);
    this.#offset += 1;
    const epoch = given.kind === 'sweep' ? given.before : (given.epoch ?? 1);
    const position: Position = { epoch, lsn: toLsn(BigInt(this.#offset)), seq: 0 };
    const record: RawRecord = {
      key: 'key' in given ? Buffer.from(JSON.stringify(given.key, bigintText)) : null,
      value: null,
      headers: { [POSITION_HEADER]: Buffer.from(encodePosition(position)) },
      topic: `given.${given.source}`,
      partition: 0,
      offset: String(this.#offset),
      timestamp: '0',
    };
    this.#changes.set(record, changeRecord(given, source, position));
    return record;
  }
}

function changeRecord(
  given: GivenChange<Sources>,
  { table, row: shape }: SourceTable,
  position: Position,
): ChangeRecord {
  if (given.kind === 'sweep') return { op: 'sweep', before: given.before, position };
  const snapshot = given.kind !== 'truncate' && given.snapshot === true;
  const source = { schema: table.schema, table: table.name, txId: snapshot ? null : 1, tsUs: 0n, snapshot };
  if (given.kind === 'truncate') return { op: 't', source, position };
  const base = { key: given.key, before: null, source, position, refresh: given.tag ?? null };
  if (given.kind === 'delete') return { op: 'd', ...base };
  const op = snapshot ? 'r' : 'u';
  const row = given.row as PartialRow;
  if (given.kind === 'upsert') return { op, ...base, after: row };
  const unknown = Object.keys(shape.shape).filter((column) => !(column in row));
  const after: PartialRow = {
    ...row,
    ...Object.fromEntries(unknown.map((column) => [column, UNAVAILABLE] as const)),
  };
  return { op, ...base, after };
}

function bigintText(_name: string, value: unknown): unknown {
  return typeof value === 'bigint' ? String(value) : value;
}
