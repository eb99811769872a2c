import { createRequire } from 'node:module';

import type { TableId } from '../../change/table.ts';
import { digitCount, SlabWriter } from './slab-writer.ts';

const { version } = createRequire(import.meta.url)('../../../package.json') as { readonly version: string };

const CONNECTOR = 'postgresql';
const VALUE_BRANCH = 2;
const NULL_BRANCH = 0;

/** Where and when an event happened: what Debezium's `source` block and time stamps say. */
export interface EventOrigin {
  readonly lsn: bigint;
  readonly txId: number | null;
  /** Unix microseconds. */
  readonly commitTsUs: bigint;
  /** The LSN of the last commit before this event, the first half of `source.sequence`. */
  readonly commitLsn: bigint;
  readonly snapshot: boolean;
  /** Unix microseconds. */
  readonly nowUs: bigint;
}

/**
 * Writes everything of the envelope but `before`, `after` and `op`. What is the same for a whole
 * transaction is encoded once, and then copied.
 */
export class EnvelopeWriter {
  readonly #scratch = new SlabWriter(8192);
  readonly #names: Buffer;
  readonly #database: Buffer;
  readonly #table: Buffer;
  #commitTsUs = -1n;
  #txId: number | null = null;
  /** Null: nothing is encoded yet, whatever the first origin looks like. */
  #snapshot: boolean | null = null;
  #head: Buffer = Buffer.alloc(0);
  #middle: Buffer = Buffer.alloc(0);
  #commitLsn = -1n;
  #sequence: Buffer = Buffer.alloc(0);
  #nowUs = -1n;
  #now: Buffer = Buffer.alloc(0);

  constructor(prefix: string, database: string, table: TableId) {
    this.#names = this.#encode((out) => [version, CONNECTOR, prefix].forEach((text) => out.string(text)));
    this.#database = this.#encode((out) => out.string(database));
    this.#table = this.#encode((out) => [table.schema, table.name].forEach((text) => out.string(text)));
  }

  /** The `source` record. */
  source(origin: EventOrigin, out: SlabWriter): void {
    this.#remember(origin);
    out.raw(this.#head, 0, this.#head.length);
    this.#writeSequence(origin, out);
    out.raw(this.#middle, 0, this.#middle.length);
    out.byte(VALUE_BRANCH);
    if (origin.lsn <= Number.MAX_SAFE_INTEGER) out.long(Number(origin.lsn));
    else out.bigLong(BigInt.asIntN(64, origin.lsn));
    out.byte(NULL_BRANCH);
  }

  /** `ts_ms`, `ts_us` and `ts_ns`: when the event was encoded. */
  now(nowUs: bigint, out: SlabWriter): void {
    if (nowUs !== this.#nowUs) {
      this.#nowUs = nowUs;
      this.#now = this.#encode((segment) => {
        for (const time of [floorDivide(nowUs, 1000n), nowUs, nowUs * 1000n])
          writeOptionalLong(time, segment);
      });
    }
    out.raw(this.#now, 0, this.#now.length);
  }

  /** `["<last commit LSN>","<LSN>"]`, decimal. */
  #writeSequence({ lsn, commitLsn }: EventOrigin, out: SlabWriter): void {
    if (commitLsn !== this.#commitLsn) {
      this.#commitLsn = commitLsn;
      this.#sequence = Buffer.from(`["${commitLsn}","`);
    }
    out.byte(VALUE_BRANCH);
    const prefix = this.#sequence;
    if (lsn > Number.MAX_SAFE_INTEGER) return out.string(`${prefix.toString()}${lsn}"]`);
    const value = Number(lsn);
    const digits = digitCount(value);
    out.long(prefix.length + digits + 2);
    out.raw(prefix, 0, prefix.length);
    out.digits(value, digits);
    out.byte(0x22);
    out.byte(0x5d);
  }

  #remember({ commitTsUs, txId, snapshot }: EventOrigin): void {
    if (commitTsUs === this.#commitTsUs && txId === this.#txId && snapshot === this.#snapshot) return;
    this.#commitTsUs = commitTsUs;
    this.#txId = txId;
    this.#snapshot = snapshot;
    this.#head = this.#encode((out) => {
      out.raw(this.#names, 0, this.#names.length);
      out.bigLong(floorDivide(commitTsUs, 1000n));
      out.byte(0);
      out.string(String(snapshot));
      out.raw(this.#database, 0, this.#database.length);
    });
    this.#middle = this.#encode((out) => {
      writeOptionalLong(commitTsUs, out);
      writeOptionalLong(commitTsUs * 1000n, out);
      out.raw(this.#table, 0, this.#table.length);
      if (txId === null) out.byte(NULL_BRANCH);
      else writeOptionalLong(BigInt(txId), out);
    });
  }

  #encode(write: (out: SlabWriter) => void): Buffer {
    this.#scratch.begin();
    write(this.#scratch);
    return Buffer.from(this.#scratch.finish());
  }
}

function writeOptionalLong(value: bigint, out: SlabWriter): void {
  out.byte(VALUE_BRANCH);
  out.bigLong(value);
}

/** Towards minus infinity, as for times before 1970. */
function floorDivide(value: bigint, by: bigint): bigint {
  const quotient = value / by;
  return value % by < 0n ? quotient - 1n : quotient;
}
