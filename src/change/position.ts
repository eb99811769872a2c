import { type Lsn, toLsn } from './lsn.ts';

/**
 * Where a record stands in the history of its source: strictly increasing, in publish order, within
 * each topic partition. `epoch` is in Unix seconds or above, `seq` counts published records.
 * See docs/architecture.md, "Positions".
 */
export interface Position {
  readonly epoch: number;
  readonly lsn: Lsn;
  readonly seq: number;
}

/** The wire form's version; a reader refuses any other. */
const VERSION = '1';
const EPOCH_DIGITS = 10;
const LSN_DIGITS = 16;
const SEQ_DIGITS = 12;
const TEXT = /^1-([0-9a-f]{10})-([0-9a-f]{16})-([0-9a-f]{12})$/;

export function comparePositions(a: Position, b: Position): number {
  if (a.epoch !== b.epoch) return a.epoch < b.epoch ? -1 : 1;
  if (a.lsn !== b.lsn) return a.lsn < b.lsn ? -1 : 1;
  return a.seq === b.seq ? 0 : a.seq < b.seq ? -1 : 1;
}

/**
 * The wire form: `1-<epoch>-<lsn>-<seq>` in fixed-width hexadecimal, 42 ASCII characters. Its
 * lexicographic order is the order of positions, so a reader can compare without parsing.
 */
export function encodePosition({ epoch, lsn, seq }: Position): string {
  return `${positionPrefix(epoch, lsn)}${encodeSeq(seq)}`;
}

/** The part of the wire form that all records of one transaction share. */
export function positionPrefix(epoch: number, lsn: Lsn): string {
  return `${VERSION}-${hex(epoch, EPOCH_DIGITS)}-${hex(lsn, LSN_DIGITS)}-`;
}

export function encodeSeq(seq: number): string {
  return hex(seq, SEQ_DIGITS);
}

/** Whether a text is the wire form of a position: only such texts may be compared. */
export function isPositionText(text: string): boolean {
  return TEXT.test(text);
}

/** Throws RangeError on a text that `encodePosition` of this version could not have written. */
export function decodePosition(text: string): Position {
  const match = TEXT.exec(text);
  if (match?.[1] === undefined || match[2] === undefined || match[3] === undefined) {
    throw new RangeError(`"${text}" is no position of version ${VERSION}`);
  }
  return {
    epoch: Number.parseInt(match[1], 16),
    lsn: toLsn(BigInt(`0x${match[2]}`)),
    seq: Number.parseInt(match[3], 16),
  };
}

function hex(value: number | bigint, digits: number): string {
  return value.toString(16).padStart(digits, '0');
}
