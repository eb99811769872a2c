/**
 * PostgreSQL's 64-bit hashes of texts, instants and arrays of texts, and of the row that they make
 * (hash_record_extended; the bytes' hash is Bob Jenkins' lookup3, in src/common/hashfn.c). Hash-partitioned tables
 * rest on them, so that they stay what they are. A 64-bit number is two halves of 32 bits here.
 */
export class PostgresHash {
  readonly #firstSeedHigh: number;
  readonly #firstSeedLow: number;
  /** Of the row's values. */
  #seedHigh = 0;
  #seedLow = 0;
  /** Of the row so far. */
  high = 0;
  low = 0;
  /** Of the last value. */
  #valueHigh = 0;
  #valueLow = 0;

  /** `seed`: 64 bits, not zero: PostgreSQL takes that for none. */
  constructor(seed: bigint) {
    this.#firstSeedHigh = Number(BigInt.asIntN(32, seed >> 32n));
    this.#firstSeedLow = Number(BigInt.asIntN(32, seed));
  }

  beginRow(): void {
    this.high = 0;
    this.low = 0;
    this.#seedHigh = this.#firstSeedHigh;
    this.#seedLow = this.#firstSeedLow;
  }

  /** From here on the row's values are hashed with the text's hash as their seed. */
  seedWith(bytes: DataView, start: number, end: number): void {
    this.#bytes(bytes, start, end);
    this.#seedHigh = this.#valueHigh;
    this.#seedLow = this.#valueLow;
  }

  addNull(): void {
    this.#add(0, 0);
  }

  /** The UTF-8 text between two bytes. */
  addText(bytes: DataView, start: number, end: number): void {
    this.#bytes(bytes, start, end);
    this.#add(this.#valueHigh, this.#valueLow);
  }

  /** `micros`: since 2000-01-01T00:00Z, a whole number. */
  addInstant(micros: number): void {
    const high = Math.floor(micros / TWO_32);
    const low = micros - high * TWO_32;
    WORD.setInt32(0, low ^ (micros >= 0 ? high : ~high), true);
    this.addText(WORD, 0, 4);
  }

  /** The elements' places, start and end by turns; a start of -1 is NULL. */
  addTexts(bytes: DataView, places: readonly number[]): void {
    const { high, low } = this;
    this.high = 0;
    this.low = 1;
    for (let i = 0; i < places.length; i += 2) {
      const start = places[i] ?? -1;
      if (start === -1) this.addNull();
      else this.addText(bytes, start, places[i + 1] ?? start);
    }
    const [arrayHigh, arrayLow] = [this.high, this.low];
    this.high = high;
    this.low = low;
    this.#add(arrayHigh, arrayLow);
  }

  /** The sum so far, times 31, and the value's hash. */
  #add(high: number, low: number): void {
    const sum = (this.low >>> 0) * 31 + (low >>> 0);
    this.low = sum | 0;
    this.high = (Math.imul(this.high, 31) + high + ((sum / TWO_32) | 0)) | 0;
  }

  #bytes(bytes: DataView, start: number, end: number): void {
    const first = (GOLDEN + end - start) | 0;
    let a = (first + this.#seedHigh) | 0;
    let b = (first + this.#seedLow) | 0;
    let c = first;
    // Twelve bytes after the other are added and mixed; before the first ones the seed is.
    for (let at = start; ; at += 12) {
      a = (a - c) ^ ((c << 4) | (c >>> 28));
      c = (c + b) | 0;
      b = (b - a) ^ ((a << 6) | (a >>> 26));
      a = (a + c) | 0;
      c = (c - b) ^ ((b << 8) | (b >>> 24));
      b = (b + a) | 0;
      a = (a - c) ^ ((c << 16) | (c >>> 16));
      c = (c + b) | 0;
      b = (b - a) ^ ((a << 19) | (a >>> 13));
      a = (a + c) | 0;
      c = (c - b) ^ ((b << 4) | (b >>> 28));
      b = (b + a) | 0;
      const left = end - at;
      if (left < 12) {
        a = (a + word(bytes, at, left)) | 0;
        b = (b + word(bytes, at + 4, left - 4)) | 0;
        // Its lowest byte is the length's.
        c = (c + (word(bytes, at + 8, left - 8) << 8)) | 0;
        break;
      }
      a = (a + bytes.getInt32(at, true)) | 0;
      b = (b + bytes.getInt32(at + 4, true)) | 0;
      c = (c + bytes.getInt32(at + 8, true)) | 0;
    }
    c = (c ^ b) - ((b << 14) | (b >>> 18));
    a = (a ^ c) - ((c << 11) | (c >>> 21));
    b = (b ^ a) - ((a << 25) | (a >>> 7));
    c = (c ^ b) - ((b << 16) | (b >>> 16));
    a = (a ^ c) - ((c << 4) | (c >>> 28));
    b = (b ^ a) - ((a << 14) | (a >>> 18));
    c = (c ^ b) - ((b << 24) | (b >>> 8));
    this.#valueHigh = b | 0;
    this.#valueLow = c | 0;
  }
}

const TWO_32 = 2 ** 32;
/** What the hash begins with, less the length: the golden ratio, and a number of Jenkins'. */
const GOLDEN = 0x9e3779b9 + 3923095;
const WORD = new DataView(new ArrayBuffer(4));

/** Up to four bytes, the first one lowest; none where `count` is not positive. */
function word(bytes: DataView, at: number, count: number): number {
  if (count >= 4) return bytes.getInt32(at, true);
  let value = 0;
  for (let i = 0; i < count; i++) value |= bytes.getUint8(at + i) << (8 * i);
  return value;
}
