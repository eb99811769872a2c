import { describe, expect, it } from 'vitest';
import { chunkQuery } from '../../src/snapshot/chunk-query.ts';
import { atPageStart } from '../../src/snapshot/chunk-reader.ts';
import { parseLsn, formatLsn } from '../../src/change/lsn.ts';
import type { CatalogTable } from '../../src/source/table-catalog.ts';

const column = (name: string) => ({
  name,
  typeOid: 25,
  typmod: -1,
  type: { kind: 'base' as const, name: 'text' },
});
const TABLE: CatalogTable = {
  schema: {
    id: { schema: 'My "Schema"', name: 'a.b' },
    relationOid: 1,
    columns: [column('a'), column('b"c'), column('d')],
    key: [1, 0],
    identity: 'default',
  },
  expressions: ['"a"', '"b""c"', '"d"'],
  keyTypes: ['text', 'bigint'],
  estimatedRows: -1,
};

describe('a chunk’s query', () => {
  it('quotes every name and value', () => {
    const range = { after: ["it's", '7'], upTo: null };
    expect(chunkQuery(TABLE, { kind: 'range', range, limit: 5, where: null })).toBe(
      `COPY (SELECT "a", "b""c", "d" FROM "My ""Schema"""."a.b" WHERE ("b""c", "a") > ('it''s'::text, '7'::bigint) ` +
        'ORDER BY "b""c", "a" LIMIT 5) TO STDOUT (FORMAT binary)',
    );
  });

  it('keeps a fixed range within both bounds, without a limit', () => {
    const range = { after: ['a', '1'], upTo: ['b', '2'] };
    const sql = chunkQuery(TABLE, { kind: 'range', range, limit: null, where: 'd > 0 OR d < -5' });
    expect(sql).toContain(
      `> ('a'::text, '1'::bigint) AND ("b""c", "a") <= ('b'::text, '2'::bigint) AND (d > 0 OR d < -5)`,
    );
    expect(sql).not.toContain('LIMIT');
  });

  it('reads single keys by an IN list', () => {
    const sql = chunkQuery(TABLE, {
      kind: 'keys',
      keys: [
        ['x', '1'],
        ['\\y', '2'],
      ],
    });
    expect(sql).toContain(`("b""c", "a") IN (('x'::text, '1'::bigint), ( E'\\\\y'::text, '2'::bigint))`);
  });
});

describe('the high watermark', () => {
  it.each([
    ['0/2018', '0/2000'],
    ['1/0', '1/0'],
    ['0/1000028', '0/1000000'],
    ['0/2019', '0/2019'],
    ['0/2040', '0/2040'],
  ])('%s, where nothing stands behind a page header, becomes %s', (lsn, expected) => {
    expect(formatLsn(atPageStart(parseLsn(lsn)))).toBe(expected);
  });
});
