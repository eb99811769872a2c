import type { SlabWriter } from './slab-writer.ts';
import { Unrepresentable } from './unrepresentable.ts';

const MINUS = 0x2d;
const POINT = 0x2e;
const ZERO = 0x30;
/** As many digits are exact in a double. */
const MAX_FAST_DIGITS = 15;

/** A decimal number's text taken apart: its value is `digits` (sign included) × 10^−`scale`. */
interface Unscaled {
  readonly value: number | bigint;
  readonly scale: number;
}

/**
 * Avro decimal of a fixed scale: the unscaled value as big-endian two's complement, in as few bytes as it
 * needs (the Avro specification, "Decimal"). Throws Unrepresentable on NaN, infinities and, rather than
 * rounding, on digits beyond the scale.
 */
export function writeDecimal(
  source: Buffer,
  start: number,
  length: number,
  scale: number,
  out: SlabWriter,
): void {
  const { value, scale: given } = unscaled(source, start, length);
  if (given > scale) {
    throw new Unrepresentable(
      text(source, start, length),
      `has more than the ${scale} fraction digits of its type`,
    );
  }
  writeUnscaled(given === scale ? value : BigInt(value) * 10n ** BigInt(scale - given), out);
}

/** The fields of io.debezium.data.VariableScaleDecimal. The scale is the text's own: "1.50" keeps its zero. */
export function writeVariableDecimal(source: Buffer, start: number, length: number, out: SlabWriter): void {
  const { value, scale } = unscaled(source, start, length);
  out.long(scale);
  writeUnscaled(value, out);
}

/** An unscaled value's bytes, length first. */
export function writeUnscaled(value: number | bigint, out: SlabWriter): void {
  if (typeof value === 'bigint') return writeBigUnscaled(value, out);
  let bytes = 1;
  for (let limit = 0x80; value >= limit || value < -limit; limit *= 256) bytes++;
  out.long(bytes);
  for (let i = bytes - 1; i >= 0; i--) out.byte(Math.floor(value / 2 ** (8 * i)) & 0xff);
}

/** The plain decimal text of an Avro decimal: its bytes from `start` to `end`. */
export function decimalText(bytes: Buffer, scale: number, start = 0, end = bytes.length): string {
  const length = end - start;
  if (length > 6) return scaledText(bigDigits(bytes, start, end), scale);
  const unscaled = length === 0 ? 0 : bytes.readIntBE(start, length);
  if (scale !== 2 || unscaled < 0) return scaledText(String(unscaled), scale);
  // Nearly every price.
  const cents = unscaled % 100;
  return `${(unscaled - cents) / 100}${cents < 10 ? '.0' : '.'}${cents}`;
}

function bigDigits(bytes: Buffer, start: number, end: number): string {
  return BigInt.asIntN(8 * (end - start), BigInt(`0x${bytes.toString('hex', start, end)}`)).toString();
}

function scaledText(digits: string, scale: number): string {
  if (scale <= 0) return digits === '0' ? digits : digits + '0'.repeat(-scale);
  const sign = digits.startsWith('-') ? '-' : '';
  const magnitude = digits.slice(sign.length).padStart(scale + 1, '0');
  return `${sign}${magnitude.slice(0, -scale)}.${magnitude.slice(-scale)}`;
}

function writeBigUnscaled(value: bigint, out: SlabWriter): void {
  const magnitude = value < 0n ? -value - 1n : value;
  const bytes = Math.floor(magnitude === 0n ? 0 : bitLength(magnitude) / 8) + 1;
  const hex = BigInt.asUintN(8 * bytes, value)
    .toString(16)
    .padStart(2 * bytes, '0');
  out.bytes(Buffer.from(hex, 'hex'), 0, bytes);
}

function bitLength(value: bigint): number {
  const hex = value.toString(16);
  return 4 * hex.length - (Math.clz32(Number.parseInt(hex.charAt(0), 16)) - 28);
}

function unscaled(source: Buffer, start: number, length: number): Unscaled {
  const end = start + length;
  const negative = source[start] === MINUS;
  let value = 0;
  let digits = 0;
  let point = -1;
  for (let at = negative ? start + 1 : start; at < end; at++) {
    const digit = (source[at] ?? 0) - ZERO;
    if (digit >= 0 && digit <= 9) {
      value = value * 10 + digit;
      digits++;
    } else if (source[at] === POINT && point < 0) point = at;
    else throw new Unrepresentable(text(source, start, length), 'is no finite decimal number');
  }
  if (digits === 0) throw new Unrepresentable(text(source, start, length), 'is no finite decimal number');
  const scale = point < 0 ? 0 : end - point - 1;
  if (digits <= MAX_FAST_DIGITS) return { value: negative ? 0 - value : value, scale };
  return { value: BigInt(text(source, start, length).replace('.', '')), scale };
}

function text(source: Buffer, start: number, length: number): string {
  return source.toString('latin1', start, start + length);
}
