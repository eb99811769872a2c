import { commonDate, commonTime, commonTimestamp, isCommonZonedTimestamp } from '../../change/common-time.ts';
import { parseArray } from './array-text.ts';
import {
  parseDate,
  parseInterval,
  parseTime,
  parseTimestamp,
  zonedTimestampToIso,
  zonedTimeToUtc,
} from './civil-time.ts';
import { writeDecimal, writeUnscaled, writeVariableDecimal } from './decimal.ts';
import { hstoreToJson } from './hstore-text.ts';
import type { SlabWriter } from './slab-writer.ts';
import { Unrepresentable } from './unrepresentable.ts';
import type { WireType } from './wire-type.ts';

/** Writes one non-null value, PostgreSQL's text output at `start`, as Avro. Throws Unrepresentable. */
export type ColumnWriter = (source: Buffer, start: number, length: number, out: SlabWriter) => void;

const LETTER_T = 0x74;
const ONE = 0x31;
const ZERO = 0x30;
const MINUS = 0x2d;
/** As many digits are exact in a double. */
const MAX_FAST_DIGITS = 15;
const MAX_MICROS = 2n ** 63n;
/** OGC's well-known binary: little endian, type 1 (point), two doubles. */
const WKB_POINT_BYTES = 21;

export function columnWriter(type: WireType): ColumnWriter {
  switch (type.kind) {
    case 'boolean':
      return (source, start, _length, out) => out.byte(source[start] === LETTER_T ? 1 : 0);
    case 'bit':
      return (source, start, _length, out) => out.byte(source[start] === ONE ? 1 : 0);
    case 'int16':
    case 'int32':
    case 'int64':
      return writeInteger;
    case 'float32':
      return (source, start, length, out) => out.float(number(source, start, length));
    case 'float64':
      return (source, start, length, out) => out.double(number(source, start, length));
    case 'decimal':
      return (source, start, length, out) => writeDecimal(source, start, length, type.scale, out);
    case 'variable-decimal':
      return writeVariableDecimal;
    case 'money':
      return writeMoney;
    case 'bytes':
      return writeByteaHex;
    case 'bits':
      return writeBits;
    case 'point':
      return writePoint;
    case 'array':
      return arrayWriter(columnWriter(type.element), type.delimiter);
    case 'hstore':
      return (source, start, length, out) => out.string(hstoreToJson(textAt(source, start, length)));
    case 'string':
    case 'uuid':
    case 'json':
    case 'xml':
    case 'enum':
      return (source, start, length, out) => out.bytes(source, start, length);
    default:
      return timeWriter(type);
  }
}

type TimeKind = 'date' | 'time' | 'timestamp' | 'zoned-time' | 'zoned-timestamp' | 'interval';
type TimeType = Extract<WireType, { kind: TimeKind }>;

function timeWriter(type: TimeType): ColumnWriter {
  switch (type.kind) {
    case 'date':
      return (source, start, length, out) => {
        const days = commonDate(source, start, length);
        out.long(Number.isNaN(days) ? parseDate(textAt(source, start, length)) : days);
      };
    case 'time':
      return (source, start, length, out) => {
        const common = commonTime(source, start, length);
        const micros = Number.isNaN(common) ? parseTime(textAt(source, start, length)) : common;
        out.long(type.unit === 'milliseconds' ? micros / 1000 : micros);
      };
    case 'timestamp':
      return type.unit === 'milliseconds' ? writeMilliTimestamp : writeMicroTimestamp;
    case 'zoned-time':
      return (source, start, length, out) => out.string(zonedTimeToUtc(textAt(source, start, length)));
    case 'zoned-timestamp':
      return writeZonedTimestamp;
    case 'interval':
      return (source, start, length, out) => out.bigLong(parseInterval(textAt(source, start, length)));
  }
}

function writeInteger(source: Buffer, start: number, length: number, out: SlabWriter): void {
  const negative = source[start] === MINUS;
  const first = negative ? start + 1 : start;
  const end = start + length;
  if (first === end) throw new Unrepresentable('', 'is no whole number');
  let value = 0;
  for (let at = first; at < end; at++) {
    const digit = (source[at] ?? 0) - ZERO;
    if (digit < 0 || digit > 9)
      throw new Unrepresentable(textAt(source, start, length), 'is no whole number');
    value = value * 10 + digit;
  }
  if (end - first > MAX_FAST_DIGITS) out.bigLong(BigInt(source.toString('latin1', start, end)));
  else out.long(negative ? -value : value);
}

