/*
 * Dates and times of the years 1 to 9999 straight from their bytes. Everything else (other years, BC,
 * infinities, 24:00:00, what is no day or no time at all) is NaN, and left to slower parsers.
 */
export const MICROS_PER_DAY = 86_400_000_000;

const ZERO = 0x30;
const DASH = 0x2d;
const SPACE = 0x20;
const COLON = 0x3a;
const POINT = 0x2e;
const DATE_LENGTH = 10;
const TIME_LENGTH = 8;
const MICRO_DIGITS = 6;
/** Every month has them. */
const SURE_DAYS = 28;

/** "2026-11-21" → days since 1970-01-01, or NaN. */
export function commonDate(source: Buffer, start: number, length: number): number {
  if (length !== DATE_LENGTH || source[start + 4] !== DASH || source[start + 7] !== DASH) return Number.NaN;
  const year = two(source, start) * 100 + two(source, start + 2);
  const month = two(source, start + 5);
  const day = two(source, start + 8);
  if (!(year >= 1 && month >= 1 && month <= 12 && day >= 1)) return Number.NaN;
  const days = daysFromCivil(year, month, day);
  if (day <= SURE_DAYS) return days;
  return days < daysFromCivil(month === 12 ? year + 1 : year, (month % 12) + 1, 1) ? days : Number.NaN;
}

/** "03:58:00.123456" → microseconds since midnight, or NaN. */
export function commonTime(source: Buffer, start: number, length: number): number {
  if (length < TIME_LENGTH || source[start + 2] !== COLON || source[start + 5] !== COLON) return Number.NaN;
  const hour = two(source, start);
  const minute = two(source, start + 3);
  const second = two(source, start + 6);
  if (!(hour < 24 && minute < 60 && second < 60)) return Number.NaN;
  const micros = ((hour * 60 + minute) * 60 + second) * 1_000_000;
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

/** Days since 1970-01-01; `year` is astronomical. By eras of 400 years that begin in March. */
export function daysFromCivil(year: number, month: number, day: number): number {
  const shifted = month <= 2 ? year - 1 : year;
  const era = Math.floor(shifted / 400);
  const yearOfEra = shifted - era * 400;
  const dayOfYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1;
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear;
  return era * 146_097 + dayOfEra - 719_468;
}
