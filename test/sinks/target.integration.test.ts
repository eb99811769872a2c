import { describe, expect, it } from 'vitest';
import { RowWriter } from '../../src/sinks/row-writer.ts';
import { SCHEMA_VERSION, migrateTarget } from '../../src/sinks/schema.ts';
import { TARGET_DEFAULTS, createTargetPool, inTransaction } from '../../src/sinks/target-pool.ts';
import { targetTable } from '../../src/sinks/target-table.ts';
import { reduceWrites } from '../../src/sinks/write-set.ts';
import type { Write } from '../../src/sinks/write.ts';
import { type TestDatabase, createDatabase } from '../support/database.ts';

const TABLE = targetTable({
  name: 'odd "name"',
  columns: [
    { name: 'k2', type: 'int' },
    { name: 'k1', type: 'text' },
    { name: 'Tags', type: 'text[]' },
    { name: 'raw', type: 'bytea' },
    { name: 'doc', type: 'json' },
    { name: 'at', type: 'timestamptz' },
  ],
  key: ['k1', 'k2'],
});

const NEEDS = {
  name: 'p',
  targets: [TABLE],
  migrations: [{ id: 'index', sql: `CREATE INDEX by_at ON "odd ""name""" (at)` }],
};

async function migrated(database: TestDatabase): Promise<void> {
  const client = await database.pool.connect();
  await migrateTarget(client, [NEEDS]).finally(() => client.release());
}

/** Writes in one transaction; gives rows written and unchanged. */
async function write(
  database: TestDatabase,
  writes: readonly Write[],
  epoch = 1,
  from = 't/0',
): Promise<[number, number]> {
  const pool = createTargetPool({ url: database.url }, 'test', TARGET_DEFAULTS);
  try {
    const tables = reduceWrites([{ writes, epoch }]);
    const [counts] = await inTransaction(pool, (client) => new RowWriter().write(client, tables, from));
    return [counts?.written ?? 0, counts?.unchanged ?? 0];
  } finally {
    await pool.end();
  }
}

const ROW = {
  k1: 'a',
  k2: 1,
  Tags: ['x', 'y "z"', null],
  raw: Buffer.from([0, 1]),
  doc: '{"a": 1}',
  at: '2026-01-02T03:04:05.000006Z',
};
const UPSERT: Write = { kind: 'upsert', table: TABLE, row: ROW };
const PATCH: Write = { kind: 'patch', table: TABLE, row: { k1: 'a', k2: 1, Tags: ['p'] } };

describe('the target', () => {
  it('is migrated once, whoever comes first', async () => {
    await using database = await createDatabase();
    await Promise.all([migrated(database), migrated(database), migrated(database)]);
    await migrated(database);
    const { rows } = await database.pool.query('SELECT version FROM freshet.schema_version');
    expect(rows).toEqual([{ version: SCHEMA_VERSION }]);
  });

  it('of a newer Freshet is refused', async () => {
    await using database = await createDatabase();
    await migrated(database);
    await database.pool.query('UPDATE freshet.schema_version SET version = version + 1');
    await expect(migrated(database)).rejects.toMatchObject({ code: 'VERSION_NEWER' });
  });

  it('gives stamp columns to a table that was there before, and keeps its rows', async () => {
    await using database = await createDatabase();
    await database.pool.query(
      `CREATE TABLE "odd ""name""" (k2 int, k1 text, "Tags" text[], raw bytea, doc json, at timestamptz, PRIMARY KEY (k1, k2))`,
    );
    await database.pool.query(`INSERT INTO "odd ""name""" (k1, k2) VALUES ('mine', 1)`);
    await migrated(database);
    const { rows } = await database.pool.query(
      'SELECT k1, _freshet_from, _freshet_epoch FROM "odd ""name"""',
    );
    expect(rows).toEqual([{ k1: 'mine', _freshet_from: null, _freshet_epoch: null }]);
  });

  it('takes every kind of value, and writes a row only when it differs or is seen in a new epoch', async () => {
    await using database = await createDatabase();
    await migrated(database);
    expect(await write(database, [UPSERT])).toEqual([1, 0]);
    expect(await write(database, [UPSERT])).toEqual([0, 1]);
    expect(await write(database, [UPSERT], 2)).toEqual([1, 0]);
    expect(await write(database, [{ kind: 'upsert', table: TABLE, row: { ...ROW, Tags: null } }], 2)).toEqual(
      [1, 0],
    );
    expect(await write(database, [UPSERT], 2)).toEqual([1, 0]);
    const { rows } = await database.pool.query('SELECT *, at::text AS at_text FROM "odd ""name"""');
    expect(rows).toMatchObject([
      { k1: 'a', Tags: ['x', 'y "z"', null], raw: Buffer.from([0, 1]), doc: { a: 1 }, _freshet_epoch: '2' },
    ]);
  });

  it.each([
    ['a row of its epoch', 1, 1, 1],
    ['a row of an older epoch', 1, 2, 0],
    ['a row that is not there', null, 1, 0],
  ])('patches %s as it should', async (_, rowEpoch, patchEpoch, expected) => {
    await using database = await createDatabase();
    await migrated(database);
    if (rowEpoch !== null) await write(database, [UPSERT], rowEpoch);
    expect(await write(database, [PATCH], patchEpoch)).toEqual([expected, 1 - expected]);
  });

  it('deletes by the whole key', async () => {
    await using database = await createDatabase();
    await migrated(database);
    await write(database, [UPSERT, { kind: 'upsert', table: TABLE, row: { ...ROW, k2: 2 } }]);
    expect(await write(database, [{ kind: 'delete', table: TABLE, key: { k1: 'a', k2: 2 } }])).toEqual([
      1, 0,
    ]);
    expect((await database.pool.query('SELECT k2 FROM "odd ""name"""')).rows).toEqual([{ k2: 1 }]);
  });
});
