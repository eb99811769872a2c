import { commonDate, commonTime, daysFromCivil, MICROS_PER_DAY } from '../change/common-time.ts';
import { TextBuffer } from '../runtime/text-buffer.ts';
import { openArray } from './binary-array.ts';
import { PostgresHash } from './postgres-hash.ts';
import { keyColumns, type TargetTable } from './target-table.ts';

/** How a column's value is hashed: as its text, as an instant, or as an array of texts. */
export type HashedAs = 'text' | 'instant' | 'texts';

/** A type whose text is not always that of the server is hashed as what it means; see `hashedRow` in statements.ts. */
export function hashedAs(type: string): HashedAs {
  if (type === 'timestamptz') return 'instant';
  return type === 'text[]' ? 'texts' : 'text';
}

const INT8_OID = 20;
const INT8_BYTES = 8;
/** Bytes before the first row of an array of rows. */
const ARRAY_HEADER = 20;
/** Where its number of rows stands. */
const COUNT_AT = 12;
/** Bytes before a row's first value: the row's size and the number of its values. */
const ROW_HEADER = 8;
/** Bytes before a value: its type, then its length, -1 for NULL. */
const VALUE_TYPE = 4;
const VALUE_HEADER = 8;
const KEPT_BOUNDS = 16;

/**
 * Hashes rows as the server hashes those that it holds (`hashedRow`). A value whose text is not the server's own
 * for it has another hash: its row is then taken for one that differs, and compared as a whole.
 */
export class RowHashes {
  readonly #hash: PostgresHash;
  readonly #out = new TextBuffer();
  /** By the length of the array. */
  readonly #bounds: (DataView | undefined)[] = [];
  readonly #places: number[] = [];
  /** Those that are hashed. */
  #rows: Buffer = Buffer.alloc(0);

  constructor(seed: bigint) {
    this.#hash = new PostgresHash(seed);
  }

  /**
   * The hashes of `rows`, a parameter that `RowArrayWriter` wrote, as one of type int8[] in the binary format; `from`
   * is hashed behind a stamped row.
   */
  of(table: TargetTable, rows: Buffer, from: string): Buffer {
    const out = this.#out;
    out.clear();
    openArray(out, INT8_OID, rows.readInt32BE(COUNT_AT), false);
    this.#each(table, rows, from, (high, low) => {
      out.int32(INT8_BYTES);
      out.int32(high);
      out.int32(low);
    });
    return Buffer.from(out.view());
  }

  /** Those of all rows in one, by exclusive or: the text of an int8. */
  ofAll(table: TargetTable, rows: Buffer, from: string): string {
    let [allHigh, allLow] = [0, 0];
    this.#each(table, rows, from, (high, low) => {
      allHigh ^= high;
      allLow ^= low;
    });
    return String((BigInt(allHigh) << 32n) | BigInt(allLow >>> 0));
  }

  #each(table: TargetTable, rows: Buffer, from: string, take: (high: number, low: number) => void): void {
    this.#rows = rows;
    const bytes = viewOf(rows);
    const kinds = table.columns.map(({ type }) => hashedAs(type));
    if (table.stamped) kinds.push('text');
    const keys = keyColumns(table).map((key) => table.columns.indexOf(key));
    const stamp = table.stamped ? viewOf(Buffer.from(from)) : null;
    const count = bytes.getInt32(COUNT_AT);
    for (let i = 0, at = ARRAY_HEADER; i < count; i++) {
      at = this.#row(bytes, at, keys, kinds);
      if (stamp !== null) this.#hash.addText(stamp, 0, stamp.byteLength);
      take(this.#hash.high, this.#hash.low);
    }
  }

  /** Gives the place behind the row. */
  #row(bytes: DataView, start: number, keys: readonly number[], kinds: readonly HashedAs[]): number {
    this.#hash.beginRow();
    this.#seed(bytes, start, keys);
    let at = start + ROW_HEADER;
    for (const kind of kinds) {
      const length = bytes.getInt32(at + VALUE_TYPE);
      at += VALUE_HEADER;
      if (length < 0) this.#null(kind);
      else {
        this.#value(kind, bytes, at, at + length);
        at += length;
      }
    }
    return at;
  }

  /** The key is the seed of a row's hash: rows that swapped their values would else have the same one together. */
  #seed(bytes: DataView, start: number, keys: readonly number[]): void {
    let at = start + ROW_HEADER;
    let column = 0;
    for (const key of keys) {
      for (; column < key; column++) at += VALUE_HEADER + Math.max(bytes.getInt32(at + VALUE_TYPE), 0);
      const text = at + VALUE_HEADER;
      this.#hash.seedWith(bytes, text, text + bytes.getInt32(at + VALUE_TYPE));
    }
  }

  #null(kind: HashedAs): void {
    this.#hash.addNull();
    if (kind === 'texts') this.#hash.addNull();
  }

  #value(kind: HashedAs, bytes: DataView, at: number, end: number): void {
    switch (kind) {
      case 'text':
        return this.#hash.addText(bytes, at, end);
      case 'instant': {
        const micros = instantOf(this.#rows, at, end);
        return Number.isNaN(micros) ? this.#hash.addText(bytes, at, end) : this.#hash.addInstant(micros);
      }
      case 'texts':
        return this.#texts(bytes, at, end);
    }
  }

  /** The hash of an array is that of its elements, whatever its bounds: those come behind it. */
  #texts(bytes: DataView, at: number, end: number): void {
    const places = this.#places;
    if (!findElements(bytes, at, end, places)) {
      this.#hash.addText(bytes, at, end);
      return this.#hash.addNull();
    }
    this.#hash.addTexts(bytes, places);
    const count = places.length / 2;
    if (count === 0) return this.#hash.addNull();
    const bounds = this.#boundsOf(count);
    this.#hash.addText(bounds, 0, bounds.byteLength);
  }

  /** As the server writes them; nearly all arrays are short. */
  #boundsOf(count: number): DataView {
    const known = this.#bounds[count];
    if (known !== undefined) return known;
    const bounds = viewOf(Buffer.from(`[1:${count}]`));
    if (count <= KEPT_BOUNDS) this.#bounds[count] = bounds;
    return bounds;
  }
}

