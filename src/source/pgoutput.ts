import { type Lsn, toLsn } from '../change/lsn.ts';
import { NULL_LENGTH, type Tuple, UNAVAILABLE_LENGTH } from '../change/tuple.ts';

/**
 * Messages of PostgreSQL's `pgoutput` plugin, protocol version 1.
 * https://www.postgresql.org/docs/current/protocol-logicalrep-message-formats.html
 */
export type PgoutputMessage =
  | {
      readonly kind: 'begin';
      /** start of the commit record */ readonly commitLsn: Lsn;
      readonly commitTsUs: bigint;
      readonly xid: number;
    }
  | { readonly kind: 'commit'; readonly commitLsn: Lsn; readonly endLsn: Lsn }
  | RelationMessage
  | { readonly kind: 'insert'; readonly relationOid: number; readonly after: Tuple }
  | {
      readonly kind: 'update';
      readonly relationOid: number;
      /** The old key (`K`: other columns are NULL), the old row (`O`: replica identity full), or null: the key stayed. */
      readonly before: Tuple | null;
      readonly beforeIsRow: boolean;
      readonly after: Tuple;
    }
  | {
      readonly kind: 'delete';
      readonly relationOid: number;
      readonly before: Tuple;
      readonly beforeIsRow: boolean;
    }
  | { readonly kind: 'truncate'; readonly relationOids: readonly number[] }
  /** Type, origin and logical messages: nothing to publish. */
  | { readonly kind: 'other' };

export interface RelationMessage {
  readonly kind: 'relation';
  readonly relationOid: number;
  readonly schema: string;
  readonly name: string;
  /** `pg_class.relreplident`: d, n, f or i */
  readonly identity: string;
  readonly columns: readonly RelationColumn[];
}

interface RelationColumn {
  readonly name: string;
  readonly partOfKey: boolean;
  readonly typeOid: number;
  readonly typmod: number;
}

/** PostgreSQL counts microseconds from 2000-01-01; Unix from 1970-01-01. */
const POSTGRES_EPOCH_US = 946_684_800_000_000n;

const OTHER: PgoutputMessage = { kind: 'other' };
const N = 0x6e; // 'n': NULL
const U = 0x75; // 'u': unchanged TOAST
const T = 0x74; // 't': text

const RELATION = 0x52; // 'R'

export function isRelation(bytes: Buffer): boolean {
  return bytes[0] === RELATION;
}

/** Decodes one message. The tuples borrow `bytes`. Throws RangeError on bytes that are no pgoutput message. */
export function decodePgoutput(bytes: Buffer): PgoutputMessage {
  switch (bytes[0]) {
    case 0x49: // 'I'
      return { kind: 'insert', relationOid: bytes.readUInt32BE(1), after: decodeTuple(bytes, 6).tuple };
    case 0x55: // 'U'
      return decodeUpdate(bytes);
    case 0x44: // 'D'
      return {
        kind: 'delete',
        relationOid: bytes.readUInt32BE(1),
        before: decodeTuple(bytes, 6).tuple,
        beforeIsRow: bytes[5] === 0x4f,
      };
    case 0x42: // 'B'
      return {
        kind: 'begin',
        commitLsn: toLsn(bytes.readBigUInt64BE(1)),
        commitTsUs: bytes.readBigInt64BE(9) + POSTGRES_EPOCH_US,
        xid: bytes.readUInt32BE(17),
      };
    case 0x43: // 'C'
      return {
        kind: 'commit',
        commitLsn: toLsn(bytes.readBigUInt64BE(2)),
        endLsn: toLsn(bytes.readBigUInt64BE(10)),
      };
    case RELATION:
      return decodeRelation(bytes);
    case 0x54: // 'T'
      return decodeTruncate(bytes);
    case 0x59: // 'Y' type
    case 0x4f: // 'O' origin
    case 0x4d: // 'M' message
      return OTHER;
    default:
      throw new RangeError(`unknown pgoutput message of type ${bytes[0]}: is the slot's plugin pgoutput?`);
  }
}

function decodeUpdate(bytes: Buffer): PgoutputMessage {
  const relationOid = bytes.readUInt32BE(1);
  const marker = bytes[5];
  if (marker === 0x4e) {
    return {
      kind: 'update',
      relationOid,
      before: null,
      beforeIsRow: false,
      after: decodeTuple(bytes, 6).tuple,
    };
  }
  const before = decodeTuple(bytes, 6);
  const after = decodeTuple(bytes, before.end + 1);
  return {
    kind: 'update',
    relationOid,
    before: before.tuple,
    beforeIsRow: marker === 0x4f,
    after: after.tuple,
  };
}

function decodeTuple(bytes: Buffer, start: number): { tuple: Tuple; end: number } {
  const count = bytes.readUInt16BE(start);
  const spans = new Int32Array(count * 2);
  let at = start + 2;
  for (let i = 0; i < count; i++) {
    const kind = bytes[at++];
    if (kind === N) spans[2 * i + 1] = NULL_LENGTH;
    else if (kind === U) spans[2 * i + 1] = UNAVAILABLE_LENGTH;
    else if (kind === T) {
      const length = bytes.readUInt32BE(at);
      spans[2 * i] = at + 4;
      spans[2 * i + 1] = length;
      at += 4 + length;
    } else throw new RangeError(`unknown column kind ${kind} in a pgoutput tuple`);
  }
  if (at > bytes.length) throw new RangeError('a pgoutput tuple ends behind its message');
  return { tuple: { bytes, spans }, end: at };
}

function decodeRelation(bytes: Buffer): RelationMessage {
  const schema = cString(bytes, 5);
  const name = cString(bytes, schema.end);
  const identity = String.fromCharCode(bytes.readUInt8(name.end));
  const count = bytes.readUInt16BE(name.end + 1);
  const columns: RelationColumn[] = [];
  let at = name.end + 3;
  for (let i = 0; i < count; i++) {
    const partOfKey = (bytes.readUInt8(at) & 1) === 1;
    const column = cString(bytes, at + 1);
    columns.push({
      name: column.text,
      partOfKey,
      typeOid: bytes.readUInt32BE(column.end),
      typmod: bytes.readInt32BE(column.end + 4),
    });
    at = column.end + 8;
  }
  return {
    kind: 'relation',
    relationOid: bytes.readUInt32BE(1),
    schema: schema.text === '' ? 'pg_catalog' : schema.text,
    name: name.text,
    identity,
    columns,
  };
}

function decodeTruncate(bytes: Buffer): PgoutputMessage {
  const count = bytes.readUInt32BE(1);
  const relationOids: number[] = [];
  for (let i = 0; i < count; i++) relationOids.push(bytes.readUInt32BE(6 + 4 * i));
  return { kind: 'truncate', relationOids };
}

function cString(bytes: Buffer, start: number): { text: string; end: number } {
  const zero = bytes.indexOf(0, start);
  if (zero < 0) throw new RangeError('a pgoutput string has no end');
  return { text: bytes.toString('utf8', start, zero), end: zero + 1 };
}
