import { Unrepresentable } from './unrepresentable.ts';

const OPEN = 0x7b;
const CLOSE = 0x7d;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const BOUNDS = 0x5b;
const EQUALS = 0x3d;
const NULL_TEXT = 'NULL';

/** One element's text; `length` is −1 for NULL. */
interface ArrayItem {
  readonly bytes: Buffer;
  readonly start: number;
  readonly length: number;
}

export interface ParsedArray {
  /** All elements in row-major order. */
  readonly items: readonly ArrayItem[];
  /** The length of each dimension; empty for `{}`. */
  readonly dimensions: readonly number[];
}

/**
 * Parses PostgreSQL's array text (its manual, "Array Input and Output Syntax"). Lower bounds other than 1
 * ("[2:3]={a,b}") are left out: Avro's arrays, and ours, have none. Throws Unrepresentable.
 */
export function parseArray(source: Buffer, start: number, length: number, delimiter: string): ParsedArray {
  return new ArrayParser(source, start, start + length, delimiter.charCodeAt(0)).parse();
}

/** Whether an array's text has more than one dimension, without parsing it. */
export function isNested(source: Buffer, start: number, length: number): boolean {
  const open = source[start] === BOUNDS ? source.indexOf(EQUALS, start) + 1 : start;
  return open < start + length && source[open] === OPEN && source[open + 1] === OPEN;
}

class ArrayParser {
  readonly #source: Buffer;
  readonly #begin: number;
  readonly #end: number;
  readonly #delimiter: number;
  readonly #items: ArrayItem[] = [];
  readonly #dimensions: number[] = [];
  #at: number;

  constructor(source: Buffer, start: number, end: number, delimiter: number) {
    this.#source = source;
    this.#begin = start;
    this.#end = end;
    this.#delimiter = delimiter;
    this.#at = start;
  }

  parse(): ParsedArray {
    if (this.#source[this.#at] === BOUNDS) this.#at = this.#source.indexOf(EQUALS, this.#at) + 1;
    this.#list(0);
    if (this.#at !== this.#end) this.#fail();
    return { items: this.#items, dimensions: this.#items.length === 0 ? [] : this.#dimensions };
  }

  #list(depth: number): void {
    if (this.#next() !== OPEN) this.#fail();
    let count = 0;
    if (this.#source[this.#at] === CLOSE) this.#at++;
    else {
      do {
        if (this.#source[this.#at] === OPEN) this.#list(depth + 1);
        else this.#items.push(this.#source[this.#at] === QUOTE ? this.#quoted() : this.#bare());
        count++;
      } while (this.#more());
    }
    this.#dimensions[depth] ??= count;
    if (this.#dimensions[depth] !== count) this.#fail();
  }

  /** After an element: whether the delimiter, and so another element, follows. */
  #more(): boolean {
    const byte = this.#next();
    if (byte !== this.#delimiter && byte !== CLOSE) this.#fail();
    return byte === this.#delimiter;
  }

  #bare(): ArrayItem {
    const start = this.#at;
    while (
      this.#at < this.#end &&
      this.#source[this.#at] !== this.#delimiter &&
      this.#source[this.#at] !== CLOSE
    ) {
      this.#at++;
    }
    const length = this.#at - start;
    const isNull =
      length === NULL_TEXT.length && this.#source.toString('latin1', start, this.#at) === NULL_TEXT;
    return { bytes: this.#source, start, length: isNull ? -1 : length };
  }

  #quoted(): ArrayItem {
    const start = ++this.#at;
    let escapes = 0;
    while (this.#at < this.#end && this.#source[this.#at] !== QUOTE) {
      if (this.#source[this.#at] === BACKSLASH) {
        escapes++;
        this.#at++;
      }
      this.#at++;
    }
    const length = this.#at - start;
    if (this.#next() !== QUOTE) this.#fail();
    if (escapes === 0) return { bytes: this.#source, start, length };
    return { bytes: unescape(this.#source, start, start + length), start: 0, length: length - escapes };
  }

  #next(): number {
    if (this.#at >= this.#end) this.#fail();
    return this.#source[this.#at++] ?? 0;
  }

  #fail(): never {
    throw new Unrepresentable(this.#source.toString('utf8', this.#begin, this.#end), 'is no array text');
  }
}

function unescape(source: Buffer, start: number, end: number): Buffer {
  const plain = Buffer.allocUnsafe(end - start);
  let length = 0;
  for (let at = start; at < end; at++) {
    if (source[at] === BACKSLASH) at++;
    plain[length++] = source[at] ?? 0;
  }
  return plain;
}
