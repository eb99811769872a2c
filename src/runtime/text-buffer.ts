const FIRST_CAPACITY = 64 * 1024;
/** A larger one is not kept for the next use. */
const LARGEST_KEPT = 4 * 1024 * 1024;
/** A character of a JavaScript string takes three bytes at most. */
const MAX_BYTES_PER_CHARACTER = 3;
/** Up to here a text is copied character by character: a call that encodes one costs as much as some forty of them. */
const SHORT = 40;
const NOT_ASCII = 0x80;
const ZERO = 0x30;

/** Bytes that texts are written to, one behind the other; the same memory serves again and again. */
export class TextBuffer {
  #bytes: Buffer = Buffer.allocUnsafeSlow(FIRST_CAPACITY);
  #end = 0;

  get end(): number {
    return this.#end;
  }

  clear(): void {
    this.#end = 0;
    if (this.#bytes.length > LARGEST_KEPT) this.#bytes = Buffer.allocUnsafeSlow(FIRST_CAPACITY);
  }

  /** Its UTF-8. */
  text(text: string): void {
    const length = text.length;
    this.#reserve(length * MAX_BYTES_PER_CHARACTER);
    this.#end += length > SHORT ? this.#bytes.write(text, this.#end) : this.#characters(text);
  }

  byte(value: number): void {
    this.#reserve(1);
    this.#bytes[this.#end++] = value;
  }

  /** The digits of a whole number that is not negative. */
  digits(value: number): void {
    if (value < 10) this.byte(ZERO + value);
    else this.text(String(value));
  }

  int32(value: number): void {
    this.#reserve(4);
    this.putInt32(value, this.#end);
    this.#end += 4;
  }

  /** Over what was written before. */
  putInt32(value: number, at: number): void {
    const bytes = this.#bytes;
    bytes[at] = value >>> 24;
    bytes[at + 1] = value >>> 16;
    bytes[at + 2] = value >>> 8;
    bytes[at + 3] = value;
  }

  /** Valid until something is written or cleared. */
  view(): Buffer {
    return this.#bytes.subarray(0, this.#end);
  }

  #characters(text: string): number {
    const bytes = this.#bytes;
    const at = this.#end;
    for (let i = 0; i < text.length; i++) {
      const code = text.charCodeAt(i);
      if (code >= NOT_ASCII) return bytes.write(text, at);
      bytes[at + i] = code;
    }
    return text.length;
  }

  #reserve(bytes: number): void {
    const needed = this.#end + bytes;
    if (needed <= this.#bytes.length) return;
    const grown = Buffer.allocUnsafeSlow(Math.max(needed, this.#bytes.length * 2));
    this.#bytes.copy(grown, 0, 0, this.#end);
    this.#bytes = grown;
  }
}
