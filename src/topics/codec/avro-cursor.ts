import { decimalText } from './decimal.ts';
import type { RepeatedText } from './repeated-text.ts';

/** A record ended, or said a length, where its schema promised more. */
export class MalformedAvro extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'MalformedAvro';
  }
}

/** Of the group of seven bits at this shift a double holds four without rounding: enough for the microseconds of our time. */
const LAST_EXACT_SHIFT = 49;
const LAST_EXACT_BITS = 0x0f;

/** Reads Avro's binary encoding from a buffer, never beyond its end. */
export class AvroCursor {
  #buffer: Buffer = Buffer.alloc(0);
  #at = 0;

  open(buffer: Buffer, at: number): void {
    this.#buffer = buffer;
    this.#at = at;
  }

  get remaining(): number {
    return this.#buffer.length - this.#at;
  }

  byte(): number {
    const value = this.#buffer[this.#at++];
    if (value === undefined)
      throw new MalformedAvro(`the record is truncated at byte ${this.#buffer.length}`);
    return value;
  }

  boolean(): boolean {
    return this.byte() !== 0;
  }

  /** An int, or a long that is known to be small. */
  int(): number {
    const first = this.byte();
    if (first < 0x80) return (first >>> 1) ^ -(first & 1);
    return Number(this.#longFrom(first));
  }

  /** A long as a number where that is exact, else as a bigint. */
  long(): number | bigint {
    const first = this.byte();
    if (first < 0x80) return (first >>> 1) ^ -(first & 1);
    return this.#longFrom(first);
  }

  skipLong(): void {
    while (this.byte() >= 0x80);
  }

  float(): number {
    return this.#buffer.readFloatLE(this.#advance(4));
  }

  double(): number {
    return this.#buffer.readDoubleLE(this.#advance(8));
  }

  skip(bytes: number): void {
    this.#advance(bytes);
  }

  skipBytes(): void {
    this.#advance(this.int());
  }

  /** A view: valid as long as the record's buffer. */
  bytes(): Buffer {
    const length = this.int();
    const at = this.#advance(length);
    return this.#buffer.subarray(at, at + length);
  }

  /** The text of a decimal number. */
  decimal(scale: number): string {
    const length = this.int();
    const at = this.#advance(length);
    return decimalText(this.#buffer, scale, at, at + length);
  }

  string(): string {
    const length = this.int();
    const at = this.#advance(length);
    return this.#buffer.toString('utf8', at, at + length);
  }

  /** A string of a column whose values come again. */
  repeatedString(texts: RepeatedText): string {
    const length = this.int();
    const at = this.#advance(length);
    return texts.read(this.#buffer, at, at + length);
  }

  /** A string that most often is the same as last time: `known` with its bytes, or null where it is another. */
  isString(known: Buffer): boolean {
    const start = this.#at;
    const length = this.int();
    const at = this.#advance(length);
    let same = length === known.length;
    for (let i = 0; same && i < length; i++) same = this.#buffer[at + i] === known[i];
    if (!same) this.#at = start;
    return same;
  }

  #advance(bytes: number): number {
    const at = this.#at;
    if (bytes < 0 || at + bytes > this.#buffer.length) {
      throw new MalformedAvro(
        `the record is truncated: ${bytes} bytes promised, ${this.#buffer.length - at} left`,
      );
    }
    this.#at = at + bytes;
    return at;
  }

  #longFrom(first: number): number | bigint {
    let value = first & 0x7f;
    let factor = 128;
    for (let shift = 7; shift <= LAST_EXACT_SHIFT; shift += 7) {
      const byte = this.byte();
      if (shift === LAST_EXACT_SHIFT && byte > LAST_EXACT_BITS) {
        this.#at--;
        break;
      }
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
      factor *= 128;
    }
    let big = BigInt(value);
    for (let shift = 49n; ; shift += 7n) {
      const byte = this.byte();
      big |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) break;
      if (shift > 56n) throw new MalformedAvro('a whole number of more than 64 bits');
    }
    const decoded = BigInt.asIntN(64, (big >> 1n) ^ -(big & 1n));
    const number = Number(decoded);
    return Number.isSafeInteger(number) ? number : decoded;
  }
}
