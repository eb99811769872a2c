import fc from 'fast-check';
import type { Pool, PoolClient } from 'pg';
import { describe, expect, it } from 'vitest';
import type { Row, Value } from '../../src/change/change.ts';
import { RowWriter, type WriteCounts } from '../../src/sinks/row-writer.ts';
import { migrateTarget } from '../../src/sinks/schema.ts';
import { differingStatement, togetherStatement, upsertStatement } from '../../src/sinks/statements.ts';
import { TARGET_DEFAULTS, createTargetPool, inTransaction } from '../../src/sinks/target-pool.ts';
import { type TargetTable, quoteIdent, quoteTable, targetTable } from '../../src/sinks/target-table.ts';
import { reduceWrites } from '../../src/sinks/write-set.ts';
import { type TestDatabase, createDatabase } from '../support/database.ts';
import { asPostgresText } from '../support/postgres-text.ts';

const COLUMNS = [
  { name: 'id', type: 'int8' },
  { name: 'name', type: 'text' },
  { name: 'other', type: 'text' },
  { name: 'tags', type: 'text[]' },
  { name: 'at', type: 'timestamptz' },
  { name: 'price', type: 'numeric' },
  { name: 'cents', type: 'numeric(12,2)' },
  { name: 'doc', type: 'jsonb' },
  { name: 'raw', type: 'json' },
  { name: 'sold', type: 'bool' },
] as const;
const STAMPED = targetTable({ name: 'stamped', columns: COLUMNS, key: ['id'] });
const PLAIN = targetTable({ name: 'plain', columns: COLUMNS, key: ['id'], stamped: false });
const PAIRS = targetTable({ name: 'pairs', columns: COLUMNS, key: ['id', 'name'] });
const TABLES = [STAMPED, PLAIN, PAIRS] as const;

const ROWS = 100;
const text = fc
  .oneof(
    fc.string({ unit: 'grapheme', maxLength: 40 }),
    fc.constantFrom('', 'NULL', '"', '\\', '{}', 'a,b', 'ä'.repeat(13), 'long '.repeat(100)),
  )
  .map(asPostgresText);
const time = fc
  .tuple(
    fc.date({ min: new Date('1000-01-01'), max: new Date('9000-01-01'), noInvalidDate: true }),
    fc.nat(999),
  )
  .map(([date, micros]) => `${date.toISOString().slice(0, -1)}${String(micros).padStart(3, '0')}`);
/** Texts that are the server's own for their values, or told to be. */
const plain: Readonly<Record<string, fc.Arbitrary<Value>>> = {
  name: text,
  other: fc.option(text),
  tags: fc.option(fc.array(fc.option(fc.constantFrom('a', 'b c', 'ü'), { freq: 9 }), { maxLength: 3 })),
  at: fc.option(
    time.chain((iso) => fc.constantFrom(`${iso}Z`, `${iso.replace('T', ' ')}+00`, `${iso.slice(0, 19)}Z`)),
  ),
  price: fc.option(fc.constantFrom('0', '-1.50', '12345678901234567890.00010', '0.001')),
  cents: fc.option(fc.constantFrom('1.00', '1.50')),
  doc: fc.option(fc.constantFrom('{"a": 1}', '[]', 'null')),
  raw: fc.option(fc.constantFrom('{"a": 1}', '{"a":1}')),
  sold: fc.option(fc.boolean()),
};
const values: Readonly<Record<string, fc.Arbitrary<Value>>> = {
  ...plain,
  tags: fc.option(fc.array(fc.option(text, { freq: 9 }), { maxLength: 4 })),
  at: fc.option(
    fc.oneof(
      time.map((iso) => `${iso}+02:00`),
      fc.constant('infinity'),
    ),
  ),
  price: fc.option(fc.constantFrom('1e3', '1.')),
  cents: fc.option(fc.constantFrom('1', '1.5')),
  doc: fc.option(fc.constantFrom('{"a":1}', '[ ]')),
};
const row: fc.Arbitrary<Row> = fc.oneof(
  { weight: 4, arbitrary: fc.record(plain) },
  { weight: 1, arbitrary: fc.record(values) },
);
/** What somebody does to a row in the target behind Freshet's back, as SQL; each changes what a reader sees. */
const BY_HAND = [
  `other = coalesce(other, '') || 'x'`,
  `other = CASE WHEN other IS NULL THEN '' END`,
  `tags = CASE WHEN array_ndims(tags) = 1 THEN ARRAY[tags] ELSE '{x}' END`,
  `tags = CASE WHEN array_dims(tags) = '[1:' || cardinality(tags) || ']'
    THEN ('[0:' || cardinality(tags) - 1 || ']=' || tags::text)::text[] ELSE '{NULL}' END`,
  `at = coalesce(at, now()) + '1 microsecond'::interval, sold = NOT coalesce(sold, false)`,
  `price = coalesce(price, 0) + 0.0001`,
  `doc = '{"by": "hand"}'`,
] as const;
const touch = fc.record({
  at: fc.nat(ROWS - 1),
  by: fc.oneof(
    fc.constantFrom(...BY_HAND),
    fc.constant('delete' as const),
    fc.record({ column: fc.constantFrom(...Object.keys(values).filter((each) => each !== 'name')), row }),
  ),
});

