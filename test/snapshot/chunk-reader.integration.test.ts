import { describe, expect, it } from 'vitest';
import { parseLsn } from '../../src/change/lsn.ts';
import { textOf } from '../../src/change/tuple.ts';
import type { ChunkScope } from '../../src/snapshot/chunk-query.ts';
import { readerOf } from '../support/chunk-reader.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';

const ITEMS = { schema: 'public', name: 'items' };

async function withItems(): Promise<TestDatabase> {
  const database = await createDatabase();
  await database.pool.query(
    'CREATE TABLE items (id int PRIMARY KEY); INSERT INTO items SELECT generate_series(1, 3)',
  );
  return database;
}

const chunk = (where: string | null): ChunkScope => ({
  kind: 'range',
  range: { after: null, upTo: null },
  limit: 10,
  where,
});

async function waitEvent({ pool, name }: TestDatabase, event: string): Promise<void> {
  const query = 'SELECT count(*)::int AS n FROM pg_stat_activity WHERE datname = $1 AND wait_event = $2';
  for (let i = 0; i < 1_000; i++) {
    const { rows } = await pool.query<{ n: number }>(query, [name, event]);
    if ((rows[0]?.n ?? 0) > 0) return;
  }
  throw new Error(`nobody waits for ${event}`);
}

describe('a chunk', () => {
  it('has a high watermark that is not older than the end of its read', async () => {
    await using database = await withItems();
    await using reader = readerOf(database);
    const reading = reader.read(ITEMS, chunk('pg_sleep(0.3) IS NOT NULL'));
    await waitEvent(database, 'PgSleep');
    await database.pool.query('INSERT INTO items VALUES (9)');
    const { rows } = await database.pool.query<{ lsn: string }>(
      'SELECT pg_current_wal_insert_lsn()::text AS lsn',
    );
    const { high, rows: read } = await reading;
    expect(read.map((row) => textOf(row, 0))).toEqual(['1', '2', '3']);
    expect(high).toBeGreaterThanOrEqual(parseLsn(rows[0]?.lsn ?? ''));
  });

  it('that waited for a TRUNCATE sees what came with it', async () => {
    await using database = await withItems();
    await using reader = readerOf(database);
    const client = await database.pool.connect();
    try {
      await client.query('BEGIN; TRUNCATE items; INSERT INTO items VALUES (7)');
      const reading = reader.read(ITEMS, chunk(null));
      await waitEvent(database, 'relation');
      await client.query('COMMIT');
      const { rows, reachedEnd } = await reading;
      expect(rows.map((row) => textOf(row, 0))).toEqual(['7']);
      expect(reachedEnd).toBe(true);
    } finally {
      client.release();
    }
  });
});
