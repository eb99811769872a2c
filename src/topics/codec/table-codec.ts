import { formatTable, type TableSchema } from '../../change/table.ts';
import { isUnavailable, NULL_LENGTH, type Tuple, UNAVAILABLE_LENGTH } from '../../change/tuple.ts';
import { FreshetError } from '../../runtime/errors.ts';
import { topicName } from '../names.ts';
import type { SchemaRegistryPort } from '../registry.ts';
import { isNested, parseArray } from './array-text.ts';
import { type ColumnWriter, columnWriter } from './column-writers.ts';
import { EnvelopeWriter, type EventOrigin } from './envelope-writer.ts';
import { DIMENSIONS_HEADER, UNAVAILABLE_HEADER } from './headers.ts';
import { KeyIdentity } from './key-identity.ts';
import { SlabWriter } from './slab-writer.ts';
import { keySchema, valueSchema } from './table-schemas.ts';
import { encodeUnavailable } from './unavailable-values.ts';
import { Unrepresentable } from './unrepresentable.ts';
import { wireTypeOf } from './wire-type.ts';

/** One row event to encode. A delete has no `after`, a create and a read no `before`. */
export interface EnvelopeInput extends EventOrigin {
  readonly op: 'c' | 'u' | 'd' | 'r';
  readonly before: Tuple | null;
  readonly after: Tuple | null;
}

/** Turns one table's tuples into the records of its topic, in one shape of the table. */
export interface TableCodec {
  readonly topic: string;
  readonly schema: TableSchema;
  readonly keySchemaId: number;
  readonly valueSchemaId: number;
  /** Confluent wire format: 0x00, int32 schema id, Avro. Throws RECORD_INVALID, naming the column. */
  encodeKey(tuple: Tuple): Buffer;
  encodeValue(event: EnvelopeInput): Buffer;
  encodeTruncate(origin: EventOrigin): Buffer;
  /**
   * What the Avro value cannot say about `after` (of a delete: `before`), as record headers: unavailable
   * columns and the dimensions of nested arrays. Null, almost always, where there is nothing to say.
   */
  valueHeaders(event: EnvelopeInput): Readonly<Record<string, string>> | null;
  /** The names of the columns whose value the change did not carry. */
  unavailableColumns(tuple: Tuple): string[];
  /** By the key's values, so that a row stays in its partition whatever the schema id. */
  partitionOf(tuple: Tuple, partitions: number): number;
  /** The key's values as one string, equal for equal keys: a JSON array of texts. */
  keyText(tuple: Tuple): string;
}

export interface TableCodecOptions {
  readonly schema: TableSchema;
  readonly prefix: string;
  readonly database: string;
  readonly registry: SchemaRegistryPort;
}

/** Registers the table's two schemas. Throws CONNECTION, or what the registry says against a schema. */
export async function createTableCodec(options: TableCodecOptions): Promise<TableCodec> {
  const [keySchemaId, valueSchemaId] = await registerSchemas(options);
  return new AvroTableCodec(
    options,
    topicName(options.prefix, options.schema.id),
    keySchemaId,
    valueSchemaId,
  );
}

/** Gives the ids of the key's and the value's. Throws as `createTableCodec`, which then need not wait for them. */
export async function registerSchemas({
  schema,
  prefix,
  registry,
}: Omit<TableCodecOptions, 'database'>): Promise<[key: number, value: number]> {
  const topic = topicName(prefix, schema.id);
  return Promise.all([
    registry.register(`${topic}-key`, keySchema(prefix, schema)),
    registry.register(`${topic}-value`, valueSchema(prefix, schema)),
  ]);
}

/** Shared by all tables: encoding is synchronous, and a slab a table would cost memory for each idle one. */
const out = new SlabWriter();
const NULL_BRANCH = 0;
const VALUE_BRANCH = 2;

class AvroTableCodec implements TableCodec {
  readonly topic: string;
  readonly schema: TableSchema;
  readonly keySchemaId: number;
  readonly valueSchemaId: number;
  readonly #writers: readonly ColumnWriter[];
  readonly #unavailable: readonly Buffer[];
  readonly #arrays: readonly { readonly index: number; readonly name: string; readonly delimiter: string }[];
  readonly #identity: KeyIdentity;
  readonly #envelope: EnvelopeWriter;

