import type { Row } from '../change/change.ts';
import { TextBuffer } from '../runtime/text-buffer.ts';
import { valueText } from './array-parameter.ts';
import { openArray, TEXT_OID, writeText } from './binary-array.ts';

/**
 * Writes columns of rows as parameters of type text[] in the binary format: the server copies the texts,
 * where it would parse a literal character by character. `take` gives the columns written since the last one.
 */
export class TextArrayWriter {
  readonly #out = new TextBuffer();
  #ends: number[] = [];

  /** A column that a row lacks is NULL. */
  column(rows: readonly Row[], name: string): this {
    return this.#texts(rows.map((row) => valueText(row[name])));
  }

  numbers(values: readonly number[]): this {
    return this.#texts(values.map(String));
  }

  /** Nobody else writes to them. */
  take(): Buffer[] {
    const all = Buffer.from(this.#out.view());
    const ends = this.#ends;
    this.#ends = [];
    this.#out.clear();
    return ends.map((end, i) => all.subarray(ends[i - 1] ?? 0, end));
  }

  #texts(texts: readonly (string | null)[]): this {
    openArray(this.#out, TEXT_OID, texts.length, texts.includes(null));
    for (const text of texts) writeText(this.#out, text);
    this.#ends.push(this.#out.end);
    return this;
  }
}
