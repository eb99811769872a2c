import type { Row } from '../change/change.ts';
import { valueText } from './array-parameter.ts';

const FIRST_CAPACITY = 64 * 1024;
/** Dimensions, a flag for NULLs, the element's type, the length, the lower bound: PostgreSQL's array_send. */
const HEADER_BYTES = 20;
const TEXT_OID = 25;
const NULL_LENGTH = -1;
/** A character of a JavaScript string takes three bytes at most. */
const MAX_BYTES_PER_CHARACTER = 3;
/** Up to here a loop over the characters beats a call into the engine's encoder. */
const SHORT_TEXT = 32;

/**
 * Writes columns of rows as parameters of type text[] in the binary format: the server copies the texts,
 * where it would parse a literal character by character. `take` gives the columns written since the last one.
 */
export class TextArrayWriter {
  #bytes: Buffer = Buffer.allocUnsafeSlow(FIRST_CAPACITY);
  #end = 0;
  #ends: number[] = [];

  /** A column that a row lacks is NULL. */
  column(rows: readonly Row[], name: string): this {
    const start = this.#open(rows.length);
    let hasNull = false;
    for (const row of rows) {
      const value = row[name];
      const text = typeof value === 'string' ? value : valueText(value);
      if (text === null) {
        hasNull = true;
        this.#reserve(4);
        this.#end = this.#bytes.writeInt32BE(NULL_LENGTH, this.#end);
      } else this.#text(text);
    }
    return this.#close(start, hasNull);
  }

  numbers(values: readonly number[]): this {
    const start = this.#open(values.length);
    let [known, text] = [Number.NaN, ''];
    for (const value of values) {
      // Nearly always the same one.
      if (value !== known) [known, text] = [value, String(value)];
      this.#text(text);
    }
    return this.#close(start, false);
  }

  /** Nobody else writes to them. */
  take(): Buffer[] {
    const all = Buffer.allocUnsafeSlow(this.#end);
    this.#bytes.copy(all, 0, 0, this.#end);
    const ends = this.#ends;
    this.#ends = [];
    this.#end = 0;
    return ends.map((end, i) => all.subarray(ends[i - 1] ?? 0, end));
  }

  #open(length: number): number {
    const start = this.#end;
    this.#reserve(HEADER_BYTES);
    this.#bytes.writeInt32BE(1, start);
    this.#bytes.writeInt32BE(TEXT_OID, start + 8);
    this.#bytes.writeInt32BE(length, start + 12);
    this.#bytes.writeInt32BE(1, start + 16);
    this.#end = start + HEADER_BYTES;
    return start;
  }

  #close(start: number, hasNull: boolean): this {
    this.#bytes.writeInt32BE(hasNull ? 1 : 0, start + 4);
    this.#ends.push(this.#end);
    return this;
  }

  #text(text: string): void {
    this.#reserve(4 + text.length * MAX_BYTES_PER_CHARACTER);
    const at = this.#end + 4;
    const length = putShortAscii(this.#bytes, at, text) ? text.length : this.#bytes.write(text, at);
    this.#bytes.writeInt32BE(length, this.#end);
    this.#end = at + length;
  }

  #reserve(bytes: number): void {
    const needed = this.#end + bytes;
    if (needed <= this.#bytes.length) return;
    const grown = Buffer.allocUnsafeSlow(Math.max(needed, this.#bytes.length * 2));
    this.#bytes.copy(grown, 0, 0, this.#end);
    this.#bytes = grown;
  }
}

function putShortAscii(bytes: Uint8Array, at: number, text: string): boolean {
  const { length } = text;
  if (length > SHORT_TEXT) return false;
  for (let i = 0; i < length; i++) {
    const code = text.charCodeAt(i);
    if (code > 127) return false;
    bytes[at + i] = code;
  }
  return true;
}
