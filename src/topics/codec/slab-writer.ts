/** Big enough that a slab serves hundreds of rows, small enough that one retained record holds little back. */
const SLAB_BYTES = 256 * 1024;
/** What a varint of 64 bits needs. */
const MAX_VARINT_BYTES = 10;
/** Up to here `2n` is exact in a double, and so is zig-zag. */
const MAX_FAST_LONG = 2 ** 52;
/** Below this many bytes a loop beats the call into native code. */
const LOOP_COPY_BYTES = 24;

/**
 * Writes Avro primitives into slabs and hands records out as views of them. A slab is written once: bytes
 * behind a finished record are never touched again, so a record may be kept for as long as its owner likes.
 */
export class SlabWriter {
  readonly #slabBytes: number;
  #slab: Buffer;
  #start = 0;
  #at = 0;

  constructor(slabBytes: number = SLAB_BYTES) {
    this.#slabBytes = slabBytes;
    this.#slab = Buffer.allocUnsafeSlow(slabBytes);
  }

  /** Begins a record; one that was not finished (its encoding threw) is dropped. */
  begin(): void {
    this.#at = this.#start;
  }

  finish(): Buffer {
    const record = this.#slab.subarray(this.#start, this.#at);
    this.#start = this.#at;
    return record;
  }

  byte(value: number): void {
    if (this.#at === this.#slab.length) this.#grow(1);
    this.#slab[this.#at++] = value;
  }

  int32BigEndian(value: number): void {
    this.#reserve(4);
    this.#at = this.#slab.writeInt32BE(value, this.#at);
  }

  float(value: number): void {
    this.#reserve(4);
    this.#at = this.#slab.writeFloatLE(value, this.#at);
  }

  double(value: number): void {
    this.#reserve(8);
    this.#at = this.#slab.writeDoubleLE(value, this.#at);
  }

  /** An Avro int or long from a number that is a whole one; exact up to 2^53. */
  long(value: number): void {
    if (value > MAX_FAST_LONG || value < -MAX_FAST_LONG) this.bigLong(BigInt(value));
    else this.#varint(value >= 0 ? value * 2 : -value * 2 - 1);
  }

  /** An Avro long of up to 64 bits. */
  bigLong(value: bigint): void {
    this.#reserve(MAX_VARINT_BYTES);
    let rest = BigInt.asUintN(64, (value << 1n) ^ (value >> 63n));
    while (rest > 0x7fn) {
      this.#slab[this.#at++] = Number(rest & 0x7fn) | 0x80;
      rest >>= 7n;
    }
    this.#slab[this.#at++] = Number(rest);
  }

  /** Avro bytes or string: the length, then a copy of `source` from `start`. */
  bytes(source: Buffer, start: number, length: number): void {
    this.long(length);
    this.raw(source, start, length);
  }

  /** Avro string. For what is rare or short: texts of columns are copied with `bytes`. */
  string(text: string): void {
    const length = Buffer.byteLength(text);
    this.long(length);
    this.#reserve(length);
    this.#slab.write(text, this.#at, 'utf8');
    this.#at += length;
  }

  raw(source: Buffer, start: number, length: number): void {
    this.#reserve(length);
    const slab = this.#slab;
    const at = this.#at;
    if (length > LOOP_COPY_BYTES) source.copy(slab, at, start, start + length);
    else for (let i = 0; i < length; i++) slab[at + i] = source[start + i] ?? 0;
    this.#at = at + length;
  }

  /** The decimal digits of a whole number from 0 to 2^53, without a length; `count` as `digitCount` gives it. */
  digits(value: number, count: number): void {
    this.#reserve(count);
    let rest = value;
    for (let at = this.#at + count - 1; at >= this.#at; at--) {
      const tens = Math.floor(rest / 10);
      this.#slab[at] = 0x30 + (rest - tens * 10);
      rest = tens;
    }
    this.#at += count;
  }

  #varint(value: number): void {
    this.#reserve(MAX_VARINT_BYTES);
    const slab = this.#slab;
    let at = this.#at;
    let rest = value;
    while (rest > 0x7fffffff) {
      slab[at++] = (rest & 0x7f) | 0x80;
      rest = Math.floor(rest / 128);
    }
    while (rest > 0x7f) {
      slab[at++] = (rest & 0x7f) | 0x80;
      rest >>>= 7;
    }
    slab[at++] = rest;
    this.#at = at;
  }

  #reserve(bytes: number): void {
    if (this.#at + bytes > this.#slab.length) this.#grow(bytes);
  }

  /** Moves the unfinished record, and nothing else, to the start of a new slab. */
  #grow(bytes: number): void {
    const written = this.#at - this.#start;
    const needed = written + bytes;
    const size = needed > this.#slabBytes / 4 ? needed * 2 + this.#slabBytes : this.#slabBytes;
    const slab = Buffer.allocUnsafeSlow(size);
    this.#slab.copy(slab, 0, this.#start, this.#at);
    this.#slab = slab;
    this.#start = 0;
    this.#at = written;
  }
}

/** How many decimal digits a whole number from 0 to 2^53 has. */
export function digitCount(value: number): number {
  let count = 1;
  for (let limit = 10; value >= limit; limit *= 10) count++;
  return count;
}
