import { describe, expect, it } from 'vitest';
import { captureContext, until } from '../support/capture.ts';
import { createDatabase } from '../support/database.ts';

describe('a table with a primary key and another replica identity', () => {
  it('has one key, in the refresh and in the stream: the columns of its replica identity index', async () => {
    await using database = await createDatabase();
    await database.pool.query('CREATE TABLE items (id int PRIMARY KEY, code text NOT NULL UNIQUE, n int)');
    await database.pool.query('ALTER TABLE items REPLICA IDENTITY USING INDEX items_code_key');
    await database.pool.query(`INSERT INTO items SELECT i, 'c' || i, 0 FROM generate_series(1, 20) i`);
    const context = captureContext(database, ['items']);
    let published = 0;
    await using _ = context.start({ published: (_table, _op, rows) => (published += rows) });
    await until('the snapshot is published', () => published >= 20);
    await database.pool.query('UPDATE items SET n = 1');
    await database.pool.query(`DELETE FROM items WHERE code = 'c1'`);
    await until('the changes are published', () => published >= 41);
    const changes = await context.read('items');
    const keys = changes.flatMap((change) =>
      change.op === 't' || change.op === 'sweep' ? [] : [Object.keys(change.key).join()],
    );
    expect(new Set(keys)).toEqual(new Set(['code']));
  });
});
