import type { Value } from '../../../change/change.ts';
import { AvroCursor } from '../avro-cursor.ts';
import { resolveSchema } from '../avro-types.ts';
import { decimalText } from '../decimal.ts';
import type { MutableRow } from '../row-reader.ts';
import { SlabWriter } from '../slab-writer.ts';
import { columnSchema } from '../table-schemas.ts';
import { valueReader } from '../value-readers.ts';
import { typeName } from '../wire-type.ts';
import { columnOfType } from './column-type.ts';
import { NumberText } from './exact-json.ts';
import { writeAvro } from './json-to-avro.ts';

/** Column → SQL type. */
export type ColumnTypes = Readonly<Record<string, string>>;

type ReadJson = (value: unknown) => Value;

/**
 * Reads rows of JSON without schemas. Nothing in them says what a number or a text means: a column whose
 * type is known is read as a record with a schema would be, any other as JSON has it.
 */
export class PlainRowReader {
  readonly #readers: ReadonlyMap<string, ReadJson>;
  readonly #wanted: ReadonlySet<string> | null;

  /** `wanted` null is every column. Throws RangeError on a type that is none. */
  constructor(types: ColumnTypes, wanted: ReadonlySet<string> | null) {
    this.#readers = new Map(Object.entries(types).map(([name, type]) => [name, typedReader(name, type)]));
    this.#wanted = wanted;
  }

  read(row: Readonly<Record<string, unknown>>): MutableRow {
    const entries = Object.entries(row).filter(([name]) => this.#wanted?.has(name) ?? true);
    return Object.fromEntries(
      entries.map(([name, value]) => [name, (this.#readers.get(name) ?? untyped)(value)]),
    );
  }
}

function typedReader(name: string, type: string): ReadJson {
  const column = columnOfType(name, type);
  const node = resolveSchema(columnSchema(column));
  const read = valueReader(node, typeName(column.type));
  const out = new SlabWriter(4096);
  const cursor = new AvroCursor();
  return (value) => {
    out.begin();
    writeAvro(node, value, out);
    cursor.open(out.finish(), 0);
    return read(cursor);
  };
}

function untyped(value: unknown): Value {
  if (value === null || value === undefined) return null;
  if (value instanceof NumberText) return value.text;
  if (Array.isArray(value)) return value.map((item: unknown) => untyped(item));
  if (typeof value === 'object') return structText(value as Readonly<Record<string, unknown>>);
  return value as string | number | bigint | boolean;
}

/** Debezium's structs: a decimal with its scale, a point. */
function structText(struct: Readonly<Record<string, unknown>>): string {
  const { scale, value, x, y } = struct;
  if (typeof scale === 'number' && typeof value === 'string')
    return decimalText(Buffer.from(value, 'base64'), scale);
  if (typeof x === 'number' && typeof y === 'number') return `(${x},${y})`;
  return JSON.stringify(struct);
}
