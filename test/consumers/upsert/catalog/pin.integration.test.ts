import { describe, expect, it } from 'vitest';
import { setPin } from '../../../../src/consumers/upsert/catalog/pin.ts';
import { createUpsertPipeline } from '../../../../src/consumers/upsert/pipeline.ts';
import { until } from '../../../support/capture.ts';
import { createDatabase, type TestDatabase } from '../../../support/database.ts';
import { type RunningPipeline, startPipeline } from '../../../support/pipeline.ts';
import { ProductTopic } from '../../../support/product-topic.ts';
import { services } from '../../../support/services.ts';

async function names(target: TestDatabase): Promise<Record<string, string | null>> {
  const { rows } = await target.pool
    .query<{ sku: string; name: string | null }>('SELECT sku, name FROM items ORDER BY sku')
    .catch(() => ({ rows: [] }));
  return Object.fromEntries(rows.map(({ sku, name }) => [sku, name]));
}

function startUpsert({ url: targetUrl }: TestDatabase, { prefix }: ProductTopic): RunningPipeline {
  const pipeline = createUpsertPipeline(null);
  return startPipeline({ services: services(), targetUrl, prefix, pipeline });
}

describe('a pinned snapshot', () => {
  it('decides what every change writes: updates, parts of rows, deletes, new products, TRUNCATE', async () => {
    await using target = await createDatabase();
    await using topic = await ProductTopic.create(services(), 1);
    await using running = startUpsert(target, topic);
    const pin = async (snapshot: string | null): Promise<void> => {
      const client = await target.pool.connect();
      await setPin(client, snapshot).finally(() => client.release());
    };
    const applied = (changes: number): Promise<void> =>
      until(`${changes} changes are applied`, () =>
        Promise.resolve([...running.tally.changes.values()].reduce((sum, n) => sum + n, 0) >= changes),
      );
    await topic.upsert('a', { name: 'A now' }).upsert('b', { name: 'B now' }).publish();
    await applied(2);
    await target.pool.query(`
      CREATE TABLE analytics.catalog_snapshot_20200101 (LIKE analytics.catalog_feed INCLUDING ALL);
      INSERT INTO analytics.catalog_snapshot_20200101 (sku, name) VALUES ('a', 'A then'), ('c', 'C then')`);
    await pin('catalog_snapshot_20200101');
    await topic
      .upsert('a', { name: 'A later', description: undefined })
      .upsert('b', { name: 'B later' })
      .delete('c')
      .upsert('d', { name: 'D later' })
      .publish();
    await applied(6);
    expect(await names(target)).toEqual({ a: 'A then', c: 'C then' });
    await topic.truncate().publish();
    await applied(7);
    expect(await names(target)).toEqual({ a: 'A then', c: 'C then' });
    await pin(null);
    await topic.upsert('a', { name: 'A again' }).delete('c').publish();
    await applied(9);
    expect(await names(target)).toEqual({ a: 'A again' });
    expect(running.tally.deadLetters).toEqual([]);
  });

  it('waits for the batches that run, and is seen by those that begin after it', async () => {
    await using target = await createDatabase();
    await using topic = await ProductTopic.create(services(), 1);
    await using running = startUpsert(target, topic);
    await topic.upsert('a', { name: 'first' }).publish();
    await until('the item is there', async () => 'a' in (await names(target)));
    await target.pool.query('CREATE TABLE analytics.catalog_snapshot_20200101 (LIKE analytics.catalog_feed)');
    // A batch is held within its transaction by somebody who has its row.
    const holder = await target.pool.connect();
    await holder.query(`BEGIN; UPDATE items SET name = 'held' WHERE sku = 'a'`);
    await topic.upsert('a', { name: 'second' }).publish();
    const waiting = (what: string): Promise<void> =>
      until(`${what} waits`, async () => {
        const { rows } = await target.pool.query(
          `SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE $1`,
          [`%${what}%`],
        );
        return rows.length > 0;
      });
    await waiting('INSERT INTO "public"."items"');
    const client = await target.pool.connect();
    let isPinned = false;
    const pinning = setPin(client, 'catalog_snapshot_20200101').then(() => (isPinned = true));
    await waiting('LOCK TABLE freshet.catalog_pin');
    expect(isPinned).toBe(false);
    await holder.query('ROLLBACK');
    holder.release();
    await pinning.finally(() => client.release());
    expect(await names(target)).toEqual({ a: 'second' });
    await topic.upsert('a', { name: 'third' }).publish();
    await until('the pin removed it', async () => !('a' in (await names(target))));
    expect(running.tally.deadLetters).toEqual([]);
  });
});