  constructor(options: TableCodecOptions, topic: string, keySchemaId: number, valueSchemaId: number) {
    this.topic = topic;
    this.schema = options.schema;
    this.keySchemaId = keySchemaId;
    this.valueSchemaId = valueSchemaId;
    const types = options.schema.columns.map(wireTypeOf);
    this.#writers = types.map(columnWriter);
    this.#unavailable = types.map(encodeUnavailable);
    this.#arrays = options.schema.columns.flatMap(({ name, type }, index) =>
      type.kind === 'array' ? [{ index, name, delimiter: type.delimiter }] : [],
    );
    this.#identity = new KeyIdentity(options.schema);
    this.#envelope = new EnvelopeWriter(options.prefix, options.database, options.schema.id);
  }

  encodeKey(tuple: Tuple): Buffer {
    this.#frame(this.keySchemaId);
    for (const index of this.schema.key) {
      const start = tuple.spans[2 * index] ?? 0;
      const length = tuple.spans[2 * index + 1] ?? NULL_LENGTH;
      if (length < 0)
        throw this.#invalid(index, new Unrepresentable(length === -1 ? 'NULL' : '', 'is no key'));
      if (this.#isNestedArray(tuple, index)) {
        throw this.#invalid(index, new Unrepresentable('', 'an array of several dimensions cannot be a key'));
      }
      try {
        this.#writers[index]?.(tuple.bytes, start, length, out);
      } catch (cause) {
        throw this.#invalid(index, cause);
      }
    }
    return out.finish();
  }

  encodeValue(event: EnvelopeInput): Buffer {
    this.#frame(this.valueSchemaId);
    this.#optionalRow(event.before);
    this.#optionalRow(event.after);
    return this.#finishEnvelope(event, event.op);
  }

  encodeTruncate(origin: EventOrigin): Buffer {
    this.#frame(this.valueSchemaId);
    out.byte(NULL_BRANCH);
    out.byte(NULL_BRANCH);
    return this.#finishEnvelope(origin, 't');
  }

  valueHeaders(event: EnvelopeInput): Readonly<Record<string, string>> | null {
    const tuple = event.after ?? event.before;
    if (tuple === null) return null;
    const unavailable = this.unavailableColumns(tuple);
    const dimensions = this.#dimensions(tuple);
    if (unavailable.length === 0 && dimensions === null) return null;
    return {
      ...(unavailable.length === 0 ? {} : { [UNAVAILABLE_HEADER]: JSON.stringify(unavailable) }),
      ...(dimensions === null ? {} : { [DIMENSIONS_HEADER]: JSON.stringify(dimensions) }),
    };
  }

  unavailableColumns(tuple: Tuple): string[] {
    const names: string[] = [];
    for (const [index, column] of this.schema.columns.entries()) {
      if (isUnavailable(tuple, index)) names.push(column.name);
    }
    return names;
  }

  partitionOf(tuple: Tuple, partitions: number): number {
    return this.#identity.partition(tuple, partitions);
  }

  keyText(tuple: Tuple): string {
    return this.#identity.text(tuple);
  }

  #frame(schemaId: number): void {
    out.begin();
    out.byte(0);
    out.int32BigEndian(schemaId);
  }

  #optionalRow(tuple: Tuple | null): void {
    if (tuple === null) return out.byte(NULL_BRANCH);
    out.byte(VALUE_BRANCH);
    const { bytes, spans } = tuple;
    const writers = this.#writers;
    let index = 0;
    try {
      for (; index < writers.length; index++) {
        const length = spans[2 * index + 1] ?? NULL_LENGTH;
        if (length >= 0) {
          out.byte(VALUE_BRANCH);
          writers[index]?.(bytes, spans[2 * index] ?? 0, length, out);
        } else if (length === UNAVAILABLE_LENGTH) {
          const placeholder = this.#unavailable[index];
          if (placeholder !== undefined) out.raw(placeholder, 0, placeholder.length);
        } else out.byte(NULL_BRANCH);
      }
    } catch (cause) {
      throw this.#invalid(index, cause);
    }
  }

  /** `source`, no `transaction`, `op`, the time stamps. */
  #finishEnvelope(origin: EventOrigin, op: string): Buffer {
    this.#envelope.source(origin, out);
    out.byte(NULL_BRANCH);
    out.byte(2);
    out.byte(op.charCodeAt(0));
    this.#envelope.now(origin.nowUs, out);
    return out.finish();
  }

  #dimensions(tuple: Tuple): Record<string, readonly number[]> | null {
    const found: [string, readonly number[]][] = [];
    for (const { index, name, delimiter } of this.#arrays) {
      if (!this.#isNestedArray(tuple, index)) continue;
      const start = tuple.spans[2 * index] ?? 0;
      const { dimensions } = parseArray(tuple.bytes, start, tuple.spans[2 * index + 1] ?? 0, delimiter);
      found.push([name, dimensions]);
    }
    return found.length === 0 ? null : Object.fromEntries(found);
  }

  #isNestedArray(tuple: Tuple, index: number): boolean {
    if (this.schema.columns[index]?.type.kind !== 'array') return false;
    return isNested(tuple.bytes, tuple.spans[2 * index] ?? 0, tuple.spans[2 * index + 1] ?? 0);
  }

  #invalid(index: number, cause: unknown): unknown {
    if (!(cause instanceof Unrepresentable)) return cause;
    const column = this.schema.columns[index]?.name ?? String(index);
    const message = `column "${column}" of ${formatTable(this.schema.id)}: ${cause.message}`;
    return new FreshetError('RECORD_INVALID', message, { cause });
  }
}
