import { NULL_LENGTH, type Tuple } from '../change/tuple.ts';

const HEADER_BYTES = 19;

/**
 * Splits `COPY … TO STDOUT (FORMAT binary)` into tuples, whatever pieces it arrives in. The tuples
 * borrow the pieces. https://www.postgresql.org/docs/current/sql-copy.html (Binary Format)
 */
export class CopyBinaryParser {
  #rest: Buffer = Buffer.alloc(0);
  #started = false;
  #ended = false;

  /** The tuples that end within what was fed so far. */
  *feed(piece: Buffer): Generator<Tuple> {
    let bytes = this.#rest.length === 0 ? piece : Buffer.concat([this.#rest, piece]);
    let at = 0;
    if (!this.#started) {
      if (bytes.length < HEADER_BYTES) {
        this.#rest = bytes;
        return;
      }
      at = HEADER_BYTES + bytes.readInt32BE(HEADER_BYTES - 4);
      this.#started = true;
    }
    while (!this.#ended) {
      const row = readRow(bytes, at);
      if (row === 'incomplete') break;
      if (row === 'end') {
        this.#ended = true;
        break;
      }
      at = row.end;
      yield row.tuple;
    }
    bytes = bytes.subarray(at);
    this.#rest = bytes;
  }

  /** Throws RangeError if the stream ended in the middle of a row. */
  finish(): void {
    if (!this.#ended) throw new RangeError('COPY ended without its trailer');
  }
}

function readRow(bytes: Buffer, start: number): { tuple: Tuple; end: number } | 'incomplete' | 'end' {
  if (start + 2 > bytes.length) return 'incomplete';
  const count = bytes.readInt16BE(start);
  if (count === -1) return 'end';
  const spans = new Int32Array(count * 2);
  let at = start + 2;
  for (let i = 0; i < count; i++) {
    if (at + 4 > bytes.length) return 'incomplete';
    const length = bytes.readInt32BE(at);
    at += 4;
    spans[2 * i] = at;
    spans[2 * i + 1] = length < 0 ? NULL_LENGTH : length;
    if (length > 0) at += length;
  }
  if (at > bytes.length) return 'incomplete';
  return { tuple: { bytes, spans }, end: at };
}
