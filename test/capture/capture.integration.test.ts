import { describe, expect, it } from 'vitest';
import { encodePosition } from '../../src/change/position.ts';
import { UNAVAILABLE } from '../../src/change/change.ts';
import { captureContext, stateOf, until } from '../support/capture.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';

async function withRows(rows: number): Promise<TestDatabase> {
  const database = await createDatabase();
  await database.pool.query('CREATE TABLE items (id bigint PRIMARY KEY, name text, price numeric(10,2))');
  await database.pool.query(
    `INSERT INTO items SELECT i, 'item ' || i, i / 100.0 FROM generate_series(1, ${rows}) i`,
  );
  return database;
}

describe('a capture', () => {
  it('publishes existing rows and live changes into one order', async () => {
    await using database = await withRows(1_200);
    const context = captureContext(database, ['items']);
    let published = 0;
    await using _ = context.start({ published: (_table, _op, rows) => (published += rows) });
    await until('the snapshot is published', () => published >= 1_200);
    await database.pool.query(`UPDATE items SET price = 5 WHERE id = 7`);
    await database.pool.query(`DELETE FROM items WHERE id = 8`);
    await database.pool.query(`UPDATE items SET id = 9000000000000000001 WHERE id = 9`);
    await database.pool.query(`INSERT INTO items VALUES (-1, 'ünï', NULL)`);
    await until('the changes are published', () => published >= 1_205);
    const changes = await context.read('items');
    const state = stateOf(changes);
    expect(state.size).toBe(1_200);
    expect(state.get('["7"]')).toMatchObject({ op: 'u', after: { id: 7n, name: 'item 7', price: '5.00' } });
    expect(state.get('["9000000000000000001"]')).toMatchObject({ op: 'c', after: { name: 'item 9' } });
    expect(state.get('["-1"]')).toMatchObject({ op: 'c', after: { name: 'ünï', price: null } });
    expect(state.has('["8"]') || state.has('["9"]')).toBe(false);
  });

  it('tells of every refresh before it counts as connected', async () => {
    await using database = await withRows(10);
    const context = captureContext(database, ['items']);
    const told: string[] = [];
    await using _ = context.start({
      progress: ({ finishedAt }) => told.push(finishedAt === null ? 'under way' : 'finished'),
      connected: () => told.push('connected'),
    });
    await until('the refresh is finished', () => told.includes('finished'));
    expect(told.indexOf('under way')).toBe(0);
    expect(told.indexOf('connected')).toBe(1);
  });

  it('goes on in the middle of a snapshot, without reading finished chunks again', async () => {
    await using database = await withRows(20_000);
    const context = captureContext(database, ['items'], {
      stream: { queueBytes: 1 << 20, batchRecords: 500, batchBytes: 1 << 20 },
    });
    let first = 0;
    const one = context.start({ published: (_t, op, rows) => (first += op === 'r' ? rows : 0) });
    await until('a part is published', () => first >= 5_000);
    await one.stop();
    expect(first).toBeLessThan(20_000);
    let second = 0;
    let finished = false;
    await using _ = context.start({
      published: (_t, op, rows) => (second += op === 'r' ? rows : 0),
      progress: (plan) => (finished = plan.finishedAt !== null),
    });
    await until('the snapshot is finished', () => finished);
    // At most the chunks that were in flight are read twice.
    expect(second).toBeLessThan(20_000 - first + 3 * 500 + 1);
    const changes = await context.read('items');
    expect(stateOf(changes).size).toBe(20_000);
  });

  it('keeps its transactions short while changes come in beside a snapshot', async () => {
    await using database = await withRows(20_000);
    const context = captureContext(database, ['items']);
    const mixed: number[] = [];
    let counts = { r: 0, u: 0 };
    let finished = false;
    await using _ = context.start({
      published: (_t, op, rows) => (counts = { ...counts, [op]: rows }),
      progress: (plan) => (finished = plan.finishedAt !== null),
      committed: () => {
        if (counts.r > 0 && counts.u > 0) mixed.push(counts.r);
        counts = { r: 0, u: 0 };
      },
    });
    const isFinished = (): boolean => finished;
    while (!isFinished()) await database.pool.query('UPDATE items SET price = price + 1 WHERE id = 1');
    expect(mixed.length).toBeGreaterThan(10);
    // Of batches of 1,000; the first one was begun before there was a change.
    expect(Math.max(...mixed.slice(1))).toBeLessThanOrEqual(200);
  });

  it('goes on in the middle of a large transaction, nothing lost and nothing twice', async () => {
    await using database = await withRows(10);
    const context = captureContext(database, ['items']);
    let snapshot = false;
    let streamed = 0;
    const one = context.start({
      progress: (plan) => (snapshot = plan.finishedAt !== null),
      published: (_t, op, rows) => (streamed += op === 'c' ? rows : 0),
    });
    await until('the snapshot is finished', () => snapshot);
    await database.pool.query(`INSERT INTO items SELECT i, 'bulk', 1 FROM generate_series(1001, 41000) i`);
    await until('a part is published', () => streamed >= 3_000);
    await one.stop();
    expect(streamed).toBeLessThan(40_000);
    const before = streamed;
    await using _ = context.start({ published: (_t, op, rows) => (streamed += op === 'c' ? rows : 0) });
    await until('all is published', () => streamed >= 40_000);
    expect(before).toBeGreaterThan(0);
    const ids = (await context.read('items')).flatMap((change) => (change.op === 'c' ? [change.key.id] : []));
    expect(ids.length).toBe(40_000);
    expect(new Set(ids).size).toBe(40_000);
  });

  it('gives positions that only grow within a partition', async () => {
    await using database = await withRows(3_000);
    const context = captureContext(database, ['items'], {
      topics: { partitions: 1, replicationFactor: 1, retentionMs: 3_600_000, maxRecordBytes: 1_000_000 },
    });
    let published = 0;
    for (let run = 0; run < 3; run++) {
      const target = published + 500;
      await using _ = context.start({ published: (_t, _o, rows) => (published += rows) });
      await database.pool.query(`UPDATE items SET price = price + 1 WHERE id <= 600`);
      await until('something is published', () => published >= target);
    }
    const positions = (await context.read('items')).map((change) => encodePosition(change.position));
    expect(positions.length).toBeGreaterThan(1_000);
    expect(positions).toEqual([...new Set(positions)].toSorted());
  });

  it('marks an unchanged TOASTed value, and brings it after a changed key', async () => {
    await using database = await createDatabase();
    await database.pool.query('CREATE TABLE docs (id int PRIMARY KEY, n int, body text, list int[])');
    await database.pool.query(
      'ALTER TABLE docs ALTER body SET STORAGE EXTERNAL, ALTER list SET STORAGE EXTERNAL',
    );
    await database.pool.query(
      `INSERT INTO docs SELECT 1, 0, repeat('x', 9000), array_agg(i) FROM generate_series(1, 4000) i`,
    );
    const context = captureContext(database, ['docs']);
    let published = 0;
    await using _ = context.start({ published: (_t, _o, rows) => (published += rows) });
    await until('the snapshot is published', () => published >= 1);
    await database.pool.query('UPDATE docs SET n = 1');
    await until('the update is published', () => published >= 2);
    await database.pool.query('UPDATE docs SET id = 2');
    await until('the changed key and its refresh are published', () => published >= 5);
    const changes = await context.read('docs');
    const update = changes.find((change) => change.op === 'u');
    expect(update).toMatchObject({ after: { n: 1, body: UNAVAILABLE, list: UNAVAILABLE } });
    const last = stateOf(changes).get('["2"]');
    expect(last).toMatchObject({ op: 'r', after: { n: 1, body: 'x'.repeat(9_000) } });
  });

  it('is fenced by a newer one of the same slot, which takes over', async () => {
    await using database = await withRows(10);
    const context = captureContext(database, ['items']);
    let published = 0;
    await using one = context.start({ published: (_t, _o, rows) => (published += rows) });
    await until('the first one publishes', () => published >= 10);
    let connected = false;
    let second = 0;
    await using _ = context.start({
      connected: () => (connected = true),
      published: (_t, _o, rows) => (second += rows),
    });
    await until('the second one is connected', () => connected);
    await database.pool.query('UPDATE items SET price = 1');
    await expect(one.ended).rejects.toMatchObject({ code: 'FENCED', exitCode: 4 });
    await until('the second one publishes', () => second >= 10);
  });

  it('stops with a cure when its slot is gone, and refreshes everything where that is configured', async () => {
    await using database = await withRows(50);
    const context = captureContext(database, ['items']);
    let published = 0;
    const one = context.start({ published: (_t, _o, rows) => (published += rows) });
    await until('the snapshot is published', () => published >= 50);
    await one.stop();
    await database.pool.query('SELECT pg_drop_replication_slot($1)', [context.config.slot]);
    await database.pool.query('DELETE FROM items WHERE id = 1');
    await using two = context.start();
    await expect(two.ended).rejects.toMatchObject({ code: 'SLOT_LOST', exitCode: 4 });
    let finished = false;
    await using _ = context.start(
      { progress: (plan) => (finished = plan.finishedAt !== null) },
      { onSlotLoss: 'refresh' },
    );
    await until('the refresh is finished', () => finished);
    const changes = await context.read('items');
    const sweeps = changes.filter((change) => change.op === 'sweep');
    expect(sweeps.length).toBe(2 * context.config.topics.partitions);
    const epochs = new Set(changes.map((change) => change.position.epoch));
    expect(epochs.size).toBe(2);
  });

  it.each([
    ['a table that does not exist', ['items', 'nowhere'], 'TABLE_MISSING', /public\.nowhere does not exist/],
    [
      'a table without a key',
      ['items', 'keyless'],
      'TABLE_UNSUPPORTED',
      /public\.keyless has no primary key/,
    ],
  ])('refuses %s by name', async (_what, tables, code, message) => {
    await using database = await withRows(1);
    await database.pool.query('CREATE TABLE keyless (a int)');
    const context = captureContext(database, tables);
    await using capture = context.start();
    await expect(capture.ended).rejects.toMatchObject({ code, message: expect.stringMatching(message) });
  });
});
