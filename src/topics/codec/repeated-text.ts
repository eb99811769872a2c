/** Few values come again and again (a currency, a brand): slots for some hundred of them. */
const SLOTS = 256;
/** A longer text is no such value. */
const MAX_BYTES = 32;
/** After so many texts of which few had been seen before, a column is taken for one of ever new ones. */
const TRIAL = 2_048;
const MIN_HITS = TRIAL / 4;

/** Decodes the texts of one column; one that came lately is not made again, but the same string. */
export class RepeatedText {
  readonly #bytes: (Buffer | undefined)[] = [];
  readonly #texts: string[] = [];
  #asked = 0;
  #hits = 0;
  #isWorthIt = true;

  read(buffer: Buffer, start: number, end: number): string {
    const length = end - start;
    if (!this.#isWorthIt || length > MAX_BYTES) return buffer.toString('utf8', start, end);
    if (length === 0) return '';
    if (++this.#asked === TRIAL) this.#judge();
    const slot = slotOf(buffer, start, end);
    const known = this.#bytes[slot];
    if (known !== undefined && isSame(known, buffer, start, length)) {
      this.#hits++;
      return this.#texts[slot] ?? '';
    }
    const text = buffer.toString('utf8', start, end);
    this.#bytes[slot] = Buffer.from(buffer.subarray(start, end));
    this.#texts[slot] = text;
    return text;
  }

  #judge(): void {
    this.#isWorthIt = this.#hits >= MIN_HITS;
    this.#asked = 0;
    this.#hits = 0;
  }
}

function slotOf(buffer: Buffer, start: number, end: number): number {
  let hash = end - start;
  for (let at = start; at < end; at++) hash = (hash * 31 + (buffer[at] ?? 0)) | 0;
  return (hash ^ (hash >>> 8)) & (SLOTS - 1);
}

function isSame(known: Buffer, buffer: Buffer, start: number, length: number): boolean {
  if (known.length !== length) return false;
  for (let i = 0; i < length; i++) if (known[i] !== buffer[start + i]) return false;
  return true;
}
