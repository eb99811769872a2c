/** Reads what Kafka's record format puts into signed varints (zigzag): numbers, and bytes behind their length. */
export class VarintReader {
  readonly #bytes: Buffer;
  #at: number;

  constructor(bytes: Buffer, at = 0) {
    this.#bytes = bytes;
    this.#at = at;
  }

  get at(): number {
    return this.#at;
  }

  skip(bytes: number): void {
    this.#at += bytes;
  }

  /** Up to 53 bits. Throws RangeError behind the end. */
  number(): number {
    const first = this.#byte();
    if (first < 128) return (first >>> 1) ^ -(first & 1);
    let value = first & 127;
    for (let factor = 128; ; factor *= 128) {
      const byte = this.#byte();
      value += (byte & 127) * factor;
      if (byte < 128) break;
    }
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  }

  /** Null where the length is −1. */
  bytes(): Buffer | null {
    const length = this.number();
    if (length < 0) return null;
    const start = this.#at;
    this.#at += length;
    if (this.#at > this.#bytes.length) throw new RangeError('a record ends too early');
    return this.#bytes.subarray(start, this.#at);
  }

  /** Whether the same bytes come next; they are skipped then. Otherwise nothing is read. */
  skipIf(known: Buffer): boolean {
    const start = this.#at;
    let isSame = this.number() === known.length;
    // From behind: what differs, differs there.
    for (let i = known.length - 1; isSame && i >= 0; i--) isSame = this.#bytes[this.#at + i] === known[i];
    this.#at = isSame ? this.#at + known.length : start;
    return isSame;
  }

  #byte(): number {
    const byte = this.#bytes[this.#at++];
    if (byte === undefined) throw new RangeError('a record ends too early');
    return byte;
  }
}