function number(source: Buffer, start: number, length: number): number {
  const value = Number(source.toString('latin1', start, start + length));
  if (Number.isNaN(value) && source.toString('latin1', start, start + length) !== 'NaN') {
    throw new Unrepresentable(textAt(source, start, length), 'is no number');
  }
  return value;
}

/**
 * money's text follows lc_monetary: "$1,234.56", "-1.234,56 €", "($0.05)", "￥1,235". Its digits are the
 * amount in hundredths when exactly two of them follow the last separator, and whole units otherwise.
 */
function writeMoney(source: Buffer, start: number, length: number, out: SlabWriter): void {
  const text = textAt(source, start, length);
  const digits = text.replace(/[^0-9]/g, '');
  if (digits === '') throw new Unrepresentable(text, 'is no amount of money');
  const amount = BigInt(digits) * (/[^0-9][0-9]{2}[^0-9]*$/.test(text) ? 1n : 100n);
  writeUnscaled(/[-(]/.test(text) ? -amount : amount, out);
}

/** bytea in hex output: "\x", then two digits a byte. */
function writeByteaHex(source: Buffer, start: number, length: number, out: SlabWriter): void {
  const hex = source.toString('latin1', start + 2, start + length);
  const bytes = Buffer.from(hex, 'hex');
  if (source.toString('latin1', start, start + 2) !== '\\x' || bytes.length * 2 !== hex.length) {
    throw new Unrepresentable(textAt(source, start, length), 'is no bytea in hex');
  }
  out.bytes(bytes, 0, bytes.length);
}

/** io.debezium.data.Bits: java.util.BitSet's bytes, the text's last bit being bit 0 of byte 0. */
function writeBits(source: Buffer, start: number, length: number, out: SlabWriter): void {
  const bytes = Buffer.alloc(Math.ceil(length / 8));
  for (let bit = 0; bit < length; bit++) {
    if (source[start + length - 1 - bit] === ONE) bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) | (1 << (bit & 7));
  }
  out.bytes(bytes, 0, bytes.length);
}

/** "(1.5,-2)" as io.debezium.data.geometry.Point: x, y, the same as WKB, and no SRID. */
function writePoint(source: Buffer, start: number, length: number, out: SlabWriter): void {
  const comma = source.indexOf(',', start);
  const x = number(source, start + 1, comma - start - 1);
  const y = number(source, comma + 1, start + length - comma - 2);
  const wkb = Buffer.alloc(WKB_POINT_BYTES);
  wkb.writeUInt8(1, 0);
  wkb.writeUInt32LE(1, 1);
  wkb.writeDoubleLE(x, 5);
  wkb.writeDoubleLE(y, 13);
  out.double(x);
  out.double(y);
  out.byte(2);
  out.bytes(wkb, 0, WKB_POINT_BYTES);
  out.byte(0);
}

/** Items of every dimension in one Avro array, each a union of null and the element's type. */
function arrayWriter(element: ColumnWriter, delimiter: string): ColumnWriter {
  return (source, start, length, out) => {
    const { items } = parseArray(source, start, length, delimiter);
    if (items.length > 0) out.long(items.length);
    for (const item of items) {
      if (item.length < 0) out.byte(0);
      else {
        out.byte(2);
        element(item.bytes, item.start, item.length, out);
      }
    }
    out.byte(0);
  };
}

function writeMicroTimestamp(source: Buffer, start: number, length: number, out: SlabWriter): void {
  const common = commonTimestamp(source, start, length);
  const micros = Number.isNaN(common) ? parseTimestamp(textAt(source, start, length)) : common;
  if (typeof micros === 'number') return out.long(micros);
  if (micros >= MAX_MICROS)
    throw new Unrepresentable(textAt(source, start, length), 'is after the year 294246');
  out.bigLong(micros);
}

function writeMilliTimestamp(source: Buffer, start: number, length: number, out: SlabWriter): void {
  const common = commonTimestamp(source, start, length);
  const micros = Number.isNaN(common) ? parseTimestamp(textAt(source, start, length)) : common;
  if (typeof micros === 'number') out.long(micros / 1000);
  else out.bigLong(micros / 1000n);
}

function writeZonedTimestamp(source: Buffer, start: number, length: number, out: SlabWriter): void {
  if (!isCommonZonedTimestamp(source, start, length)) {
    return out.string(zonedTimestampToIso(textAt(source, start, length)));
  }
  out.long(length - 2);
  out.raw(source, start, 10);
  out.byte(0x54);
  out.raw(source, start + 11, length - 14);
  out.byte(0x5a);
}

function textAt(source: Buffer, start: number, length: number): string {
  return source.toString('utf8', start, start + length);
}
