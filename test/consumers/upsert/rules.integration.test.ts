import { describe, expect, it } from 'vitest';
import { learnBrandSpellings } from '../../../src/consumers/upsert/learn-spellings.ts';
import { createUpsertPipeline } from '../../../src/consumers/upsert/pipeline.ts';
import { reviewList } from '../../../src/consumers/upsert/review-list.ts';
import { until } from '../../support/capture.ts';
import { createDatabase, type TestDatabase } from '../../support/database.ts';
import { type RunningPipeline, startPipeline } from '../../support/pipeline.ts';
import { ProductTopic } from '../../support/product-topic.ts';
import { services } from '../../support/services.ts';

async function brands(target: TestDatabase): Promise<Record<string, string | null>> {
  const { rows } = await target.pool
    .query<{ sku: string; brand: string | null }>('SELECT sku, brand FROM items ORDER BY sku')
    .catch(() => ({ rows: [] }));
  return Object.fromEntries(rows.map(({ sku, brand }) => [sku, brand]));
}

function start(target: TestDatabase, topic: ProductTopic): RunningPipeline {
  const pipeline = createUpsertPipeline(null);
  return startPipeline({ services: services(), targetUrl: target.url, prefix: topic.prefix, pipeline });
}

describe("the catalogue's rules", () => {
  it('are what people wrote into the target, from the next batch on', async () => {
    await using target = await createDatabase();
    await using topic = await ProductTopic.create(services(), 1);
    await using running = start(target, topic);
    await topic.upsert('a', { manufacturer: 'Fash Blush' }).upsert('b', { manufacturer: 'Plum' }).publish();
    await until('the items are there', async () => Object.keys(await brands(target)).length === 2);
    expect(await brands(target)).toEqual({ a: 'Fashblush', b: null });
    const client = await target.pool.connect();
    const review = await reviewList(client, 10).finally(() => client.release());
    expect(review).toEqual({
      items: 1,
      groups: [{ items: 1, field: 'brand', reason: 'ambiguous-word', value: 'Plum', candidates: [] }],
    });
    await target.pool.query(
      `INSERT INTO brand_aliases VALUES ('FashBlush', 'Fash Blush Paris'), ('Plum', 'Plum Goodness')`,
    );
    await topic
      .upsert('a', { manufacturer: 'Fash Blush' }, 'r')
      .upsert('b', { manufacturer: 'Plum' }, 'r')
      .publish();
    await until('the aliases are applied', async () => (await brands(target))['b'] !== null);
    expect(await brands(target)).toEqual({ a: 'Fash Blush Paris', b: 'Plum Goodness' });
    await target.pool.query(`INSERT INTO brand_aliases VALUES ('x', 'y'), ('y', 'x')`);
    await topic.upsert('c').publish();
    await expect(running.ended).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringContaining('leads back'),
    });
  });

  it('learn how brands are written, once each', async () => {
    await using target = await createDatabase();
    await using topic = await ProductTopic.create(services(), 1);
    await using running = start(target, topic);
    await topic.upsert('a', { manufacturer: 'FASH BLUSH' }).publish();
    await until('the item is there', async () => (await brands(target))['a'] === 'Fashblush');
    await target.pool.query('CREATE TABLE products (sku text PRIMARY KEY, manufacturer text)');
    await target.pool.query(
      `INSERT INTO products VALUES ('1', 'Fash Blush'), ('2', 'Fash Blush'), ('3', 'FashBlush Ltd.'), ('4', NULL)`,
    );
    const learn = async (): Promise<number> => {
      const client = await target.pool.connect();
      return learnBrandSpellings(client, client).finally(() => client.release());
    };
    expect(await learn()).toBe(1);
    await target.pool.query(`UPDATE products SET manufacturer = 'FASH-BLUSH'`);
    expect(await learn()).toBe(0);
    await topic.upsert('a', { manufacturer: 'FASH BLUSH' }, 'r').publish();
    await until('the spelling is applied', async () => (await brands(target))['a'] === 'Fash Blush');
    expect(running.tally.deadLetters).toEqual([]);
  });
});
