import type { Row, Value } from '../change/change.ts';
import { TextBuffer } from '../runtime/text-buffer.ts';
import { openArray, TEXT_OID, writeValue } from './binary-array.ts';

/**
 * Writes columns of rows as parameters of type text[] in the binary format: the server copies the texts,
 * where it would parse a literal character by character. `take` gives the columns written since the last one.
 */
export class TextArrayWriter {
  readonly #out = new TextBuffer();
  #ends: number[] = [];

  /** A column that a row lacks is NULL. */
  column(rows: readonly Row[], name: string): this {
    return this.#values(rows.map((row) => row[name] ?? null));
  }

  numbers(values: readonly number[]): this {
    return this.#values(values);
  }

  /** Nobody else writes to them. */
  take(): Buffer[] {
    const all = Buffer.from(this.#out.view());
    const ends = this.#ends;
    this.#ends = [];
    this.#out.clear();
    return ends.map((end, i) => all.subarray(ends[i - 1] ?? 0, end));
  }

  #values(values: readonly Value[]): this {
    openArray(this.#out, TEXT_OID, values.length, values.includes(null));
    for (const value of values) writeValue(this.#out, value);
    this.#ends.push(this.#out.end);
    return this;
  }
}
