import { describe, expect, it } from 'vitest';
import { migrateTarget } from '../../src/sinks/schema.ts';
import { type OwedKey, owe, takeWanted, wantRefresh } from '../../src/sinks/owed-keys.ts';
import { inTransaction } from '../../src/sinks/target-pool.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';

const lane = { group: 'g', topic: 't', partition: 0 };
const NOW = { waitedMs: 0, limit: 10 };

function key(name: string, refreshable: boolean): OwedKey {
  const keyText = JSON.stringify({ id: name });
  return { identity: name, keyText, position: '', offset: 1n, code: 'CODE', refreshable };
}

async function migrated(): Promise<TestDatabase> {
  const database = await createDatabase();
  const client = await database.pool.connect();
  await migrateTarget(client, []);
  client.release();
  return database;
}

function owing({ pool }: TestDatabase, ...keys: readonly OwedKey[]): Promise<void> {
  return inTransaction(pool, (client) => owe(client, lane, keys));
}

async function taken({ pool }: TestDatabase, options = NOW): Promise<string[]> {
  return (await takeWanted(pool, 'g', options)).map(({ keyText }) => keyText).toSorted();
}

/** Seconds until each key is due. */
async function dueIn({ pool }: TestDatabase): Promise<Record<string, number | null>> {
  const { rows } = await pool.query<{ identity: string; due: number | null }>(
    `SELECT identity, round(extract(epoch FROM refresh_at - now()))::int AS due FROM freshet.owed_keys`,
  );
  return Object.fromEntries(rows.map(({ identity, due }) => [identity, due]));
}

describe('owed keys', () => {
  it('are taken for a refresh where that may bring them, once, and only when they have waited', async () => {
    await using target = await migrated();
    await owing(target, key('incomplete', true), key('poison', false));
    expect(await taken(target, { waitedMs: 3_600_000, limit: 10 })).toEqual([]);
    expect(await taken(target)).toEqual(['{"id":"incomplete"}']);
    expect(await taken(target)).toEqual([]);
    await inTransaction(target.pool, (client) => wantRefresh(client, lane, ['poison']));
    expect(await taken(target)).toEqual(['{"id":"poison"}']);
  });

  it('wait longer each time that they are asked for and do not come', async () => {
    await using target = await migrated();
    await owing(target, key('a', true));
    const pauses: number[] = [];
    for (let i = 0; i < 6; i++) {
      expect(await taken(target)).toEqual(['{"id":"a"}']);
      pauses.push((await dueIn(target))['a'] ?? 0);
      await target.pool.query(`UPDATE freshet.owed_keys SET refresh_at = now()`);
    }
    for (const [i, expected] of [20, 80, 320, 1_280, 3_600, 3_600].entries())
      expect(Math.abs((pauses[i] ?? 0) - expected)).toBeLessThan(expected / 2);
  });

  it('are left to people once they have failed again, until they change', async () => {
    await using target = await migrated();
    await owing(target, key('a', true));
    await taken(target);
    await owing(target, key('a', false));
    expect(await dueIn(target)).toEqual({ a: null });
    await inTransaction(target.pool, (client) => wantRefresh(client, lane, ['a']));
    expect((await dueIn(target))['a']).toBeGreaterThan(30);
  });

  it('are shared by the processes of a group', async () => {
    await using target = await migrated();
    await owing(target, ...Array.from({ length: 40 }, (_, i) => key(`k${i}`, true)));
    const shares = await Promise.all([1, 2, 3, 4].map(() => taken(target)));
    expect(shares.map((share) => share.length)).toEqual([10, 10, 10, 10]);
    expect(new Set(shares.flat()).size).toBe(40);
  });
});
