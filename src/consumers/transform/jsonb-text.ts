import { isNumeric } from './field.ts';

/** What a JSON text holds, or why a jsonb column cannot hold it. */
export type JsonbText =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly reason: string };

const STRING = /"(?:[^"\\]|\\.)*"/g;
const NUMBER = /-?\d[\d.eE+-]*/g;
/** PostgreSQL's parser recurses; its default stack ends some thousand levels further down. */
const MAX_DEPTH = 1_000;
/** Only a number this long, or with an exponent this long, can leave numeric's range. */
const SUSPICIOUS_NUMBER = /\d[eE][+-]?\d{4}|\d{16000}/;

/**
 * Reads JSON as PostgreSQL's jsonb does. It is stricter than JSON itself: no `\u0000`, no half of a
 * surrogate pair, numbers within numeric (PostgreSQL documentation, "JSON Types"). One such value in a
 * batch would fail the whole statement, so it is found here.
 */
export function readJsonb(text: string): JsonbText {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return {
      ok: false,
      reason: `is not valid JSON: ${error instanceof Error ? error.message : String(error)}`,
    };
  }
  const reason = refusal(text, value);
  return reason === null ? { ok: true, value } : { ok: false, reason };
}

function refusal(text: string, value: unknown): string | null {
  if (text.length > MAX_DEPTH && depthOf(text) > MAX_DEPTH)
    return `is nested deeper than ${MAX_DEPTH} levels`;
  if (
    text.includes('\\u') &&
    !stringsOf(value).every((each) => each.isWellFormed() && !each.includes('\0'))
  ) {
    return 'holds \\u0000 or half of a surrogate pair, which jsonb cannot hold';
  }
  if (SUSPICIOUS_NUMBER.test(text)) {
    const far = text
      .replace(STRING, '')
      .match(NUMBER)
      ?.find((number) => !isNumeric(number));
    if (far !== undefined) return `holds a number beyond the range of numeric: ${far.slice(0, 40)}`;
  }
  return null;
}

function depthOf(text: string): number {
  if (text.split('[', MAX_DEPTH + 2).length + text.split('{', MAX_DEPTH + 2).length <= MAX_DEPTH) return 0;
  let depth = 0;
  let deepest = 0;
  for (const char of text.replace(STRING, '')) {
    if (char === '[' || char === '{') deepest = Math.max(deepest, ++depth);
    else if (char === ']' || char === '}') depth--;
  }
  return deepest;
}

/** Every string of a JSON value, the keys of its objects among them. */
function stringsOf(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  if (Array.isArray(value)) return value.flatMap(stringsOf);
  if (typeof value === 'object' && value !== null) {
    return Object.entries(value).flatMap(([key, each]) => [key, ...stringsOf(each)]);
  }
  return [];
}
