type Element = string | number | boolean | null | undefined;

const PLAIN = /^[\w.+:-]+$/;

/** A PostgreSQL array literal, as the parameter of a cast such as `$1::text[]`. */
export function sqlArray(values: readonly Element[]): string {
  return `{${values.map(element).join(',')}}`;
}

function element(value: Element): string {
  if (value === null || value === undefined) return 'NULL';
  if (typeof value !== 'string') return String(value);
  if (PLAIN.test(value) && value.toUpperCase() !== 'NULL') return value;
  return `"${value.replace(/["\\]/g, '\\$&')}"`;
}

/**
 * JSON texts as the parameter of `string_to_array($1, E'\n', '')`: no quoting, which is what costs in an
 * array of JSON. Within JSON a line end can only be white space between values.
 */
export function jsonLines(texts: readonly (string | null)[]): string {
  return texts.map((text) => (text === null ? '' : text.replace(/[\r\n]+/g, ' '))).join('\n');
}
