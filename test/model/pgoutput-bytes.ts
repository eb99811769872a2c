/** A column's value in a pgoutput tuple; undefined: unchanged TOAST. */
export type WireValue = string | null | undefined;

export interface WireColumn {
  readonly name: string;
  readonly typeOid: number;
  readonly partOfKey: boolean;
}

const POSTGRES_EPOCH_US = 946_684_800_000_000n;

/** Writes messages as the server's pgoutput does, protocol version 1; the decoder under test reads them. */
export const pgoutput = {
  begin: (commitLsn: bigint, commitTsUs: bigint, xid: number): Buffer =>
    Buffer.concat([Buffer.from('B'), int64(commitLsn), int64(commitTsUs - POSTGRES_EPOCH_US), int32(xid)]),

  commit: (commitLsn: bigint, endLsn: bigint, commitTsUs: bigint): Buffer =>
    Buffer.concat([
      Buffer.from('C\0'),
      int64(commitLsn),
      int64(endLsn),
      int64(commitTsUs - POSTGRES_EPOCH_US),
    ]),

  relation: (
    oid: number,
    schema: string,
    name: string,
    identity: string,
    columns: readonly WireColumn[],
  ): Buffer =>
    Buffer.concat([
      Buffer.from('R'),
      int32(oid),
      Buffer.from(`${schema}\0${name}\0${identity}`),
      int16(columns.length),
      ...columns.flatMap((column) => [
        Buffer.from([column.partOfKey ? 1 : 0]),
        Buffer.from(`${column.name}\0`),
        int32(column.typeOid),
        int32(0xffffffff),
      ]),
    ]),

  insert: (oid: number, after: readonly WireValue[]): Buffer =>
    Buffer.concat([Buffer.from('I'), int32(oid), Buffer.from('N'), tuple(after)]),

  /** `before`: the old key (`K`), the old row (`O`), or nothing where the key stayed. */
  update: (
    oid: number,
    before: { kind: 'K' | 'O'; values: readonly WireValue[] } | null,
    after: readonly WireValue[],
  ): Buffer =>
    Buffer.concat([
      Buffer.from('U'),
      int32(oid),
      ...(before === null ? [] : [Buffer.from(before.kind), tuple(before.values)]),
      Buffer.from('N'),
      tuple(after),
    ]),

  delete: (oid: number, kind: 'K' | 'O', before: readonly WireValue[]): Buffer =>
    Buffer.concat([Buffer.from('D'), int32(oid), Buffer.from(kind), tuple(before)]),

  truncate: (oids: readonly number[]): Buffer =>
    Buffer.concat([Buffer.from('T'), int32(oids.length), Buffer.from([0]), ...oids.map(int32)]),
};

function tuple(values: readonly WireValue[]): Buffer {
  const parts = values.flatMap((value) => {
    if (value === null) return [Buffer.from('n')];
    if (value === undefined) return [Buffer.from('u')];
    const bytes = Buffer.from(value);
    return [Buffer.from('t'), int32(bytes.length), bytes];
  });
  return Buffer.concat([int16(values.length), ...parts]);
}

function int16(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16BE(value);
  return bytes;
}

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value >>> 0);
  return bytes;
}

function int64(value: bigint): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64BE(value);
  return bytes;
}
