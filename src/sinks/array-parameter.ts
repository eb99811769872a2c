import type { Value } from '../change/change.ts';
import { TextBuffer } from '../runtime/text-buffer.ts';

/**
 * An array literal of texts, `{"a",NULL,"b\"c"}`, made of each value's PostgreSQL text input. One
 * parameter a column keeps a statement's text the same whatever the number of rows.
 */
export function textArray(texts: readonly (string | null)[]): string {
  let literal = '{';
  for (let i = 0; i < texts.length; i++) {
    if (i > 0) literal += ',';
    const text = texts[i];
    literal += text === null || text === undefined ? 'NULL' : `"${escaped(text)}"`;
  }
  return `${literal}}`;
}

/** A value's text as PostgreSQL reads it; null for NULL. */
export function valueText(value: Value | undefined): string | null {
  if (value === null || value === undefined) return null;
  if (typeof value === 'string') return value;
  if (Buffer.isBuffer(value)) return `\\x${value.toString('hex')}`;
  if (!isList(value)) return String(value);
  LITERAL.clear();
  writeArray(LITERAL, value);
  return LITERAL.view().toString();
}

/** Writes the same, of a value that is not NULL. */
export function writeText(out: TextBuffer, value: Value): void {
  if (isList(value)) writeArray(out, value);
  else out.text(valueText(value) ?? '');
}

const LITERAL = new TextBuffer();
const [OPEN, CLOSE, COMMA, QUOTE] = [0x7b, 0x7d, 0x2c, 0x22];

/** Nested arrays are dimensions: they stand unquoted. */
function writeArray(out: TextBuffer, values: readonly Value[]): void {
  out.byte(OPEN);
  let isFirst = true;
  for (const value of values) {
    if (!isFirst) out.byte(COMMA);
    isFirst = false;
    if (isList(value)) writeArray(out, value);
    else writeElement(out, valueText(value));
  }
  out.byte(CLOSE);
}

function writeElement(out: TextBuffer, text: string | null): void {
  if (text === null) return out.text('NULL');
  out.byte(QUOTE);
  out.text(escaped(text));
  out.byte(QUOTE);
}

function isList(value: Value): value is readonly Value[] {
  return Array.isArray(value);
}

const TO_ESCAPE = /["\\]/;
const EVERY_TO_ESCAPE = /["\\]/g;

function escaped(text: string): string {
  return TO_ESCAPE.test(text) ? text.replace(EVERY_TO_ESCAPE, '\\$&') : text;
}
