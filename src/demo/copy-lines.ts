import type { Row, Value } from '../change/change.ts';

/** One line, without its end, of PostgreSQL's `COPY … (FORMAT csv)`: NULL is empty, an empty text is quoted. */
export function csvLine(row: Row, columns: readonly string[]): string {
  return columns.map((column) => csvField(row[column] ?? null)).join(',');
}

/** One line, without its end, of COPY's default text format: the one that every psql ends with `\.` alike. */
export function textLine(row: Row, columns: readonly string[]): string {
  return columns.map((column) => textField(row[column] ?? null)).join('\t');
}

function csvField(value: Value): string {
  if (value === null) return '';
  const text = valueText(value);
  return /^[\w .:{}-]+$/.test(text) ? text : `"${text.replaceAll('"', '""')}"`;
}

const ESCAPES: Readonly<Record<string, string>> = { '\\': '\\\\', '\t': '\\t', '\n': '\\n', '\r': '\\r' };

function textField(value: Value): string {
  return value === null ? '\\N' : valueText(value).replace(/[\\\t\n\r]/g, (char) => ESCAPES[char] ?? char);
}

function valueText(value: Value): string {
  return Array.isArray(value) ? `{${value.map(String).join(',')}}` : String(value);
}
