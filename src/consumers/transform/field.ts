import type { Value } from '../../change/change.ts';

/** The type of brand_id, customer_id, query_id and competitor_id in the target's tables. */
export type IdType = 'bigint' | 'uuid' | 'text';

/** A field's value, or why it has none that the target could hold. */
export type Field<T> = { readonly value: T } | { readonly problem: string };

const NONE = { value: null } as const;
const DECIMAL = /^[+-]?(\d*)(?:\.(\d*))?(?:e([+-]?\d{1,6}))?$/i;
const SPECIAL_NUMBER = /^(?:NaN|[+-]?Infinity)$/;
const UUID = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/i;
const TIMESTAMP = /^(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(?:\.(\d{1,6})\d*)?\s?(Z|[+-]\d\d(?::?\d\d)?)?$/;
const INT4_MAX = 2 ** 31 - 1;
const INT8_MAX = 2n ** 63n - 1n;
/** The limits of numeric: digits before and after the decimal point. */
const NUMERIC_WHOLE_DIGITS = 131_072;
const NUMERIC_FRACTION_DIGITS = 16_383;
const SHOWN_CHARS = 60;

/** Exact whatever the size: a bigint id becomes its decimal text, a uuid its lower-case form. */
export function readId(value: Value, type: IdType): Field<string | null> {
  if (value === null) return NONE;
  const text = typeof value === 'bigint' || typeof value === 'number' ? String(value) : value;
  if (typeof text === 'string') {
    if (type === 'text') return { value: text };
    if (type === 'uuid' && UUID.test(text)) return { value: text.toLowerCase() };
    if (type === 'bigint' && isInt8(text)) return { value: BigInt(text).toString() };
  }
  return { problem: `${shown(value)} is no ${type}` };
}

function isInt8(text: string): boolean {
  if (!/^-?\d{1,19}$/.test(text)) return false;
  const id = BigInt(text);
  return id <= INT8_MAX && id >= -INT8_MAX - 1n;
}

/** A whole number that a PostgreSQL `integer` holds. */
export function readInteger(value: Value): Field<number | null> {
  if (value === null) return NONE;
  const number = typeof value === 'string' && /^-?\d{1,10}$/.test(value) ? Number(value) : value;
  if (typeof number === 'number' || typeof number === 'bigint') {
    const whole = Number(number);
    if (Number.isInteger(whole) && whole <= INT4_MAX && whole >= -INT4_MAX - 1) return { value: whole };
  }
  return { problem: `${shown(value)} is no whole number of 32 bits` };
}

/** Decimal text as it came: nothing is rounded, no trailing zero is lost. */
export function readNumeric(value: Value): Field<string | null> {
  if (value === null) return NONE;
  if (typeof value === 'number' || typeof value === 'bigint') return { value: String(value) };
  if (typeof value === 'string' && isNumeric(value)) return { value };
  return { problem: `${shown(value)} is no number that numeric can hold` };
}

/** Whether PostgreSQL's `numeric` reads the text, within its limits. */
export function isNumeric(text: string): boolean {
  const match = DECIMAL.exec(text);
  if (match === null) return SPECIAL_NUMBER.test(text);
  const [, whole = '', fraction = '', exponent = '0'] = match;
  const shift = Number(exponent);
  return (
    whole.length + fraction.length > 0 &&
    whole.length + shift <= NUMERIC_WHOLE_DIGITS &&
    fraction.length - shift <= NUMERIC_FRACTION_DIGITS
  );
}

export function readBoolean(value: Value): Field<boolean | null> {
  if (value === null || typeof value === 'boolean') return { value };
  if (value === 't' || value === 'true') return { value: true };
  if (value === 'f' || value === 'false') return { value: false };
  return { problem: `${shown(value)} is neither true nor false` };
}

/**
 * A point in time as `YYYY-MM-DDTHH:MM:SS.ffffffZ`, so that the order of texts is the order in time.
 * Without a zone it is UTC. Infinity, years before 1 and after 9999 have no day to be counted under.
 */
export function readTimestamp(value: Value): Field<string | null> {
  if (value === null) return NONE;
  const match = typeof value === 'string' ? TIMESTAMP.exec(value) : null;
  if (match?.[1] === undefined || match[2] === undefined || !isCivil(match[1], match[2])) {
    return { problem: `${shown(value)} is no point in time` };
  }
  const [, date, time, fraction = '', zone = 'Z'] = match;
  return { value: `${inUtc(`${date}T${time}`, zone)}.${fraction.padEnd(6, '0')}Z` };
}

const MONTH_DAYS = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/** Whether the calendar has the date (YYYY-MM-DD) and the clock the time (HH:MM:SS). */
function isCivil(date: string, time: string): boolean {
  if (time > '23:59:59' || time.slice(3, 5) > '59' || time.slice(6) > '59') return false;
  const [year, month, day] = [Number(date.slice(0, 4)), Number(date.slice(5, 7)), Number(date.slice(8))];
  const leap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  const days = month === 2 && !leap ? 28 : (MONTH_DAYS[month - 1] ?? 0);
  return year > 0 && day > 0 && day <= days;
}

function inUtc(seconds: string, zone: string): string {
  if (zone === 'Z' || zone === '+00') return seconds;
  const sign = zone.startsWith('-') ? -1 : 1;
  const minutes = Number(zone.slice(1, 3)) * 60 + Number(zone.slice(3).replace(':', ''));
  return new Date(Date.parse(`${seconds}Z`) - sign * minutes * 60_000).toISOString().slice(0, 19);
}

export function readText(value: Value): Field<string | null> {
  if (value === null || typeof value === 'string') return { value };
  return { problem: `${shown(value)} is no text` };
}

/**
 * A list of sentences as JSON text, not yet checked: text and jsonb columns hold it as it is, an array
 * column's elements are written as JSON. Blank text is no list.
 */
export function readJsonList(value: Value): Field<string | null> {
  if (value === null || (typeof value === 'string' && value.trim() === '')) return NONE;
  if (typeof value === 'string') return { value };
  if (Array.isArray(value)) return { value: JSON.stringify(value) };
  return { problem: `${shown(value)} is no list` };
}

/**
 * The first element as stored, of an array column or of one written as JSON or as `{…}`; null of an empty
 * one, of blank text and of JSON's null.
 */
export function readFirstElement(value: Value): Field<number | null> {
  if (value === null) return NONE;
  if (Array.isArray(value)) return readFirstElementOf(value as readonly Value[]);
  if (typeof value !== 'string') return { problem: `${shown(value)} is no list of positions` };
  if (['', 'null'].includes(value.trim())) return NONE;
  const list = /^\s*[[{]\s*(?:(-?\d+|null)\s*(?:,.*)?)?[\]}]\s*$/is.exec(value);
  if (list === null) return { problem: `${shown(value)} is no list of positions` };
  const first = list[1];
  return first === undefined || first.toLowerCase() === 'null' ? NONE : readInteger(first);
}

/** An array of several dimensions is stored row by row. */
function readFirstElementOf([first = null]: readonly Value[]): Field<number | null> {
  return Array.isArray(first) ? readFirstElementOf(first as readonly Value[]) : readInteger(first);
}

function shown(value: Value): string {
  const text = typeof value === 'string' ? JSON.stringify(value) : String(value);
  return text.length > SHOWN_CHARS ? `${text.slice(0, SHOWN_CHARS)}…` : text;
}
