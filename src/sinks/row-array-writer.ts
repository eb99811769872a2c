import { valueText } from './array-parameter.ts';
import type { TargetTable } from './target-table.ts';
import type { KeyWrite } from './write-set.ts';

const FIRST_CAPACITY = 64 * 1024;
/** Dimensions, a flag for NULLs, the element's type, the length, the lower bound: PostgreSQL's array_send. */
const ARRAY_HEADER_BYTES = 20;
/** The row's size and the number of its values: record_send. */
const ROW_HEADER_BYTES = 8;
/** A value's type and its size. */
const VALUE_HEADER_BYTES = 8;
const TEXT_OID = 25;
const NULL_LENGTH = -1;
/** A character of a JavaScript string takes three bytes at most. */
const MAX_BYTES_PER_CHARACTER = 3;
/** Up to here a text is copied character by character: a call that encodes one costs as much as some forty of them. */
const SHORT = 40;
const NOT_ASCII = 0x80;

/**
 * Writes rows as one parameter, an array of rows of texts in the binary format: the server reads each row once,
 * and Freshet goes through each row once.
 */
export class RowArrayWriter {
  #bytes: Buffer = Buffer.allocUnsafeSlow(FIRST_CAPACITY);
  #end = 0;

  /** The table's columns, and the epoch of a stamped one; `typeOid`: of `rowType`. Nobody else writes to it. */
  rows(typeOid: number, table: TargetTable, writes: readonly KeyWrite[]): Buffer {
    this.#end = 0;
    this.#reserve(ARRAY_HEADER_BYTES);
    for (const value of [1, 0, typeOid, writes.length, 1]) this.#int32(value);
    const columns = table.columns.map(({ name }) => name);
    let [epoch, epochText] = [Number.NaN, ''];
    for (const write of writes) {
      const start = this.#open(columns.length + (table.stamped ? 1 : 0));
      for (const column of columns) {
        const value = write.row[column];
        this.#text(typeof value === 'string' ? value : valueText(value));
      }
      if (table.stamped) {
        // Nearly always the same one.
        if (write.epoch !== epoch) [epoch, epochText] = [write.epoch, String(write.epoch)];
        this.#text(epochText);
      }
      this.#putInt32(this.#end - start - 4, start);
    }
    return Buffer.from(this.#bytes.subarray(0, this.#end));
  }

  #open(values: number): number {
    const start = this.#end;
    this.#reserve(ROW_HEADER_BYTES);
    this.#end = start + 4;
    this.#int32(values);
    return start;
  }

  #text(text: string | null): void {
    const length = text === null ? 0 : text.length;
    this.#reserve(VALUE_HEADER_BYTES + length * MAX_BYTES_PER_CHARACTER);
    this.#int32(TEXT_OID);
    const at = this.#end + 4;
    const written = text === null ? 0 : this.#characters(text, at);
    this.#putInt32(text === null ? NULL_LENGTH : written, at - 4);
    this.#end = at + written;
  }

  #characters(text: string, at: number): number {
    const length = text.length;
    if (length > SHORT) return this.#bytes.write(text, at);
    const bytes = this.#bytes;
    for (let i = 0; i < length; i++) {
      const code = text.charCodeAt(i);
      if (code >= NOT_ASCII) return bytes.write(text, at);
      bytes[at + i] = code;
    }
    return length;
  }

  #int32(value: number): void {
    this.#putInt32(value, this.#end);
    this.#end += 4;
  }

  #putInt32(value: number, at: number): void {
    const bytes = this.#bytes;
    bytes[at] = value >>> 24;
    bytes[at + 1] = value >>> 16;
    bytes[at + 2] = value >>> 8;
    bytes[at + 3] = value;
  }

  #reserve(bytes: number): void {
    const needed = this.#end + bytes;
    if (needed <= this.#bytes.length) return;
    const grown = Buffer.allocUnsafeSlow(Math.max(needed, this.#bytes.length * 2));
    this.#bytes.copy(grown, 0, 0, this.#end);
    this.#bytes = grown;
  }
}
