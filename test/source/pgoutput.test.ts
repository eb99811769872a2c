import { describe, expect, it } from 'vitest';
import { isNull, isUnavailable, textOf, type Tuple } from '../../src/change/tuple.ts';
import { decodePgoutput } from '../../src/source/pgoutput.ts';
import { pgoutput } from '../model/pgoutput-bytes.ts';

const COMMIT_US = 1_795_233_480_123_456n;

function texts(tuple: Tuple): (string | null | undefined)[] {
  return Array.from({ length: tuple.spans.length / 2 }, (_, i) =>
    isUnavailable(tuple, i) ? undefined : isNull(tuple, i) ? null : textOf(tuple, i),
  );
}

const COLUMNS = [
  { name: 'id', typeOid: 20, partOfKey: true },
  { name: 'ünï', typeOid: 25, partOfKey: false },
];

const MESSAGES = {
  begin: pgoutput.begin(0x16_0000_0010n, COMMIT_US, 4_294_967_295),
  relation: pgoutput.relation(16_384, 'shop', 'orders', 'd', COLUMNS),
  insert: pgoutput.insert(16_384, ['1', 'ü']),
  update: pgoutput.update(16_384, null, ['1', undefined]),
  'update of the key': pgoutput.update(16_384, { kind: 'K', values: ['1', null] }, ['2', undefined]),
  'update with the old row': pgoutput.update(16_384, { kind: 'O', values: ['1', 'a'] }, ['1', 'b']),
  delete: pgoutput.delete(16_384, 'K', ['1', null]),
  truncate: pgoutput.truncate([16_384, 16_385]),
};

describe('the decoder of pgoutput', () => {
  it('reads where a transaction commits, when, and its unsigned id', () => {
    const begin = decodePgoutput(MESSAGES.begin);
    expect(begin).toEqual({
      kind: 'begin',
      commitLsn: 0x16_0000_0010n,
      commitTsUs: COMMIT_US,
      xid: 4_294_967_295,
    });
  });

  it('tells the start of a commit record from its end', () => {
    const commit = decodePgoutput(pgoutput.commit(0x10n, 0x40n, COMMIT_US));
    expect(commit).toEqual({ kind: 'commit', commitLsn: 0x10n, endLsn: 0x40n });
  });

  it("reads a relation's name, identity and columns", () => {
    expect(decodePgoutput(MESSAGES.relation)).toEqual({
      kind: 'relation',
      relationOid: 16_384,
      schema: 'shop',
      name: 'orders',
      identity: 'd',
      columns: [
        { name: 'id', partOfKey: true, typeOid: 20, typmod: -1 },
        { name: 'ünï', partOfKey: false, typeOid: 25, typmod: -1 },
      ],
    });
  });

  it('takes an empty schema for pg_catalog, as the server leaves it out', () => {
    expect(decodePgoutput(pgoutput.relation(1, '', 't', 'f', []))).toMatchObject({
      schema: 'pg_catalog',
      identity: 'f',
    });
  });

  it('reads the row of an insert', () => {
    const insert = decodePgoutput(pgoutput.insert(16_384, ['1', null, '', 'ünï']));
    if (insert.kind !== 'insert') throw new Error(insert.kind);
    expect(insert.relationOid).toBe(16_384);
    expect(texts(insert.after)).toEqual(['1', null, '', 'ünï']);
  });

  it.each([
    ['without an old key where the key stayed', MESSAGES.update, null, false, ['1', undefined]],
    [
      'with the old key where it changed',
      MESSAGES['update of the key'],
      ['1', null],
      false,
      ['2', undefined],
    ],
    [
      'with the old row of replica identity FULL',
      MESSAGES['update with the old row'],
      ['1', 'a'],
      true,
      ['1', 'b'],
    ],
  ])('reads an update %s', (_what, bytes, before, beforeIsRow, after) => {
    const update = decodePgoutput(bytes);
    if (update.kind !== 'update') throw new Error(update.kind);
    expect(update.before === null ? null : texts(update.before)).toEqual(before);
    expect(update.beforeIsRow).toBe(beforeIsRow);
    expect(texts(update.after)).toEqual(after);
  });

  it.each([
    ['the old key', 'K', false],
    ['the old row', 'O', true],
  ] as const)('reads a delete with %s', (_what, kind, beforeIsRow) => {
    const message = decodePgoutput(pgoutput.delete(16_384, kind, ['1', null]));
    if (message.kind !== 'delete') throw new Error(message.kind);
    expect(message.beforeIsRow).toBe(beforeIsRow);
    expect(texts(message.before)).toEqual(['1', null]);
  });

  it('reads every relation of a truncate', () => {
    expect(decodePgoutput(MESSAGES.truncate)).toEqual({ kind: 'truncate', relationOids: [16_384, 16_385] });
  });

  it.each(['Y', 'O', 'M'])('steps over a message of type %s', (type) => {
    expect(decodePgoutput(Buffer.from(`${type}whatever`))).toEqual({ kind: 'other' });
  });

  it.each([
    ['nothing', Buffer.alloc(0)],
    ['a message of an unknown type', Buffer.from('X')],
    ['a column of an unknown kind', Buffer.from('I\0\0\0\x01N\0\x01x')],
    ['a binary column, which was not asked for', Buffer.from('I\0\0\0\x01N\0\x01b\0\0\0\x01x')],
    ['a length below zero', Buffer.from('I\0\0\0\x01N\0\x01t\xff\xff\xff\xffx', 'latin1')],
    ['an update without a new row', Buffer.from('U\0\0\0\x01Z\0\0')],
  ])('refuses %s', (_what, bytes) => {
    expect(() => decodePgoutput(bytes)).toThrow(RangeError);
  });

  it.each(Object.entries(MESSAGES))('refuses every cut of a message of kind %s', (_kind, bytes) => {
    for (let length = 0; length < bytes.length; length++) {
      const cut = Buffer.from(bytes.subarray(0, length));
      expect(() => decodePgoutput(cut), `${length} of ${bytes.length} bytes`).toThrow(RangeError);
    }
  });
});
