import { daysFromCivil, MICROS_PER_DAY } from '../../change/common-time.ts';
import { Unrepresentable } from './unrepresentable.ts';

/*
 * Dates and times between PostgreSQL's ISO text and the counts of Debezium's time types. Proleptic
 * Gregorian, years without a zero in PostgreSQL's text (1 BC comes before 1 AD), astronomical in ISO 8601's.
 */

/** What Debezium writes for an infinite date: days since 1970, from its java.time values. */
const DATE_INFINITY = -2147472692;
const DATE_MINUS_INFINITY = -2147472691;
/** What Debezium writes for an infinite timestamp, in microseconds: the PostgreSQL JDBC driver's values. */
export const TIMESTAMP_INFINITY = 9223372036825200000n;
export const TIMESTAMP_MINUS_INFINITY = -9223372036832400000n;
/** PostgreSQL 17's infinite intervals. */
const INTERVAL_INFINITY = 2n ** 63n - 1n;
const INTERVAL_MINUS_INFINITY = -(2n ** 63n);

/** Debezium's average month of 365.25 / 12 days, a whole number of microseconds. */
const MICROS_PER_MONTH = 2_629_800_000_000;
const TWO = Array.from({ length: 100 }, (_, n) => String(n).padStart(2, '0'));
const DATE = /^(\d{4,})-(\d\d)-(\d\d)( BC)?$/;
const TIMESTAMP = /^(\d{4,}-\d\d-\d\d) (\d\d:\d\d:\d\d(?:\.\d{1,6})?)( BC)?$/;
const TIME = /^(\d\d):(\d\d):(\d\d)(?:\.(\d{1,6}))?$/;
const ZONED_TIME = /^([\d:.]+)([+-])(\d\d)(?::(\d\d))?(?::(\d\d))?$/;
const ZONED_TIMESTAMP = /^(\d{4,})(-\d\d-\d\d) (\d\d:\d\d:\d\d(?:\.\d{1,6})?)\+00( BC)?$/;
const ISO_ZONED = /^([+-]\d+|\d{4})(-\d\d-\d\dT.*Z)$/;
const INTERVAL =
  /^(?:(-?\d+) years? ?)?(?:([+-]?\d+) mons? ?)?(?:([+-]?\d+) days? ?)?(?:([+-]?)(\d+):(\d\d):(\d\d)(?:\.(\d{1,6}))?)?$/;

/** "2026-11-21", "0044-03-15 BC", "infinity" → days since 1970-01-01. */
export function parseDate(text: string): number {
  if (text === 'infinity') return DATE_INFINITY;
  if (text === '-infinity') return DATE_MINUS_INFINITY;
  const match = DATE.exec(text);
  if (match === null) throw new Unrepresentable(text, 'is no date');
  const year = Number(match[1]);
  return daysFromCivil(match[4] === undefined ? year : 1 - year, Number(match[2]), Number(match[3]));
}

export function formatDate(days: number): string {
  if (days === DATE_INFINITY) return 'infinity';
  if (days === DATE_MINUS_INFINITY) return '-infinity';
  const date = civilDate(days);
  return date.bc ? `${date.text} BC` : date.text;
}

/** "2026-11-21 03:58:00.123456" → microseconds since 1970-01-01T00:00:00. */
export function parseTimestamp(text: string): number | bigint {
  if (text === 'infinity') return TIMESTAMP_INFINITY;
  if (text === '-infinity') return TIMESTAMP_MINUS_INFINITY;
  const match = TIMESTAMP.exec(text);
  if (match?.[1] === undefined || match[2] === undefined) throw new Unrepresentable(text, 'is no timestamp');
  return microsOf(parseDate(`${match[1]}${match[3] ?? ''}`), parseTime(match[2]));
}

/** Whole days and the rest, exact beyond 2^53. */
function microsOf(days: number, microsOfDay: number): number | bigint {
  const micros = days * MICROS_PER_DAY + microsOfDay;
  return Number.isSafeInteger(micros) ? micros : BigInt(days) * BigInt(MICROS_PER_DAY) + BigInt(microsOfDay);
}

/** → "2026-11-21T03:58:00.123456", "0044-03-15T00:00:00 BC", "infinity". */
export function formatTimestamp(micros: number | bigint): string {
  if (micros === TIMESTAMP_INFINITY) return 'infinity';
  if (micros === TIMESTAMP_MINUS_INFINITY) return '-infinity';
  const perDay = BigInt(MICROS_PER_DAY);
  const rest =
    typeof micros === 'number'
      ? modulo(micros, MICROS_PER_DAY)
      : Number(((micros % perDay) + perDay) % perDay);
  const days =
    typeof micros === 'number' ? (micros - rest) / MICROS_PER_DAY : Number((micros - BigInt(rest)) / perDay);
  const date = civilDate(days);
  return `${date.text}T${formatTime(rest)}${date.bc ? ' BC' : ''}`;
}

/** "03:58:00.123456" → microseconds since midnight; "24:00:00" is the end of the day. */
export function parseTime(text: string): number {
  const match = TIME.exec(text);
  if (match === null) throw new Unrepresentable(text, 'is no time of day');
  const seconds = Number(match[1]) * 3600 + Number(match[2]) * 60 + Number(match[3]);
  return seconds * 1_000_000 + Number((match[4] ?? '').padEnd(6, '0'));
}

