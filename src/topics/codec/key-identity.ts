import { type Column, formatTable, type TableSchema } from '../../change/table.ts';
import type { Tuple } from '../../change/tuple.ts';
import { FreshetError } from '../../runtime/errors.ts';

const MURMUR_SEED = 0x9747b28c;
const MURMUR_M = 0x5bd1e995;
const MURMUR_R = 24;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const SPACE = 0x20;
const DELETE = 0x7f;
const LENGTH_BYTES = 4;

/** Makes one text of the texts of values that PostgreSQL calls equal. */
type Canonicalise = (text: string) => string;

/**
 * Identity of a row by the values of its key columns, never by encoded bytes, which hold a schema id.
 * 1.0 and 1.00 are one numeric, -0 and 0 one float, 'a' and 'a ' one bpchar without a length (one with a
 * length is always padded to it).
 */
export class KeyIdentity {
  readonly #schema: TableSchema;
  readonly #canonicalise: readonly (Canonicalise | null)[];
  #scratch: Buffer = Buffer.alloc(256);

  constructor(schema: TableSchema) {
    this.#schema = schema;
    this.#canonicalise = schema.key.map((index) => canonicaliserOf(schema.columns[index]));
  }

  /** JSON array of the key's texts, in the key's order. Throws RECORD_INVALID without a whole key. */
  text(tuple: Tuple): string {
    let text = '[';
    for (let k = 0; k < this.#schema.key.length; k++) {
      const start = this.#start(tuple, k);
      const length = this.#length(tuple, k);
      const canonicalise = this.#canonicalise[k] ?? null;
      if (k > 0) text += ',';
      if (canonicalise === null && isPlainAscii(tuple.bytes, start, length)) {
        text += `"${tuple.bytes.toString('latin1', start, start + length)}"`;
      } else {
        const value = tuple.bytes.toString('utf8', start, start + length);
        text += JSON.stringify(canonicalise === null ? value : canonicalise(value));
      }
    }
    return `${text}]`;
  }

  /** Kafka's murmur2 over each key value's length (32 bits) and canonical UTF-8 bytes, modulo `partitions`. */
  partition(tuple: Tuple, partitions: number): number {
    let end = 0;
    for (let k = 0; k < this.#schema.key.length; k++) end = this.#append(tuple, k, end);
    return (murmur2(this.#scratch, end) & 0x7fffffff) % partitions;
  }

  #append(tuple: Tuple, k: number, at: number): number {
    const start = this.#start(tuple, k);
    const length = this.#length(tuple, k);
    const canonicalise = this.#canonicalise[k] ?? null;
    if (canonicalise === null) {
      this.#reserve(at + LENGTH_BYTES + length);
      this.#scratch.writeUInt32LE(length, at);
      tuple.bytes.copy(this.#scratch, at + LENGTH_BYTES, start, start + length);
      return at + LENGTH_BYTES + length;
    }
    const text = Buffer.from(canonicalise(tuple.bytes.toString('utf8', start, start + length)));
    this.#reserve(at + LENGTH_BYTES + text.length);
    this.#scratch.writeUInt32LE(text.length, at);
    text.copy(this.#scratch, at + LENGTH_BYTES);
    return at + LENGTH_BYTES + text.length;
  }

  #start(tuple: Tuple, k: number): number {
    return tuple.spans[2 * (this.#schema.key[k] ?? 0)] ?? 0;
  }

  #length(tuple: Tuple, k: number): number {
    const index = this.#schema.key[k] ?? 0;
    const length = tuple.spans[2 * index + 1] ?? -1;
    if (length >= 0) return length;
    const column = this.#schema.columns[index]?.name ?? index;
    throw new FreshetError(
      'RECORD_INVALID',
      `${formatTable(this.#schema.id)}: key column "${column}" is ${length === -1 ? 'NULL' : 'not in the change'}`,
    );
  }

  #reserve(bytes: number): void {
    if (bytes <= this.#scratch.length) return;
    const larger = Buffer.alloc(bytes * 2);
    this.#scratch.copy(larger);
    this.#scratch = larger;
  }
}

function canonicaliserOf(column: Column | undefined): Canonicalise | null {
  if (column?.type.kind !== 'base') return null;
  switch (column.type.name) {
    case 'numeric':
      return canonicalNumeric;
    case 'float4':
    case 'float8':
      return (text) => (text === '-0' ? '0' : text);
    case 'bpchar':
      return column.typmod >= 0 ? null : (text) => text.replace(/ +$/, '');
    default:
      return null;
  }
}

function canonicalNumeric(text: string): string {
  return text.includes('.') ? text.replace(/\.?0+$/, '') : text;
}

/** Whether the bytes can stand between JSON's quotes as they are. */
function isPlainAscii(bytes: Buffer, start: number, length: number): boolean {
  for (let at = start; at < start + length; at++) {
    const byte = bytes[at] ?? 0;
    if (byte < SPACE || byte >= DELETE || byte === QUOTE || byte === BACKSLASH) return false;
  }
  return true;
}

/** MurmurHash2 as Kafka's own partitioner computes it (org.apache.kafka.common.utils.Utils.murmur2). */
export function murmur2(bytes: Buffer, length: number): number {
  let hash = MURMUR_SEED ^ length;
  const whole = length & ~3;
  for (let at = 0; at < whole; at += 4) {
    let word = Math.imul(bytes.readInt32LE(at), MURMUR_M);
    word ^= word >>> MURMUR_R;
    hash = Math.imul(hash, MURMUR_M) ^ Math.imul(word, MURMUR_M);
  }
  if (length > whole) {
    for (let i = length - whole - 1; i >= 0; i--) hash ^= (bytes[whole + i] ?? 0) << (8 * i);
    hash = Math.imul(hash, MURMUR_M);
  }
  hash ^= hash >>> 13;
  hash = Math.imul(hash, MURMUR_M);
  return hash ^ (hash >>> 15);
}
