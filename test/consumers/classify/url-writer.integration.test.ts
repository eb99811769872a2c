import type { Pool, PoolClient } from 'pg';
import { describe, expect, it } from 'vitest';
import { UrlJudge } from '../../../src/consumers/classify/judge.ts';
import { prepareTables, urlTypes } from '../../../src/consumers/classify/tables.ts';
import { UrlReader } from '../../../src/consumers/classify/url-reader.ts';
import { type JudgedUrl, UrlWriter } from '../../../src/consumers/classify/url-writer.ts';
import { until } from '../../support/capture.ts';
import { createDatabase } from '../../support/database.ts';
import { createUrlTable, prepare, TABLES } from './url-table.ts';

const EXAMPLE = 'https://acme.example';

async function withClient<T>(pool: Pool, work: (client: PoolClient) => Promise<T>): Promise<T> {
  const client = await pool.connect();
  try {
    return await work(client);
  } finally {
    client.release();
  }
}

/** The rows as they are now, judged. */
async function judgeAll(client: PoolClient): Promise<JudgedUrl[]> {
  const judge = new UrlJudge();
  const judged: JudgedUrl[] = [];
  const reader = new UrlReader(TABLES, await urlTypes(client, TABLES));
  for await (const rows of reader.pages(client, null, 3)) {
    for (const row of rows) {
      const judgement = judge.judge(row, undefined, true);
      if (judgement.kind === 'judged') judged.push({ row, value: judgement.value });
    }
  }
  return judged;
}

describe('writing page types back', () => {
  it.each([
    ["a person's value", `page_type = 'mine', page_type_source = 'manual'`, 'mine'],
    ["an import's value", `page_type = 'mine', page_type_source = 'import'`, 'mine'],
    ['a value of nobody known', `page_type = 'mine'`, 'mine'],
    ['another URL', `url = '${EXAMPLE}/about'`, null],
    ['another title', `title = 'About'`, null],
    ['a title that is gone', `title = NULL`, null],
  ])('leaves a row alone that got %s between reading and writing', async (_what, change, expected) => {
    await using database = await createDatabase();
    await createUrlTable(database.pool);
    await prepare(database);
    await database.pool.query(
      `INSERT INTO urls (url, title) VALUES ('${EXAMPLE}/pricing', 'T'), ('${EXAMPLE}/about', 'T')`,
    );
    await withClient(database.pool, async (client) => {
      const judged = await judgeAll(client);
      const writer = new UrlWriter(TABLES, await urlTypes(client, TABLES));
      await withClient(database.pool, async (person) => {
        await person.query('BEGIN');
        await person.query(`UPDATE urls SET ${change} WHERE id = 1`);
        const writing = writer.write(client, judged);
        await until('the writer waits for the row', async () => {
          const waiting = `SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`;
          return (await database.pool.query(waiting)).rows.length > 0;
        });
        await person.query('COMMIT');
        expect([...(await writing)]).toEqual(['2']);
      });
    });
    const { rows } = await database.pool.query<{ page_type: string | null }>(
      'SELECT page_type FROM urls ORDER BY id',
    );
    expect(rows.map((row) => row.page_type)).toEqual([expected, 'about']);
  });

  it('fits the types of the table: uuid keys, an enum, char columns', async () => {
    await using database = await createDatabase();
    await database.pool.query(
      `CREATE TYPE kind AS ENUM ('pricing', 'about', 'other');
       CREATE TABLE urls (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), account_id text, url varchar(200), title text,
         page_type kind, page_type_source varchar(20), page_type_version varchar(80), page_type_confidence numeric(4,3));
       INSERT INTO urls (url) VALUES ('${EXAMPLE}/pricing'), ('${EXAMPLE}/about'), ('nothing'), (NULL)`,
    );
    await prepare(database);
    await withClient(database.pool, async (client) => {
      const writer = new UrlWriter(TABLES, await urlTypes(client, TABLES));
      expect((await writer.write(client, await judgeAll(client), 3)).size).toBe(4);
      expect((await writer.write(client, await judgeAll(client))).size).toBe(0);
    });
    const { rows } = await database.pool.query(
      'SELECT url, page_type::text AS type, page_type_confidence = 0 AS zero FROM urls ORDER BY url',
    );
    expect(rows).toEqual([
      { url: `${EXAMPLE}/about`, type: 'about', zero: false },
      { url: `${EXAMPLE}/pricing`, type: 'pricing', zero: false },
      { url: 'nothing', type: 'other', zero: true },
      { url: null, type: 'other', zero: true },
    ]);
  });
});

describe('bringing the tables into shape', () => {
  it('adds what is missing, once, also where two processes start together', async () => {
    await using database = await createDatabase();
    await createUrlTable(database.pool, '');
    await Promise.all([prepare(database), prepare(database)]);
    const { rows } = await database.pool.query(
      `SELECT table_name AS table, string_agg(column_name, ' ' ORDER BY ordinal_position) AS columns
         FROM information_schema.columns WHERE table_name IN ('urls', 'page_type_patterns') GROUP BY 1 ORDER BY 1`,
    );
    expect(rows).toEqual([
      { table: 'page_type_patterns', columns: 'id account_id pattern page_type ordinal' },
      {
        table: 'urls',
        columns:
          'id account_id url title page_type page_type_source page_type_version page_type_confidence page_type_rule page_type_inputs',
      },
    ]);
  });

  it.each([
    ['CREATE TABLE other (id int)', /public\.urls.*does not exist/, /classify\.urls/],
    ['CREATE TABLE urls (id int, url text)', /no column account_id, title/, /id, account_id, url, title/],
  ])('says what is missing: %s', async (sql, message, cure) => {
    await using database = await createDatabase();
    await database.pool.query(sql);
    const error = {
      code: 'PREFLIGHT',
      message: expect.stringMatching(message),
      cure: expect.stringMatching(cure),
    };
    await expect(prepare(database)).rejects.toMatchObject(error);
  });

  it('gives the SQL to a role that may not change the table', async () => {
    await using database = await createDatabase();
    await createUrlTable(database.pool, '');
    const role = `reader_${database.name}`;
    await database.pool.query(
      `CREATE ROLE ${role}; CREATE SCHEMA freshet AUTHORIZATION ${role}; GRANT SELECT, UPDATE ON urls TO ${role}`,
    );
    try {
      await withClient(database.pool, async (client) => {
        await client.query(`SET ROLE ${role}`);
        await expect(prepareTables(client, TABLES)).rejects.toMatchObject({
          code: 'PREFLIGHT',
          cure: expect.stringMatching(/ALTER TABLE "public"\."urls" ADD COLUMN IF NOT EXISTS page_type text/),
        });
        await client.query('RESET ROLE');
      });
    } finally {
      await database.pool.query(`DROP OWNED BY ${role}; DROP ROLE ${role}`);
    }
  });
});
