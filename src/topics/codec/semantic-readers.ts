import { MICROS_PER_DAY } from '../../change/common-time.ts';
import { RepeatedText } from './repeated-text.ts';
import {
  formatDate,
  formatInterval,
  formatTime,
  formatTimestamp,
  isoToZonedTimestamp,
  TIMESTAMP_INFINITY,
  TIMESTAMP_MINUS_INFINITY,
} from './civil-time.ts';
import { type Attributes, connectParameter, type Primitive, textAttribute } from './avro-types.ts';
import { jsonToHstore } from './hstore-text.ts';
import type { ValueReader } from './value-readers.ts';

const CONNECT = 'org.apache.kafka.connect.data.';
const TIME = 'io.debezium.time.';

/** Logical types of topics whose writer was not Connect, by the name that Connect has for the same. */
const LOGICAL_TYPES: Readonly<Record<string, string>> = {
  decimal: `${CONNECT}Decimal`,
  date: `${CONNECT}Date`,
  'time-millis': `${CONNECT}Time`,
  'time-micros': `${TIME}MicroTime`,
  'timestamp-millis': `${CONNECT}Timestamp`,
  'timestamp-micros': `${TIME}MicroTimestamp`,
};

/** Reads a primitive by its meaning: Connect's name for it, else Avro's logical type, else none. */
export function semanticReader(type: Primitive, attributes: Attributes, pgType: string | null): ValueReader {
  const logical = textAttribute(attributes, 'logicalType') ?? '';
  const name = textAttribute(attributes, 'connect.name') ?? LOGICAL_TYPES[logical] ?? '';
  switch (type) {
    case 'null':
      return () => null;
    case 'boolean':
      return pgType === 'bit' ? (cursor) => (cursor.boolean() ? '1' : '0') : (cursor) => cursor.boolean();
    case 'float':
      return (cursor) => shortestFloat(cursor.float());
    case 'double':
      return (cursor) => cursor.double();
    case 'int':
      return intReader(name);
    case 'long':
      return longReader(name, pgType);
    case 'string':
      return stringReader(name, pgType);
    case 'bytes':
      return bytesReader(name, attributes, pgType);
  }
}

function intReader(name: string): ValueReader {
  switch (name) {
    case `${TIME}Date`:
    case `${CONNECT}Date`:
      return (cursor) => formatDate(cursor.int());
    case `${TIME}Time`:
    case `${CONNECT}Time`:
      return (cursor) => formatTime(cursor.int() * 1000);
    default:
      return (cursor) => cursor.int();
  }
}

function longReader(name: string, pgType: string | null): ValueReader {
  switch (name) {
    case `${TIME}MicroTime`:
      return (cursor) => formatTime(cursor.int());
    case `${TIME}NanoTime`:
      return (cursor) => formatTime(Math.floor(cursor.int() / 1000));
    case `${TIME}MicroTimestamp`:
      return (cursor) => formatTimestamp(cursor.long());
    case `${TIME}Timestamp`:
    case `${CONNECT}Timestamp`:
      return (cursor) => formatMilliseconds(cursor.long());
    case `${TIME}NanoTimestamp`:
      return (cursor) => formatTimestamp(BigInt(cursor.long()) / 1000n);
    case `${TIME}MicroDuration`:
      return (cursor) => formatInterval(BigInt(cursor.long()));
    default:
      return pgType === 'oid' ? (cursor) => cursor.int() : (cursor) => BigInt(cursor.long());
  }
}

function stringReader(name: string, pgType: string | null): ValueReader {
  switch (name) {
    case `${TIME}ZonedTimestamp`:
      return (cursor) => isoToZonedTimestamp(cursor.string());
    case `${TIME}ZonedTime`:
      return (cursor) => cursor.string().replace(/Z$/, '+00');
    default:
      if (pgType === 'hstore') return (cursor) => jsonToHstore(cursor.string());
      return plainTextReader();
  }
}

function plainTextReader(): ValueReader {
  const texts = new RepeatedText();
  return (cursor) => cursor.repeatedString(texts);
}

function bytesReader(name: string, attributes: Attributes, pgType: string | null): ValueReader {
  if (name === `${CONNECT}Decimal`) {
    const scale = Number(attributes['scale'] ?? connectParameter(attributes, 'scale') ?? 0);
    return (cursor) => cursor.decimal(scale);
  }
  if (name === 'io.debezium.data.Bits') {
    const length = pgType === 'varbit' ? 0 : Number(connectParameter(attributes, 'length') ?? 0);
    return (cursor) => bitText(cursor.bytes(), length === 0x7fffffff ? 0 : length);
  }
  return (cursor) => Buffer.from(cursor.bytes());
}

/** Bits as PostgreSQL prints them, padded to `length`; the leading zeros of a varbit are not on the wire. */
function bitText(bytes: Buffer, length: number): string {
  let text = '';
  for (const byte of bytes) text = byte.toString(2).padStart(8, '0') + text;
  const shortest = text.replace(/^0+(?=.)/, '');
  return shortest.padStart(length, '0');
}

/** The fewest digits that give the same 32-bit float, which is what PostgreSQL prints. */
function shortestFloat(value: number): number {
  if (!Number.isFinite(value) || Number.isInteger(value)) return value;
  for (let digits = 6; digits < 9; digits++) {
    const shorter = Number(value.toPrecision(digits));
    if (Math.fround(shorter) === value) return shorter;
  }
  return Number(value.toPrecision(9));
}

function formatMilliseconds(millis: number | bigint): string {
  const micros = BigInt(millis) * 1000n;
  if (micros === TIMESTAMP_INFINITY || micros === TIMESTAMP_MINUS_INFINITY) return formatTimestamp(micros);
  const isSafe = micros < BigInt(MICROS_PER_DAY) * 100_000n && micros > BigInt(MICROS_PER_DAY) * -100_000n;
  return formatTimestamp(isSafe ? Number(micros) : micros);
}
