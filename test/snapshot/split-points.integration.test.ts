import { describe, expect, it } from 'vitest';
import type { KeyTexts } from '../../src/snapshot/key-walk.ts';
import { captureContext, stateOf, until } from '../support/capture.ts';
import { readerOf } from '../support/chunk-reader.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';

const ITEMS = { schema: 'public', name: 'Odd "items"' };
const NAME = '"Odd ""items"""';
const ROWS = 20_000;
const PARTS = 4;

/** Statements that make and fill the table, its key's columns, and the key of the first row. */
const TABLES: readonly (readonly [
  name: string,
  statements: readonly string[],
  key: readonly string[],
  first: KeyTexts,
])[] = [
  [
    'of bigint with huge gaps',
    [
      `CREATE TABLE ${NAME} (id bigint PRIMARY KEY, body text)`,
      `INSERT INTO ${NAME} SELECT CASE WHEN i % 2 = 0 THEN i ELSE 9000000000000000000 + i END, repeat('x', 60)
         FROM generate_series(0, ${ROWS - 1}) i`,
    ],
    ['id'],
    ['0'],
  ],
  [
    'of uuid',
    [
      `CREATE TABLE ${NAME} (id uuid PRIMARY KEY, body text)`,
      `INSERT INTO ${NAME} SELECT md5(i::text)::uuid, repeat('x', 60) FROM generate_series(1, ${ROWS}) i`,
    ],
    ['id'],
    ['00000000-0000-0000-0000-000000000000'],
  ],
  [
    'of text in a collation of its own',
    [
      `CREATE TABLE ${NAME} (name text COLLATE "und-x-icu" PRIMARY KEY, body text)`,
      `INSERT INTO ${NAME} SELECT chr(65 + i % 26 + (i / 26) % 2 * 32) || 'ä''"\\' || i, repeat('x', 60)
         FROM generate_series(1, ${ROWS}) i`,
    ],
    ['name'],
    [''],
  ],
  [
    'of several columns, the first of which tells little',
    [
      `CREATE TABLE ${NAME} (n int, rest text, b char(3), PRIMARY KEY (b, n), UNIQUE (n))`,
      `INSERT INTO ${NAME} SELECT i, repeat('x', 60), CASE i % 100 WHEN 0 THEN 'a' ELSE 'b' END
         FROM generate_series(1, ${ROWS}) i`,
    ],
    ['b', 'n'],
    ['', '0'],
  ],
  [
    'of a partitioned table',
    [
      `CREATE TABLE ${NAME} (id int PRIMARY KEY, body text) PARTITION BY HASH (id)`,
      ...[0, 1].map(
        (n) => `CREATE TABLE part${n} PARTITION OF ${NAME} FOR VALUES WITH (MODULUS 2, REMAINDER ${n})`,
      ),
      `INSERT INTO ${NAME} SELECT i, repeat('x', 60) FROM generate_series(1, ${ROWS}) i`,
    ],
    ['id'],
    ['0'],
  ],
];

async function withTable(statements: readonly string[]): Promise<TestDatabase> {
  const database = await createDatabase();
  for (const statement of statements) await database.pool.query(statement);
  return database;
}

/** How many rows each part has, by what PostgreSQL says of the bounds. */
async function sizes(
  { pool }: TestDatabase,
  key: readonly string[],
  first: KeyTexts,
  points: readonly KeyTexts[],
): Promise<number[]> {
  const columns = `(${key.join(', ')})`;
  const literal = (texts: KeyTexts) => `(${texts.map((text) => `$$${text}$$`).join(', ')})`;
  const bounds: (KeyTexts | null)[] = [first, ...points, null];
  const counts: number[] = [];
  for (const [i, upTo] of bounds.slice(1).entries()) {
    const below = upTo === null ? '' : ` AND ${columns} <= ${literal(upTo)}`;
    const query = `SELECT count(*)::int AS n FROM ${NAME} WHERE ${columns} > ${literal(bounds[i] ?? [])}${below}`;
    counts.push((await pool.query<{ n: number }>(query)).rows[0]?.n ?? 0);
  }
  return counts;
}

describe('the points that divide a table', () => {
  it.each(TABLES)(
    'by a key %s fall where its rows are, without statistics',
    async (_name, statements, key, first) => {
      await using database = await withTable(statements);
      await using reader = readerOf(database);
      const scope = { after: first, where: null, parts: PARTS, partBytes: 8_192 };
      const points = await reader.splitPoints(ITEMS, scope);
      expect(points).toHaveLength(PARTS - 1);
      const counts = await sizes(database, key, first, points);
      expect(counts.reduce((sum, n) => sum + n, 0)).toBeGreaterThanOrEqual(ROWS - 1);
      expect(Math.min(...counts)).toBeGreaterThan(ROWS / PARTS / 3);
    },
  );

  it('are those of the rows that the condition lets through, behind what is read already', async () => {
    await using database = await withTable(TABLES[0]?.[1] ?? []);
    await using reader = readerOf(database);
    const scope = { after: ['9000000000000001000'], where: 'id % 5 = 0', parts: PARTS, partBytes: 8_192 };
    const points = (await reader.splitPoints(ITEMS, scope)).map(([id]) => BigInt(id ?? ''));
    expect(points).toHaveLength(PARTS - 1);
    expect(points.every((id) => id > 9_000_000_000_000_001_000n && id % 5n === 0n)).toBe(true);
  });

  it.each([
    ['too small for parts of that size', 1 << 30],
    ['empty', 8_192],
  ])('are none where the table is %s', async (what, partBytes) => {
    await using database = await withTable(TABLES[0]?.[1] ?? []);
    if (what === 'empty') await database.pool.query(`TRUNCATE ${NAME}`);
    await using reader = readerOf(database);
    expect(await reader.splitPoints(ITEMS, { after: ['0'], where: null, parts: PARTS, partBytes })).toEqual(
      [],
    );
  });
});

describe('a table that is read in several parts', () => {
  it.each(TABLES)('by a key %s comes whole and once, over a restart', async (_name, statements) => {
    await using database = await withTable(statements);
    const context = captureContext(database, [ITEMS.name]);
    const snapshot = { ...context.config.snapshot, chunkBytes: 8_192, chunkRows: 400, partsPerTable: PARTS };
    let rows = 0;
    let parts = 0;
    let finished = false;
    const observer: Parameters<typeof context.start>[0] = {
      published: (_table, op, count) => (rows += op === 'r' ? count : 0),
      progress: (plan) => {
        parts = Math.max(parts, plan.parts?.length ?? 0);
        finished = plan.finishedAt !== null;
      },
    };
    {
      await using _ = context.start(observer, { snapshot });
      await until('some of it is published', () => rows > ROWS / 4);
    }
    await using _ = context.start(observer, { snapshot });
    await until('the snapshot is finished', () => finished);
    expect(parts).toBe(PARTS);
    expect(rows - ROWS).toBeLessThanOrEqual(snapshot.chunksInFlight * snapshot.chunkRows);
    expect(stateOf(await context.read(ITEMS.name)).size).toBe(ROWS);
  });
});
