import { daysFromCivil, MICROS_PER_DAY } from './civil-time.ts';

/*
 * Dates and times of the years 1000 to 9999 straight from their bytes. Everything else (other years, BC,
 * infinities, what is no time at all) is NaN, and left to the parsers of civil-time.ts.
 */
const ZERO = 0x30;
const DASH = 0x2d;
const SPACE = 0x20;
const COLON = 0x3a;
const POINT = 0x2e;
const DATE_LENGTH = 10;
const TIME_LENGTH = 8;
const MICRO_DIGITS = 6;

/** "2026-11-21" → days since 1970-01-01, or NaN. */
export function commonDate(source: Buffer, start: number, length: number): number {
  if (length !== DATE_LENGTH || source[start + 4] !== DASH || source[start + 7] !== DASH) return Number.NaN;
  const year = two(source, start) * 100 + two(source, start + 2);
  return daysFromCivil(year, two(source, start + 5), two(source, start + 8));
}

/** "03:58:00.123456" → microseconds since midnight, or NaN. */
export function commonTime(source: Buffer, start: number, length: number): number {
  if (length < TIME_LENGTH || source[start + 2] !== COLON || source[start + 5] !== COLON) return Number.NaN;
  const minutes = two(source, start) * 60 + two(source, start + 3);
  const micros = (minutes * 60 + two(source, start + 6)) * 1_000_000;
  if (length === TIME_LENGTH) return micros;
  const digits = length - TIME_LENGTH - 1;
  if (source[start + TIME_LENGTH] !== POINT || digits > MICRO_DIGITS) return Number.NaN;
  let fraction = 0;
  for (let i = 0; i < MICRO_DIGITS; i++) {
    fraction = fraction * 10 + (i < digits ? digit(source[start + TIME_LENGTH + 1 + i]) : 0);
  }
  return micros + fraction;
}

/** "2026-11-21 03:58:00.123456" → microseconds since 1970-01-01T00:00:00, or NaN, also where a double rounds. */
export function commonTimestamp(source: Buffer, start: number, length: number): number {
  if (source[start + DATE_LENGTH] !== SPACE) return Number.NaN;
  const days = commonDate(source, start, DATE_LENGTH);
  const micros =
    days * MICROS_PER_DAY + commonTime(source, start + DATE_LENGTH + 1, length - DATE_LENGTH - 1);
  return Number.isSafeInteger(micros) ? micros : Number.NaN;
}

/** Whether the bytes are "2026-11-21 03:58:00[.ffffff]+00": one replaced character away from ISO 8601. */
export function isCommonZonedTimestamp(source: Buffer, start: number, length: number): boolean {
  const end = start + length;
  return (
    length >= 22 &&
    source[start + 4] === DASH &&
    source[start + DATE_LENGTH] === SPACE &&
    source[end - 3] === 0x2b &&
    source[end - 2] === ZERO &&
    source[end - 1] === ZERO
  );
}

function two(source: Buffer, at: number): number {
  return digit(source[at]) * 10 + digit(source[at + 1]);
}

function digit(byte: number | undefined): number {
  const value = (byte ?? 0) - ZERO;
  return value >= 0 && value <= 9 ? value : Number.NaN;
}
