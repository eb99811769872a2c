/** Figures as people read them. Everything that is not known is a dash. */

const UNKNOWN = '–';
const whole = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 });
const short = new Intl.NumberFormat('en-US', { maximumSignificantDigits: 3, notation: 'compact' });
const clock = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', second: '2-digit' });
const dayAndClock = new Intl.DateTimeFormat('en-GB', {
  day: 'numeric',
  month: 'short',
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
});

/** @param {number | null} value */
export function count(value) {
  return value === null ? UNKNOWN : whole.format(value);
}

/**
 * For where there is little room.
 * @param {number | null} value
 */
export function brief(value) {
  return value === null ? UNKNOWN : short.format(value);
}

/** @param {number | null} value */
export function rate(value) {
  if (value === null) return UNKNOWN;
  if (value === 0) return '0/s';
  return value < 0.1 ? '< 0.1/s' : `${value < 10 ? value.toFixed(1) : short.format(value)}/s`;
}

/** @param {number | null} seconds */
export function duration(seconds) {
  if (seconds === null) return UNKNOWN;
  if (seconds < 9.95) return `${Math.max(0, seconds).toFixed(1)} s`;
  const all = Math.round(seconds);
  if (all < 60) return `${all} s`;
  if (all < 3_600) return pair(Math.floor(all / 60), 'min', all % 60, 's');
  if (all < 86_400) return pair(Math.floor(all / 3_600), 'h', Math.floor((all % 3_600) / 60), 'min');
  return pair(Math.floor(all / 86_400), 'd', Math.floor((all % 86_400) / 3_600), 'h');
}

/** @param {number | null} value */
export function bytes(value) {
  if (value === null) return UNKNOWN;
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let unit = 0;
  let rest = value;
  for (; rest >= 1_024 && unit < units.length - 1; unit++) rest /= 1_024;
  return `${unit === 0 || rest >= 100 ? Math.round(rest) : rest.toFixed(1)} ${units[unit]}`;
}

/**
 * The time of day, where that is today; in the reader's time zone.
 * @param {string | null} iso
 */
export function time(iso) {
  if (iso === null) return UNKNOWN;
  const at = new Date(iso);
  const isToday = at.toDateString() === new Date().toDateString();
  return (isToday ? clock : dayAndClock).format(at);
}

/**
 * Below 100 only when it is: what lacks one row of a million is not 100 %.
 * @param {number} part
 * @param {number} all
 */
export function percent(part, all) {
  if (all <= 0) return UNKNOWN;
  const exact = (part / all) * 100;
  if (part < all && exact > 99.9) return '> 99.9 %';
  return `${exact === 100 || exact === 0 ? exact : exact.toFixed(1)} %`;
}

/**
 * @param {string} table
 * @returns the table's name, without the schema where that is the usual one
 */
export function tableName(table) {
  return table.startsWith('public.') ? table.slice('public.'.length) : table;
}

/**
 * @param {number | null} value
 * @param {string} noun
 */
export function counted(value, noun) {
  return `${count(value)} ${noun}${value === 1 ? '' : 's'}`;
}

/**
 * @param {number} large
 * @param {string} largeUnit
 * @param {number} small
 * @param {string} smallUnit
 */
function pair(large, largeUnit, small, smallUnit) {
  return small === 0 ? `${large} ${largeUnit}` : `${large} ${largeUnit} ${small} ${smallUnit}`;
}
