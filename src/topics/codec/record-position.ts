import { toLsn } from '../../change/lsn.ts';
import { decodePosition, type Position } from '../../change/position.ts';

/** `1-<epoch>-<lsn>-`: what the records of one transaction share. */
const PREFIX_LENGTH = 30;
const TEXT_LENGTH = 42;

/** Parses position headers; the part that a transaction's records share is parsed once. */
export class PositionReader {
  #prefix: Buffer = Buffer.alloc(0);
  #shared: Position | null = null;

  /** Throws RangeError on what is no position of this version. */
  read(header: Buffer): Position {
    const shared = this.#shared;
    if (shared !== null && header.length === TEXT_LENGTH && this.#isShared(header)) {
      const seq = hexNumber(header, PREFIX_LENGTH);
      if (!Number.isNaN(seq)) return { epoch: shared.epoch, lsn: shared.lsn, seq };
    }
    const position = decodePosition(header.toString('latin1'));
    this.#prefix = Buffer.from(header.subarray(0, PREFIX_LENGTH));
    this.#shared = position;
    return position;
  }

  /** From behind: what differs, differs there. */
  #isShared(header: Buffer): boolean {
    for (let i = PREFIX_LENGTH - 1; i >= 0; i--) {
      if (header[i] !== this.#prefix[i]) return false;
    }
    return true;
  }
}

/** The lower-case hexadecimal digits from `start` to the end, or NaN. */
function hexNumber(text: Buffer, start: number): number {
  let value = 0;
  for (let at = start; at < text.length; at++) {
    const byte = text[at] ?? 0;
    const digit = byte >= 0x61 ? byte - 0x57 : byte - 0x30;
    if (digit < 0 || digit > 15 || (byte > 0x39 && byte < 0x61)) return Number.NaN;
    value = value * 16 + digit;
  }
  return value;
}

/**
 * The position of a record that Debezium wrote: epoch 0, the LSN of the last commit before the event (of
 * the event itself before the first commit), and the record's offset, which grows where LSNs stand still
 * (COPY gives many rows one LSN). A row's own LSN would not do: those of interleaved transactions overlap.
 * Throws RangeError where the source block has neither.
 */
export function debeziumPosition(sequence: string | null, lsn: bigint | null, offset: string): Position {
  const parsed: unknown = sequence === null ? [] : JSON.parse(sequence);
  const parts: readonly unknown[] = Array.isArray(parsed) ? parsed : [];
  const digits = parts.find((part) => typeof part === 'string' && /^-?\d+$/.test(part));
  const address = typeof digits === 'string' ? BigInt(digits) : lsn;
  if (address === null) throw new RangeError(`the source block has no LSN and no header names a position`);
  return { epoch: 0, lsn: toLsn(BigInt.asUintN(64, address)), seq: Number(offset) };
}
