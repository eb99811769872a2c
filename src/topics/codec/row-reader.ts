import { type PartialRow, UNAVAILABLE, type Unavailable, type Value } from '../../change/change.ts';
import type { AvroCursor } from './avro-cursor.ts';
import { type AvroNode, textAttribute } from './avro-types.ts';
import { COLUMN_ATTRIBUTE, TYPE_ATTRIBUTE } from './table-schemas.ts';
import { isPlaceholder } from './unavailable-values.ts';
import { type ValueReader, valueReader, type ValueSkipper, valueSkipper } from './value-readers.ts';

/** A row under construction; handed on, nobody writes to it any more. */
export type MutableRow = Record<string, Value | Unavailable>;

interface ColumnReader {
  readonly column: string;
  readonly read: ValueReader;
}

/** Reads a record of columns into a row, under the columns' names in the database. */
export class RowReader {
  /** Columns to read, and steps over the ones that nobody wants. */
  readonly #steps: readonly (ColumnReader | ValueSkipper)[];
  /** Copied for each row, which then has its columns' places at once: growing one by one costs more than reading them. */
  readonly #empty: MutableRow;
  readonly columns: ReadonlySet<string>;

  /** `wanted` null is every column. Throws RangeError where the schema is no record. */
  constructor(node: AvroNode, wanted: ReadonlySet<string> | null) {
    if (node.kind !== 'record') throw new RangeError('the schema of a row or key is no record');
    const named = node.fields.map((field) => ({
      column: textAttribute(field.attributes, COLUMN_ATTRIBUTE) ?? field.name,
      pgType: textAttribute(field.attributes, TYPE_ATTRIBUTE),
      node: field.node,
    }));
    const isWanted = (column: string) => wanted === null || wanted.has(column);
    this.columns = new Set(named.map(({ column }) => column).filter(isWanted));
    const places = [...this.columns].filter((column) => column !== '__proto__');
    this.#empty = Object.fromEntries(places.map((column) => [column, null]));
    this.#steps = named.map(({ column, pgType, node: type }) =>
      isWanted(column) ? { column, read: valueReader(type, pgType) } : valueSkipper(type),
    );
  }

  read(cursor: AvroCursor): MutableRow {
    const row: MutableRow = { ...this.#empty };
    for (const step of this.#steps) {
      if (typeof step === 'function') step(cursor);
      else if (step.column === '__proto__') define(row, step.column, step.read(cursor));
      else row[step.column] = step.read(cursor);
    }
    return row;
  }
}

/** Puts `UNAVAILABLE` where Debezium's placeholder stands. */
export function markPlaceholders(row: MutableRow): PartialRow {
  for (const [column, value] of Object.entries(row)) {
    if (typeof value !== 'symbol' && isPlaceholder(value)) define(row, column, UNAVAILABLE);
  }
  return row;
}

/** Puts `UNAVAILABLE` where a header says so. Columns that were not read stay away. */
export function markUnavailable(row: MutableRow, columns: readonly string[]): PartialRow {
  for (const column of columns) {
    if (Object.hasOwn(row, column)) define(row, column, UNAVAILABLE);
  }
  return row;
}

/** Gives flat arrays the dimensions that a header names. */
export function nestArrays(row: MutableRow, dimensions: Readonly<Record<string, readonly number[]>>): void {
  for (const [column, lengths] of Object.entries(dimensions)) {
    const value = Object.hasOwn(row, column) ? row[column] : undefined;
    if (Array.isArray(value)) define(row, column, nest(value as readonly Value[], lengths));
  }
}

/** A column may be called "__proto__", and must not change what it is called on. */
function define(row: MutableRow, column: string, value: Value | Unavailable): void {
  Object.defineProperty(row, column, { value, writable: true, enumerable: true, configurable: true });
}

function nest(flat: readonly Value[], [length, ...inner]: readonly number[]): readonly Value[] {
  if (length === undefined || inner.length === 0) return flat;
  const size = flat.length / length;
  return Array.from({ length }, (_, i) => nest(flat.slice(i * size, (i + 1) * size), inner));
}