const byHand = fc.record({ at: fc.nat(ROWS - 1), by: fc.constantFrom(...BY_HAND, 'delete', 'swap') });

/** Two rows get each other's values: what one of them loses the other gains. */
function swapStatement(table: TargetTable): string {
  const set = ['other', 'at', 'price', 'sold'].map((name) => `${name} = other_row.${name}`);
  return `UPDATE ${quoteTable(table)} AS t SET ${set.join(', ')} FROM ${quoteTable(table)} AS other_row
    WHERE (t.id = $1 AND other_row.id = $2) OR (t.id = $2 AND other_row.id = $1)`;
}

/** `by`: see BY_HAND; or the row is deleted, or swaps values with the next one. */
async function changeByHand(pool: Pool, table: TargetTable, at: number, by: string): Promise<void> {
  const id = at + 1;
  if (by === 'swap') await pool.query(swapStatement(table), [id, (id % ROWS) + 1]);
  else if (by === 'delete') await pool.query(`DELETE FROM ${quoteTable(table)} WHERE id = $1`, [id]);
  else await pool.query(`UPDATE ${quoteTable(table)} SET ${by} WHERE id = $1`, [id]);
}

/** Writes rows, and says what was sent: for each statement by its name the rows that it was given. */
class Writer {
  readonly #pool: Pool;
  readonly #rows = new RowWriter();
  readonly #table: TargetTable;
  sent: Record<string, number> = {};
  /** Keys of one column, in the order in which the last statement has them. */
  keys: string[] = [];

  constructor(pool: Pool, table: TargetTable) {
    this.#pool = pool;
    this.#table = table;
  }

