/** A number that a double would round, as it was written. */
export class NumberText {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** More digits than a double holds for certain. */
const MANY_DIGITS = /\d{16}|\d[\d.]{16}/;

/**
 * JSON with numbers as they are written: a whole number that a double would round is a bigint, any other
 * such number a `NumberText`. Throws SyntaxError.
 */
export function parseExactJson(text: string): unknown {
  if (!MANY_DIGITS.test(text)) return JSON.parse(text);
  return JSON.parse(text, reviveNumber);
}

function reviveNumber(_key: string, value: unknown, context?: { readonly source?: string }): unknown {
  if (typeof value !== 'number' || context?.source === undefined) return value;
  const { source } = context;
  if (Number.isSafeInteger(value) && /^-?\d+$/.test(source)) return value;
  if (/^-?\d+$/.test(source)) return BigInt(source);
  return source.replace(/\D/g, '').length < 16 ? value : new NumberText(source);
}
