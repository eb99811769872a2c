import type { Pool } from 'pg';
import { describe, expect, it } from 'vitest';
import { createTargetPool, inBracedTransaction, TARGET_DEFAULTS } from '../../src/sinks/target-pool.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { RecordingProxy } from '../support/recording-proxy.ts';

const FIRST = { text: `SELECT 'first' AS said` };
const LAST = { text: `INSERT INTO seen VALUES ('last')` };

/** One connection, so that each transaction finds it as the one before has left it. */
function poolAt(url: string, pipelined: boolean): Pool & AsyncDisposable {
  const pool = createTargetPool({ url }, 'test', { ...TARGET_DEFAULTS, poolSize: 1 }, { pipelined });
  return Object.assign(pool, { [Symbol.asyncDispose]: () => pool.end() });
}

async function emptyDatabase(): Promise<TestDatabase> {
  const database = await createDatabase();
  await database.pool.query('CREATE TABLE seen (what text PRIMARY KEY)');
  return database;
}

async function seen({ pool }: TestDatabase): Promise<string[]> {
  const { rows } = await pool.query<{ what: string }>('SELECT what FROM seen ORDER BY what');
  return rows.map(({ what }) => what);
}

async function work(pool: Pool, first = FIRST, last = LAST): Promise<unknown> {
  return inBracedTransaction(pool, [first], async (client, answers) => {
    await client.query(`INSERT INTO seen VALUES ('work')`);
    return { result: answers.map(({ rows }) => rows as unknown), last: [last] };
  });
}

describe.each([
  ['pipelined', true],
  ['not pipelined', false],
])('a transaction over a connection that is %s', (_, pipelined) => {
  it('commits its work with what goes before and behind it, in as few pieces as the connection can', async () => {
    await using database = await emptyDatabase();
    await using proxy = await RecordingProxy.open(database);
    await using pool = poolAt(proxy.urlOf(database), pipelined);
    expect(await work(pool)).toEqual([[{ said: 'first' }]]);
    expect(await seen(database)).toEqual(['last', 'work']);
    expect(proxy.sentAtOnce('BEGIN', FIRST.text)).toBe(pipelined);
    expect(proxy.sentAtOnce(LAST.text, 'COMMIT')).toBe(pipelined);
    expect(proxy.sentAtOnce(`'work'`, LAST.text)).toBe(false);
  });

  it.each([
    ['before it', { text: 'SELECT 1 / 0' }, LAST, '22012'],
    ['behind it', FIRST, { text: `INSERT INTO seen VALUES ('work')` }, '23505'],
  ])('leaves nothing where a statement %s fails, and says why', async (_place, first, last, code) => {
    await using database = await emptyDatabase();
    await using pool = poolAt(database.url, pipelined);
    await expect(work(pool, first, last)).rejects.toMatchObject({ code });
    expect(await seen(database)).toEqual([]);
    await work(pool);
    expect(await seen(database)).toEqual(['last', 'work']);
  });

  it('does nothing where it cannot begin', async () => {
    await using database = await emptyDatabase();
    await using proxy = await RecordingProxy.open(database);
    await using pool = poolAt(proxy.urlOf(database), pipelined);
    proxy.misread = (piece) => piece.replace('BEGIN', 'BEGUN');
    await expect(work(pool)).rejects.toMatchObject({ code: '42601' });
    expect(await seen(database)).toEqual([]);
    proxy.misread = (piece) => piece;
    await work(pool);
    expect(await seen(database)).toEqual(['last', 'work']);
  });
});
