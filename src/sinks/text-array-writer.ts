import type { Row } from '../change/change.ts';
import { valueText } from './array-parameter.ts';

const FIRST_CAPACITY = 64 * 1024;
/** Dimensions, a flag for NULLs, the element's type, the length, the lower bound: PostgreSQL's array_send. */
const HEADER_BYTES = 20;
const TEXT_OID = 25;
const NULL_LENGTH = -1;
/** A character of a JavaScript string takes three bytes at most. */
const MAX_BYTES_PER_CHARACTER = 3;
/** Where a text's length is to stand. */
const GAP = '\0\0\0\0';
/** So many texts are encoded by one call: enough to be rid of its cost, few enough to be done again one by one. */
const TOGETHER = 64;

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
    const texts: (string | null)[] = [];
    for (const row of rows) {
      const value = row[name];
      texts.push(typeof value === 'string' ? value : valueText(value));
    }
    return this.#texts(texts);
  }

  numbers(values: readonly number[]): this {
    let [known, text] = [Number.NaN, ''];
    const texts = values.map((value) => {
      // Nearly always the same one.
      if (value !== known) [known, text] = [value, String(value)];
      return text;
    });
    return this.#texts(texts);
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

  #texts(texts: readonly (string | null)[]): this {
    const start = this.#open(texts.length);
    for (let from = 0; from < texts.length; from += TOGETHER) {
      const to = Math.min(from + TOGETHER, texts.length);
      if (!this.#ascii(texts, from, to)) for (let i = from; i < to; i++) this.#text(texts[i] ?? null);
    }
    this.#bytes.writeInt32BE(texts.includes(null) ? 1 : 0, start + 4);
    this.#ends.push(this.#end);
    return this;
  }

  /** All of a range at once, if a character is a byte in all of them; otherwise nothing. */
  #ascii(texts: readonly (string | null)[], from: number, to: number): boolean {
    let all = '';
    for (let i = from; i < to; i++) all += GAP + (texts[i] ?? '');
    this.#reserve(all.length * MAX_BYTES_PER_CHARACTER);
    if (this.#bytes.write(all, this.#end) !== all.length) return false;
    let at = this.#end;
    for (let i = from; i < to; i++) {
      const length = texts[i]?.length ?? NULL_LENGTH;
      this.#int32(length, at);
      at += length < 0 ? 4 : 4 + length;
    }
    this.#end = at;
    return true;
  }

  #int32(value: number, at: number): void {
    const bytes = this.#bytes;
    bytes[at] = value >>> 24;
    bytes[at + 1] = value >>> 16;
    bytes[at + 2] = value >>> 8;
    bytes[at + 3] = value;
  }

  #text(text: string | null): void {
    this.#reserve(4 + (text?.length ?? 0) * MAX_BYTES_PER_CHARACTER);
    const at = this.#end + 4;
    const length = text === null ? NULL_LENGTH : this.#bytes.write(text, at);
    this.#bytes.writeInt32BE(length, this.#end);
    this.#end = at + Math.max(length, 0);
  }

  #reserve(bytes: number): void {
    const needed = this.#end + bytes;
    if (needed <= this.#bytes.length) return;
    const grown = Buffer.allocUnsafeSlow(Math.max(needed, this.#bytes.length * 2));
    this.#bytes.copy(grown, 0, 0, this.#end);
    this.#bytes = grown;
  }
}
