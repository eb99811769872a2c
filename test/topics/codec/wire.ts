import avsc from 'avsc';

import type { ChangeRecord } from '../../../src/change/change.ts';
import { encodePosition, type Position } from '../../../src/change/position.ts';
import { toLsn } from '../../../src/change/lsn.ts';
import type { Column, TableSchema, TypeShape } from '../../../src/change/table.ts';
import { type Tuple, tupleFromTexts } from '../../../src/change/tuple.ts';
import { POSITION_HEADER } from '../../../src/topics/codec/headers.ts';
import { createRecordDecoder, type RawRecord } from '../../../src/topics/codec/record-decoder.ts';
import {
  createTableCodec,
  type EnvelopeInput,
  type TableCodec,
} from '../../../src/topics/codec/table-codec.ts';
import { MemoryRegistry } from './memory-registry.ts';

export const POSITION: Position = { epoch: 1_790_000_000, lsn: toLsn(0x16b374d848n), seq: 7 };

export const ORIGIN = {
  lsn: 97_500_000_000n,
  txId: 775,
  commitTsUs: 1_795_233_480_123_456n,
  commitLsn: 97_499_999_000n,
  snapshot: false,
  nowUs: 1_795_233_480_999_999n,
} as const;

export function base(name: string): TypeShape {
  return { kind: 'base', name };
}

export function arrayOf(element: TypeShape, delimiter = ','): TypeShape {
  return { kind: 'array', element, delimiter };
}

export function column(name: string, type: TypeShape, typmod = -1): Column {
  return { name, typeOid: 0, typmod, type };
}

/** `numeric(precision, scale)` as atttypmod holds it. */
export function numericTypmod(precision: number, scale: number): number {
  return ((precision << 16) | (scale & 0x7ff)) + 4;
}

/** A table whose key is its first column, unless told otherwise. */
export function table(
  columns: readonly Column[],
  key: readonly number[] = [0],
  name = 'orders',
): TableSchema {
  return { id: { schema: 'shop', name }, relationOid: 16_384, columns, key, identity: 'default' };
}

export interface Wire {
  readonly registry: MemoryRegistry;
  readonly codec: TableCodec;
}

export async function wire(schema: TableSchema): Promise<Wire> {
  const registry = new MemoryRegistry();
  return {
    registry,
    codec: await createTableCodec({ schema, prefix: 'fresh', database: 'shopdb', registry }),
  };
}

export function created(after: Tuple): EnvelopeInput {
  return { ...ORIGIN, op: 'c', before: null, after };
}

/** The record that a publisher makes of an event: value, key, headers. */
export function recordOf(
  codec: TableCodec,
  event: EnvelopeInput,
  extra: Record<string, string> = {},
): RawRecord {
  const tuple = event.after ?? event.before ?? tupleFromTexts([]);
  const texts = { [POSITION_HEADER]: encodePosition(POSITION), ...codec.valueHeaders(event), ...extra };
  return {
    key: codec.encodeKey(tuple),
    value: codec.encodeValue(event),
    headers: Object.fromEntries(Object.entries(texts).map(([name, text]) => [name, Buffer.from(text)])),
    topic: codec.topic,
    partition: 0,
    offset: '41',
    timestamp: '1795233480123',
  };
}

export async function decoded(
  { registry }: Pick<Wire, 'registry'>,
  record: RawRecord,
  columns?: readonly string[],
): Promise<ChangeRecord | null> {
  const options = columns === undefined ? {} : { columns: () => new Set(columns) };
  const decoder = createRecordDecoder(registry, options);
  await decoder.prepare([record]);
  return decoder.decode(record);
}

/** The other reader: avsc with the registered schema, knowing nothing of Freshet. Longs are bigints. */
export async function readByAvsc({ registry }: Wire, framed: Buffer): Promise<Record<string, unknown>> {
  const schema = await registry.schemaById(framed.readInt32BE(1));
  const long = avsc.types.LongType.__with({
    fromBuffer: (buffer: Buffer) => buffer.readBigInt64LE(),
    toBuffer: (value: bigint) => {
      const buffer = Buffer.alloc(8);
      buffer.writeBigInt64LE(value);
      return buffer;
    },
    fromJSON: BigInt,
    toJSON: Number,
    isValid: (value: unknown) => typeof value === 'bigint',
    compare: (a: bigint, b: bigint) => (a === b ? 0 : a < b ? -1 : 1),
  });
  const type = avsc.Type.forSchema(schema as unknown as avsc.Schema, {
    wrapUnions: false,
    typeHook: (node: unknown) => {
      const isLong =
        node === 'long' ||
        (node !== null && typeof node === 'object' && 'type' in node && node.type === 'long');
      return isLong ? long : undefined;
    },
  });
  return type.fromBuffer(framed.subarray(5)) as Record<string, unknown>;
}