  async write(rows: readonly Row[], from = 't/0', epoch = 1): Promise<WriteCounts | undefined> {
    this.sent = {};
    const upserts = rows.map((each) => ({ kind: 'upsert' as const, table: this.#table, row: each }));
    const tables = reduceWrites([{ writes: upserts, epoch }]);
    const [counts] = await inTransaction(this.#pool, (client) =>
      this.#rows.write(this.#watched(client), tables, from),
    );
    return counts;
  }

  #watched(client: PoolClient): PoolClient {
    return new Proxy(client, {
      get: (target, property) => {
        if (property !== 'query') return Reflect.get(target, property) as unknown;
        return (query: { name?: string; values?: readonly unknown[] }, values?: readonly unknown[]) => {
          const first = query.values?.[0];
          // An array's length stands behind its dimensions, its flag and its type.
          if (query.name !== undefined && Buffer.isBuffer(first)) {
            this.sent[query.name.replace(/_\d+$/, '')] = first.readInt32BE(12);
            this.keys = textsOf(query.values?.at(-1));
          }
          return target.query(query as never, values as never) as unknown;
        };
      },
    });
  }
}

/** The elements of a binary array of texts. */
function textsOf(array: unknown): string[] {
  if (!Buffer.isBuffer(array)) return [];
  const texts: string[] = [];
  for (let at = 20; at < array.length;) {
    const end = at + 4 + array.readInt32BE(at);
    texts.push(array.toString('utf8', at + 4, end));
    at = end;
  }
  return texts;
}

async function prepared(database: TestDatabase): Promise<Pool> {
  const client = await database.pool.connect();
  await migrateTarget(client, [{ name: 'p', targets: TABLES, migrations: [] }]).finally(() =>
    client.release(),
  );
  return createTargetPool({ url: database.url }, 'test', TARGET_DEFAULTS);
}

describe('rows that a target has already', () => {
  it.each(TABLES)(
    'are told by their hashes, and those that differ in whatever way are written: $name',
    async (table) => {
      await using database = await createDatabase();
      const pool = await prepared(database);
      try {
        const law = fc.asyncProperty(
          fc.array(row, { minLength: ROWS, maxLength: ROWS }),
          fc.array(touch, { maxLength: 30, size: 'max' }),
          async (contents, touches) => {
            await pool.query(`TRUNCATE ${quoteTable(table)}`);
            const writer = new Writer(pool, table);
            const rows = contents.map((each, i): Row => ({ id: i + 1, ...each }));
            expect((await writer.write(rows))?.written).toBe(ROWS);
            expect((await writer.write(rows))?.written).toBe(0);
            const next = [...rows];
            for (const { at, by } of touches) {
              const old = next[at] ?? {};
              if (typeof by === 'string') await changeByHand(pool, table, at, by);
              else next[at] = { ...old, [by.column]: by.row[by.column] ?? null };
            }
            // What a comparison column by column would find.
            const stale = await staleRows(pool, table, next);
            const counts = await writer.write(next);
            expect(writer.sent['freshet_differing']).toBe(ROWS);
            expect(counts).toMatchObject({ written: stale, unchanged: ROWS - stale });
            expect(writer.sent['freshet_upsert'] ?? 0).toBeGreaterThanOrEqual(stale);
            // Two transactions that meet lock rows in the same order.
            const keys = table === PAIRS ? [] : writer.keys;
            expect(keys).toEqual(keys.toSorted());
            expect(await staleRows(pool, table, next)).toBe(0);
            expect((await writer.write(next))?.written).toBe(0);
          },
        );
        await fc.assert(law, { numRuns: 25, endOnFailure: true });
      } finally {
        await pool.end();
      }
    },
  );

  it.each(TABLES)('are told by one hash of all where none differed the last time: $name', async (table) => {
    await using database = await createDatabase();
    const pool = await prepared(database);
    try {
      const law = fc.asyncProperty(
        fc.array(fc.record(plain), { minLength: ROWS, maxLength: ROWS }),
        fc.array(byHand, { maxLength: 2 }),
        async (contents, touches) => {
          await pool.query(`TRUNCATE ${quoteTable(table)}`);
          const writer = new Writer(pool, table);
          // No text of jsonb is told by its hash, and no instant of a distant century.
          const told = { doc: null, at: '2026-11-21T08:00:00.123456Z' };
          const rows = contents.map((each, i): Row => ({ ...each, ...told, id: i + 1 }));
          await writer.write(rows);
          await writer.write(rows);
          await writer.write(rows);
          expect(writer.sent).toEqual({ freshet_differing: ROWS });
          expect((await writer.write(rows))?.written).toBe(0);
          expect(writer.sent).toEqual({ freshet_together: ROWS });
          for (const { at, by } of touches) await changeByHand(pool, table, at, by);
          const stale = await staleRows(pool, table, rows);
          expect(await writer.write(rows)).toMatchObject({ written: stale, unchanged: ROWS - stale });
          const asked = stale === 0 ? {} : { freshet_differing: ROWS, freshet_upsert: stale };
          expect(writer.sent).toEqual({ freshet_together: ROWS, ...asked });
          expect(await staleRows(pool, table, rows)).toBe(0);
        },
      );
      await fc.assert(law, { numRuns: 25, endOnFailure: true });
    } finally {
      await pool.end();
    }
  });

  it('are not sent, where their texts are those of the server', async () => {
    await using database = await createDatabase();
    const pool = await prepared(database);
    try {
      const writer = new Writer(pool, STAMPED);
      const rows = Array.from({ length: ROWS }, (_, i): Row => ({
        id: i,
        name: `Item ${i}`,
        other: null,
        tags: ['Garden & Patio', '', `Tools ${'ü'.repeat(i)}`],
        // Before and after what the server counts from.
        at: `${1950 + i}-02-28T23:59:59.${String(i).padStart(6, '0')}Z`,
        price: `${i}.25`,
        cents: `${i}.50`,
        doc: null,
        raw: '{"a": 1}',
        sold: i % 2 === 0,
      }));
      await writer.write(rows);
      // It is not asked before it is known that most rows are there.
      expect(writer.sent).toEqual({ freshet_upsert: ROWS });
      await writer.write(rows);
      expect(writer.sent).toEqual({ freshet_upsert: ROWS });
      await writer.write(rows);
      expect(writer.sent).toEqual({ freshet_differing: ROWS });
      // A stamp that grows is a difference, and so is another origin.
      expect(await writer.write(rows, 't/0', 2)).toMatchObject({ written: ROWS });
      expect(writer.sent).toEqual({
        freshet_together: ROWS,
        freshet_differing: ROWS,
        freshet_upsert: ROWS,
      });
      expect(await writer.write(rows, 't/1', 2)).toMatchObject({ written: ROWS });
      // Most had changed the last time: all are sent at once.
      expect(writer.sent).toEqual({ freshet_upsert: ROWS });
      // Few rows are sent, whatever became of the last ones.
      await writer.write(rows, 't/1', 2);
      await writer.write(rows.slice(0, 10), 't/1', 2);
      expect(writer.sent).toEqual({ freshet_upsert: 10 });
    } finally {
      await pool.end();
    }
  });
});

describe('an instant that a JavaScript number does not hold', () => {
  it.each(['1001', '8000'])('is not taken for its neighbour: of the year %s', async (year) => {
    await using database = await createDatabase();
    const pool = await prepared(database);
    try {
      const writer = new Writer(pool, STAMPED);
      const rows = (first: number): Row[] =>
        Array.from({ length: ROWS }, (_, i): Row => {
          const micros = String(first + i).padStart(6, '0');
          return { id: i, name: '', at: `${year}-06-01T12:00:00.${micros}Z` };
        });
      await writer.write(rows(1));
      await writer.write(rows(1));
      expect(await writer.write(rows(2))).toMatchObject({ written: ROWS });
      expect(writer.sent).toMatchObject({ freshet_differing: ROWS });
      expect(await staleRows(pool, STAMPED, rows(2))).toBe(0);
    } finally {
      await pool.end();
    }
  });
});

describe('a text that is no instant', () => {
  it.each([
    ['2026-02-30T00:00:00Z', '2026-03-02T00:00:00Z'],
    ['2026-13-01T00:00:00Z', '2027-01-01T00:00:00Z'],
    ['2026-04-31 10:00:00+00', '2026-05-01T10:00:00Z'],
    ['2026-02-02T10:61:00Z', '2026-02-02T11:01:00Z'],
    ['2026-02-02T25:00:00Z', '2026-02-03T01:00:00Z'],
    ['0000-12-31T00:00:00Z', '0001-12-31 00:00:00+00 BC'],
  ])('is refused also where its hash is asked for: %s is not %s', async (wrong, like) => {
    await using database = await createDatabase();
    const pool = await prepared(database);
    try {
      const writer = new Writer(pool, STAMPED);
      const rows = Array.from({ length: ROWS }, (_, i): Row => ({ id: i, name: '', at: like }));
      await writer.write(rows);
      await writer.write(rows);
      const write = writer.write(rows.with(7, { id: 7, name: '', at: wrong }));
      await expect(write).rejects.toMatchObject({ code: '22008' });
      expect(writer.sent).toMatchObject({ freshet_differing: ROWS });
    } finally {
      await pool.end();
    }
  });
});

describe('the plan of a batch', () => {
  it.each([STAMPED, PLAIN])('looks all keys up at once, and joins them in memory: $name', async (table) => {
    await using database = await createDatabase();
    const pool = await prepared(database);
    try {
      for (const fill of ['', 'INSERT', 'ANALYZE']) {
        if (fill === 'INSERT')
          await pool.query(`INSERT INTO ${quoteTable(table)} (id) SELECT generate_series(1, 5000)`);
        if (fill === 'ANALYZE') await pool.query(`ANALYZE ${quoteTable(table)}`);
        for (const statement of [differingStatement(table), upsertStatement(table, 'rows')]) {
          const plan = `${fill}: ${await planOf(pool, statement)}`;
          expect(plan).toMatch(/(Hash|Merge) Full Join/);
          expect(plan).toMatch(/Index Cond: \(id = ANY /);
        }
        expect(`${fill}: ${await planOf(pool, togetherStatement(table))}`).toMatch(/Index Cond: \(id = ANY /);
      }
    } finally {
      await pool.end();
    }
  });
});

async function planOf(pool: Pool, statement: string): Promise<string> {
  const client = await pool.connect();
  try {
    const parameters = new Set(statement.match(/\$\d+/g)).size;
    await client.query(`PREPARE asked AS ${statement}`);
    const nulls = Array.from({ length: parameters }, () => 'NULL').join(', ');
    const { rows } = await client.query<{ 'QUERY PLAN': string }>(`EXPLAIN EXECUTE asked(${nulls})`);
    await client.query('DEALLOCATE asked');
    return rows.map((line) => line['QUERY PLAN']).join('\n');
  } finally {
    client.release();
  }
}

/** How many of the rows are not in the table as they are to be, told by the server's own comparison of each column. */
async function staleRows(pool: Pool, table: TargetTable, rows: readonly Row[]): Promise<number> {
  const client = await pool.connect();
  try {
    await client.query('BEGIN');
    await client.query(`CREATE TEMP TABLE wanted (LIKE ${quoteTable(table)}) ON COMMIT DROP`);
    const names = table.columns.map(({ name }) => name);
    for (const each of rows) {
      const list = names.map((name, i) => `$${i + 1}::${table.columns.find((c) => c.name === name)?.type}`);
      await client.query(
        `INSERT INTO wanted (${names.map(quoteIdent).join(', ')}) VALUES (${list.join(', ')})`,
        names.map((name) => each[name]),
      );
    }
    const same = names.map((name) => {
      const cast = name === 'raw' ? '::text' : '';
      return `t.${quoteIdent(name)}${cast} IS NOT DISTINCT FROM w.${quoteIdent(name)}${cast}`;
    });
    const { rows: answer } = await client.query<{ n: string }>(
      `SELECT count(*) AS n FROM wanted AS w WHERE NOT EXISTS (SELECT FROM ${quoteTable(table)} AS t WHERE ${same.join(' AND ')})`,
    );
    return Number(answer[0]?.n);
  } finally {
    await client.query('ROLLBACK');
    client.release();
  }
}
