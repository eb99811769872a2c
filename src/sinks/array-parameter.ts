import type { Value } from '../change/change.ts';

/**
 * An array literal of texts, `{"a",NULL,"b\"c"}`, made of each value's PostgreSQL text input. One
 * parameter a column keeps a statement's text the same whatever the number of rows.
 */
export function textArray(texts: readonly (string | null)[]): string {
  let literal = '{';
  for (let i = 0; i < texts.length; i++) {
    if (i > 0) literal += ',';
    const text = texts[i];
    literal += text === null || text === undefined ? 'NULL' : quoteElement(text);
  }
  return `${literal}}`;
}

/** A value's text as PostgreSQL reads it; null for NULL. */
export function valueText(value: Value | undefined): string | null {
  if (value === null || value === undefined) return null;
  if (typeof value === 'string') return value;
  if (Buffer.isBuffer(value)) return `\\x${value.toString('hex')}`;
  if (Array.isArray(value)) return arrayLiteral(value as readonly Value[]);
  return String(value);
}

/** Nested arrays are dimensions: they stand unquoted. */
function arrayLiteral(values: readonly Value[]): string {
  const elements = values.map((value) => {
    const text = valueText(value);
    if (text === null) return 'NULL';
    return Array.isArray(value) ? text : quoteElement(text);
  });
  return `{${elements.join(',')}}`;
}

const TO_ESCAPE = /["\\]/;
const EVERY_TO_ESCAPE = /["\\]/g;

function quoteElement(text: string): string {
  return TO_ESCAPE.test(text) ? `"${text.replace(EVERY_TO_ESCAPE, '\\$&')}"` : `"${text}"`;
}