/** PostgreSQL's text of a count of microseconds; hours go beyond 24 where the count does. */
export function formatTime(micros: number): string {
  const fraction = micros % 1_000_000;
  const seconds = (micros - fraction) / 1_000_000;
  const hours = Math.floor(seconds / 3600);
  const minutes = Math.floor(seconds / 60) % 60;
  const text = `${TWO[hours] ?? hours}:${TWO[minutes]}:${TWO[seconds % 60]}`;
  return fraction === 0 ? text : `${text}.${String(fraction).padStart(6, '0').replace(/0+$/, '')}`;
}

/** "10:00:00+02" → "08:00:00Z", as Debezium normalises it. */
export function zonedTimeToUtc(text: string): string {
  const match = ZONED_TIME.exec(text);
  if (match?.[1] === undefined) throw new Unrepresentable(text, 'is no time of day with a zone');
  const seconds = Number(match[3]) * 3600 + Number(match[4] ?? 0) * 60 + Number(match[5] ?? 0);
  const micros = parseTime(match[1]);
  if (seconds === 0) return `${formatTime(micros)}Z`;
  return `${formatTime(modulo(micros - (match[2] === '-' ? -seconds : seconds) * 1_000_000, MICROS_PER_DAY))}Z`;
}

/** "2026-11-21 03:58:00.5+00" → "2026-11-21T03:58:00.5Z", years as java.time writes them. */
export function zonedTimestampToIso(text: string): string {
  if (text === 'infinity' || text === '-infinity') return text;
  const match = ZONED_TIMESTAMP.exec(text);
  if (match === null) throw new Unrepresentable(text, 'is no timestamp in UTC');
  const year = match[4] === undefined ? Number(match[1]) : 1 - Number(match[1]);
  const digits = String(Math.abs(year)).padStart(4, '0');
  return `${year < 0 ? '-' : year > 9999 ? '+' : ''}${digits}${match[2]}T${match[3]}Z`;
}

/** The reverse, into a text that PostgreSQL reads: "0044-03-15T00:00:00Z BC" for ISO's year −43. */
export function isoToZonedTimestamp(iso: string): string {
  const first = iso.charCodeAt(0);
  if (first >= 0x31 && first <= 0x39 && iso.charCodeAt(4) === 0x2d) return iso;
  const match = ISO_ZONED.exec(iso);
  if (match?.[1] === undefined || match[2] === undefined) return iso;
  const year = Number(match[1]);
  if (year > 0 && year <= 9999) return iso;
  return `${String(year > 0 ? year : 1 - year).padStart(4, '0')}${match[2]}${year > 0 ? '' : ' BC'}`;
}

/** "1 year 2 mons -3 days +04:05:06.7" → microseconds, a month being 365.25 / 12 days. */
export function parseInterval(text: string): bigint {
  if (text === 'infinity') return INTERVAL_INFINITY;
  if (text === '-infinity') return INTERVAL_MINUS_INFINITY;
  const match = INTERVAL.exec(text);
  if (match === null || text === '') throw new Unrepresentable(text, 'is no interval');
  const [years, months, days, hours, minutes, seconds] = [1, 2, 3, 5, 6, 7].map((n) => BigInt(match[n] ?? 0));
  const time = ((hours ?? 0n) * 3600n + (minutes ?? 0n) * 60n + (seconds ?? 0n)) * 1_000_000n;
  const clock = time + BigInt((match[8] ?? '').padEnd(6, '0'));
  const micros =
    ((years ?? 0n) * 12n + (months ?? 0n)) * BigInt(MICROS_PER_MONTH) +
    (days ?? 0n) * BigInt(MICROS_PER_DAY) +
    (match[4] === '-' ? -clock : clock);
  if (micros >= INTERVAL_INFINITY || micros <= INTERVAL_MINUS_INFINITY) {
    throw new Unrepresentable(text, 'is more than 64 bits of microseconds');
  }
  return micros;
}

/** An interval in hours, minutes and seconds, which PostgreSQL reads back as it is. */
export function formatInterval(micros: bigint): string {
  if (micros === INTERVAL_INFINITY) return 'infinity';
  if (micros === INTERVAL_MINUS_INFINITY) return '-infinity';
  const magnitude = micros < 0n ? -micros : micros;
  const hours = magnitude / 3_600_000_000n;
  const rest = formatTime(Number(magnitude % 3_600_000_000n)).slice(2);
  return `${micros < 0n ? '-' : ''}${String(hours).padStart(2, '0')}${rest}`;
}

function civilDate(days: number): { readonly text: string; readonly bc: boolean } {
  const shifted = days + 719_468;
  const era = Math.floor(shifted / 146_097);
  const dayOfEra = shifted - era * 146_097;
  const yearOfEra = Math.floor(
    (dayOfEra -
      Math.floor(dayOfEra / 1460) +
      Math.floor(dayOfEra / 36_524) -
      Math.floor(dayOfEra / 146_096)) /
      365,
  );
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const shiftedMonth = Math.floor((5 * dayOfYear + 2) / 153);
  const day = dayOfYear - Math.floor((153 * shiftedMonth + 2) / 5) + 1;
  const month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9;
  const year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0);
  const shown = String(year > 0 ? year : 1 - year).padStart(4, '0');
  return { text: `${shown}-${TWO[month]}-${TWO[day]}`, bc: year <= 0 };
}

function modulo(value: number, by: number): number {
  return ((value % by) + by) % by;
}
