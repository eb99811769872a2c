import { type AvroNode, connectParameter, textAttribute } from '../avro-types.ts';
import { writeDecimal } from '../decimal.ts';
import type { SlabWriter } from '../slab-writer.ts';
import { NumberText } from './exact-json.ts';

const DECIMAL = 'org.apache.kafka.connect.data.Decimal';

/**
 * Writes a JSON value in Avro's binary encoding, so that one reader serves both forms of a record. Bytes
 * are base64, as JsonConverter writes them; a decimal may be a number too. Throws RangeError on a value that
 * its schema does not allow.
 */
export function writeAvro(node: AvroNode, value: unknown, out: SlabWriter): void {
  switch (node.kind) {
    case 'primitive':
      return writePrimitive(node, value, out);
    case 'union':
      return writeOptional(node.branches, value, out);
    case 'record': {
      const fields = asObject(value);
      for (const { name, node: type } of node.fields) {
        writeAvro(type, Object.hasOwn(fields, name) ? fields[name] : null, out);
      }
      return;
    }
    case 'array':
      return writeBlock(asArray(value), out, (item) => writeAvro(node.element, item, out));
    case 'map':
      return writeBlock(Object.entries(asObject(value)), out, ([key, item]) => {
        out.string(key);
        writeAvro(node.element, item, out);
      });
    case 'enum':
    case 'fixed':
      throw new RangeError(`Connect's JSON has no ${node.kind}`);
  }
}

/** Connect's schemas know optional values, and no other union. */
function writeOptional(branches: readonly AvroNode[], value: unknown, out: SlabWriter): void {
  const isNull = value === null || value === undefined;
  const index = branches.findIndex(
    (branch) => (branch.kind === 'primitive' && branch.type === 'null') === isNull,
  );
  const branch = branches[index];
  if (branch === undefined) throw new RangeError('a value that must not be null is null');
  out.long(index);
  writeAvro(branch, value, out);
}

function writePrimitive(
  { type, attributes }: Extract<AvroNode, { kind: 'primitive' }>,
  value: unknown,
  out: SlabWriter,
): void {
  switch (type) {
    case 'null':
      return;
    case 'boolean':
      if (typeof value !== 'boolean') throw unexpected(type, value);
      return out.byte(value ? 1 : 0);
    case 'int':
    case 'long':
      return writeWhole(type, value, out);
    case 'float':
      return out.float(asNumber(value));
    case 'double':
      return out.double(asNumber(value));
    case 'string':
      if (typeof value !== 'string') throw unexpected(type, value);
      return out.string(value);
    case 'bytes': {
      if (textAttribute(attributes, 'connect.name') === DECIMAL && typeof value !== 'string') {
        return writeNumber(value, Number(connectParameter(attributes, 'scale') ?? 0), out);
      }
      if (typeof value !== 'string') throw unexpected(type, value);
      const bytes = Buffer.from(value, 'base64');
      return out.bytes(bytes, 0, bytes.length);
    }
  }
}

function writeWhole(type: string, value: unknown, out: SlabWriter): void {
  if (typeof value === 'bigint') return out.bigLong(value);
  if (typeof value !== 'number' || !Number.isInteger(value)) throw unexpected(type, value);
  return out.long(value);
}

/** With `decimal.format=NUMERIC` a decimal is a number. */
function writeNumber(value: unknown, scale: number, out: SlabWriter): void {
  if (!(value instanceof NumberText) && typeof value !== 'number' && typeof value !== 'bigint') {
    throw unexpected('a decimal', value);
  }
  const text = Buffer.from(plainNotation(value instanceof NumberText ? value.text : String(value)));
  writeDecimal(text, 0, text.length, scale, out);
}

/** "1.5e3" as "1500". */
function plainNotation(text: string): string {
  const [, sign = '', whole = '', fraction = '', exponent] =
    /^(-?)(\d+)(?:\.(\d+))?[eE](.+)$/.exec(text) ?? [];
  if (exponent === undefined) return text;
  const shift = Number(exponent) - fraction.length;
  const digits = whole + fraction;
  if (shift >= 0) return `${sign}${digits}${'0'.repeat(shift)}`;
  const padded = digits.padStart(1 - shift, '0');
  return `${sign}${padded.slice(0, shift)}.${padded.slice(shift)}`;
}

/** Jackson writes what JSON has no number for as a text: "NaN", "Infinity". */
function asNumber(value: unknown): number {
  const number =
    typeof value === 'string' && /^(?:NaN|-?Infinity|-?[\d.eE+-]+)$/.test(value) ? Number(value) : value;
  if (number instanceof NumberText) return Number(number.text);
  if (typeof number === 'bigint') return Number(number);
  if (typeof number !== 'number') throw unexpected('a number', value);
  return number;
}

function writeBlock<T>(items: readonly T[], out: SlabWriter, write: (item: T) => void): void {
  if (items.length > 0) {
    out.long(items.length);
    for (const item of items) write(item);
  }
  out.byte(0);
}

function asArray(value: unknown): readonly unknown[] {
  if (!Array.isArray(value)) throw unexpected('an array', value);
  return value;
}

function asObject(value: unknown): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null) throw unexpected('an object', value);
  return value as Readonly<Record<string, unknown>>;
}

function unexpected(expected: string, value: unknown): RangeError {
  return new RangeError(
    `the schema promises ${expected}, the payload has ${value === null ? 'null' : typeof value}`,
  );
}