function viewOf(bytes: Buffer): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
}

const [OPEN, CLOSE, COMMA, QUOTE, BACKSLASH, NULL_LETTER] = [0x7b, 0x7d, 0x2c, 0x22, 0x5c, 0x4e];

/**
 * The places of the elements of an array literal that `writeText` wrote, start and end by turns, -1 twice for NULL.
 * False where they do not stand in it as they are: one is escaped, or the array has dimensions.
 */
function findElements(bytes: DataView, start: number, end: number, into: number[]): boolean {
  into.length = 0;
  if (bytes.getUint8(start) !== OPEN) return false;
  for (let at = start + 1; at < end && bytes.getUint8(at) !== CLOSE; at++) {
    const first = bytes.getUint8(at);
    if (first === COMMA) continue;
    if (first === NULL_LETTER) {
      into.push(-1, -1);
      at += 'NULL'.length - 1;
    } else if (first === QUOTE) {
      const element = at + 1;
      for (at++; bytes.getUint8(at) !== QUOTE; at++) if (bytes.getUint8(at) === BACKSLASH) return false;
      into.push(element, at);
    } else return false;
  }
  return true;
}

const [SPACE, LETTER_T, LETTER_Z, PLUS, ZERO] = [0x20, 0x54, 0x5a, 0x2b, 0x30];
const DATE_LENGTH = 10;
const SHORTEST_INSTANT = '2000-01-01T00:00:00Z'.length;
const DAYS_TO_2000 = daysFromCivil(2000, 1, 1);

/**
 * Microseconds since 2000 of "2026-11-21T03:58:00.123456Z" or "2026-11-21 03:58:00.123456+00"; NaN for a text of
 * another form.
 */
function instantOf(bytes: Buffer, at: number, end: number): number {
  const between = bytes[at + DATE_LENGTH];
  const zone = zoneLength(bytes, end);
  if (end - at < SHORTEST_INSTANT || (between !== LETTER_T && between !== SPACE) || zone === 0)
    return Number.NaN;
  const days = commonDate(bytes, at, DATE_LENGTH) - DAYS_TO_2000;
  const time = at + DATE_LENGTH + 1;
  const micros = days * MICROS_PER_DAY + commonTime(bytes, time, end - zone - time);
  // Rounded, it would be the hash of another instant.
  return Number.isSafeInteger(micros) ? micros : Number.NaN;
}

/** Of "Z" or "+00" before `end`; 0 where something else stands there. */
function zoneLength(bytes: Buffer, end: number): number {
  if (bytes[end - 1] === LETTER_Z) return 1;
  return bytes[end - 3] === PLUS && bytes[end - 2] === ZERO && bytes[end - 1] === ZERO ? 3 : 0;
}
