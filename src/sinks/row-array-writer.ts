import type { Row, Value } from '../change/change.ts';
import { TextBuffer } from '../runtime/text-buffer.ts';
import { openArray, TEXT_OID, writeValue } from './binary-array.ts';
import type { TargetTable } from './target-table.ts';
import type { KeyWrite } from './write-set.ts';

/**
 * Writes rows as one parameter, an array of rows of texts in the binary format (PostgreSQL's array_send and
 * record_send): the server reads each row once, and Freshet goes through each row once.
 */
export class RowArrayWriter {
  readonly #out = new TextBuffer();

  /** The table's columns, and the epoch of a stamped one; `typeOid`: of `rowType`. Valid until more rows are written. */
  rows(typeOid: number, table: TargetTable, writes: readonly KeyWrite[]): Buffer {
    const out = this.#out;
    out.clear();
    openArray(out, typeOid, writes.length, false);
    const columns = table.columns.map(({ name }) => name);
    let [epoch, epochText] = [Number.NaN, ''];
    for (const write of writes) {
      const start = out.end;
      out.int32(0);
      out.int32(columns.length + (table.stamped ? 1 : 0));
      this.#values(columns, write.row);
      if (table.stamped) {
        // Nearly always the same one.
        if (write.epoch !== epoch) [epoch, epochText] = [write.epoch, String(write.epoch)];
        this.#value(epochText);
      }
      // The row's size does not count itself.
      out.putInt32(out.end - start - 4, start);
    }
    return out.view();
  }

  /** Most rows name all columns in their order: going through a row takes less than asking it for each. */
  #values(columns: readonly string[], row: Row): void {
    let at = 0;
    for (const column in row) {
      if (column !== columns[at]) break;
      this.#value(row[column]);
      at++;
    }
    for (; at < columns.length; at++) this.#value(row[columns[at] ?? '']);
  }

  #value(value: Value | undefined): void {
    this.#out.int32(TEXT_OID);
    writeValue(this.#out, value);
  }
}
