declare const lsnBrand: unique symbol;

/** A WAL address: a byte offset into the write-ahead log. Unsigned 64 bit. */
export type Lsn = bigint & { readonly [lsnBrand]: true };

const LSN_TEXT = /^([0-9A-F]{1,8})\/([0-9A-F]{1,8})$/i;

/** Brands a byte offset as an LSN. Throws RangeError outside 0 … 2^64 − 1. */
export function toLsn(offset: bigint): Lsn {
  if (offset < 0n || offset >= 1n << 64n) {
    throw new RangeError(`${offset} is no LSN: it must be between 0 and 2^64 - 1`);
  }
  return offset as Lsn;
}

export const ZERO_LSN = toLsn(0n);

/** Parses PostgreSQL's text form, "16/B374D848". Throws RangeError on anything else. */
export function parseLsn(text: string): Lsn {
  const match = LSN_TEXT.exec(text);
  if (match?.[1] === undefined || match[2] === undefined) {
    throw new RangeError(`"${text}" is no LSN: expected two hexadecimal numbers, like 16/B374D848`);
  }
  return toLsn((BigInt(`0x${match[1]}`) << 32n) | BigInt(`0x${match[2]}`));
}

/** PostgreSQL's text form, as in `pg_lsn` and psql. */
export function formatLsn(lsn: Lsn): string {
  const high = (lsn >> 32n).toString(16).toUpperCase();
  const low = (lsn & 0xffffffffn).toString(16).toUpperCase();
  return `${high}/${low}`;
}

export function maxLsn(a: Lsn, b: Lsn): Lsn {
  return a >= b ? a : b;
}
