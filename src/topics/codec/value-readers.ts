import type { Value } from '../../change/change.ts';
import { type AvroCursor, MalformedAvro } from './avro-cursor.ts';
import { type AvroNode, connectParameter } from './avro-types.ts';
import { decimalText } from './decimal.ts';
import { semanticReader } from './semantic-readers.ts';

/** Reads one value. */
export type ValueReader = (cursor: AvroCursor) => Value;
/** Steps over one value. */
export type ValueSkipper = (cursor: AvroCursor) => void;

/**
 * How to read a column as change.ts documents its values. `pgType` is the column's PostgreSQL type where
 * the topic says it; without it oid reads as int8 does, and hstore as JSON.
 */
export function valueReader(node: AvroNode, pgType: string | null): ValueReader {
  switch (node.kind) {
    case 'primitive':
      return semanticReader(node.type, node.attributes, pgType);
    case 'union':
      return unionReader(node.branches.map((branch) => valueReader(branch, pgType)));
    case 'array':
      return arrayReader(valueReader(node.element, pgType?.replace(/\[\]$/, '') ?? null));
    case 'record':
      return recordReader(node);
    case 'enum':
      return (cursor) => node.symbols[cursor.int()] ?? missingBranch();
    case 'fixed':
      return fixedReader(node.size, node.attributes);
    case 'map':
      return mapReader(valueReader(node.element, null));
  }
}

export function valueSkipper(node: AvroNode): ValueSkipper {
  switch (node.kind) {
    case 'primitive':
      return PRIMITIVE_SKIPPERS[node.type];
    case 'union': {
      const skippers = node.branches.map(valueSkipper);
      const [first, second] = skippers;
      if (skippers.length === 2 && first === PRIMITIVE_SKIPPERS.null && second !== undefined) {
        return (cursor) => {
          if (cursor.byte() !== 0) second(cursor);
        };
      }
      return (cursor) => (skippers[cursor.int()] ?? missingBranch)(cursor);
    }
    case 'array':
      return blockSkipper(valueSkipper(node.element));
    case 'map': {
      const skip = valueSkipper(node.element);
      return blockSkipper((cursor) => {
        cursor.skipBytes();
        skip(cursor);
      });
    }
    case 'record': {
      const skippers = node.fields.map((field) => valueSkipper(field.node));
      return (cursor) => {
        for (const skip of skippers) skip(cursor);
      };
    }
    case 'enum':
      return (cursor) => cursor.skipLong();
    case 'fixed':
      return (cursor) => cursor.skip(node.size);
  }
}

const PRIMITIVE_SKIPPERS = {
  null: () => undefined,
  boolean: (cursor: AvroCursor) => cursor.skip(1),
  int: (cursor: AvroCursor) => cursor.skipLong(),
  long: (cursor: AvroCursor) => cursor.skipLong(),
  float: (cursor: AvroCursor) => cursor.skip(4),
  double: (cursor: AvroCursor) => cursor.skip(8),
  bytes: (cursor: AvroCursor) => cursor.skipBytes(),
  string: (cursor: AvroCursor) => cursor.skipBytes(),
} as const;

/** Number of items of the next block; a negative count is followed by the block's size in bytes. */
function blockCount(cursor: AvroCursor): number {
  const count = cursor.int();
  if (count >= 0) return count;
  cursor.skipLong();
  return -count;
}

function blockSkipper(skip: ValueSkipper): ValueSkipper {
  return (cursor) => {
    for (let count = blockCount(cursor); count > 0; count = blockCount(cursor)) {
      for (let i = 0; i < count; i++) skip(cursor);
    }
  };
}

function unionReader(branches: readonly ValueReader[]): ValueReader {
  const [first, second] = branches;
  if (branches.length === 2 && first !== undefined && second !== undefined) {
    return (cursor) => {
      const branch = cursor.byte();
      return branch === 2 ? second(cursor) : branch === 0 ? first(cursor) : missingBranch();
    };
  }
  return (cursor) => (branches[cursor.int()] ?? missingBranch)(cursor);
}

function arrayReader(read: ValueReader): ValueReader {
  return (cursor) => {
    const items: Value[] = [];
    for (let count = blockCount(cursor); count > 0; count = blockCount(cursor)) {
      if (count > cursor.remaining)
        throw new MalformedAvro(`an array of ${count} items is longer than its record`);
      for (let i = 0; i < count; i++) items.push(read(cursor));
    }
    return items;
  };
}

function recordReader(node: Extract<AvroNode, { kind: 'record' }>): ValueReader {
  if (node.name === 'io.debezium.data.VariableScaleDecimal') {
    return (cursor) => {
      const scale = cursor.int();
      return cursor.decimal(scale);
    };
  }
  const fields = node.fields.map((field) => ({ name: field.name, read: valueReader(field.node, null) }));
  if (node.name === 'io.debezium.data.geometry.Point') {
    return (cursor) => {
      const values = new Map(fields.map(({ name, read }) => [name, read(cursor)]));
      return `(${String(values.get('x'))},${String(values.get('y'))})`;
    };
  }
  return (cursor) =>
    JSON.stringify(Object.fromEntries(fields.map(({ name, read }) => [name, plain(read(cursor))])));
}

function mapReader(read: ValueReader): ValueReader {
  return (cursor) => {
    const entries: [string, unknown][] = [];
    for (let count = blockCount(cursor); count > 0; count = blockCount(cursor)) {
      for (let i = 0; i < count; i++) entries.push([cursor.string(), plain(read(cursor))]);
    }
    return JSON.stringify(Object.fromEntries(entries));
  };
}

function fixedReader(size: number, attributes: Readonly<Record<string, unknown>>): ValueReader {
  const scale = Number(attributes['scale'] ?? connectParameter(attributes, 'scale') ?? 0);
  const isDecimal = attributes['logicalType'] === 'decimal';
  return (cursor) => {
    const bytes = Buffer.alloc(size);
    for (let i = 0; i < size; i++) bytes[i] = cursor.byte();
    return isDecimal ? decimalText(bytes, scale) : bytes;
  };
}

/** A value that JSON can hold: int8 as its digits, bytea in base64. */
function plain(value: Value): unknown {
  if (typeof value === 'bigint') return value.toString();
  return Buffer.isBuffer(value) ? value.toString('base64') : value;
}

function missingBranch(): never {
  throw new MalformedAvro('a union branch that the schema does not have');
}
