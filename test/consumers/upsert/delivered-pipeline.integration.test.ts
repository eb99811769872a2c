import { describe, expect, it } from 'vitest';
import { createDeliveredPipeline } from '../../../src/consumers/upsert/delivered-pipeline.ts';
import { createUpsertPipeline } from '../../../src/consumers/upsert/pipeline.ts';
import type { Pipeline } from '../../../src/consumers/define-pipeline.ts';
import { HttpSink } from '../../../src/sinks/http/http-sink.ts';
import { until } from '../../support/capture.ts';
import { createDatabase, type TestDatabase } from '../../support/database.ts';
import { ItemsServerContext, TOKEN } from '../../support/items-server.ts';
import { type RunningPipeline, startPipeline } from '../../support/pipeline.ts';
import { ProductTopic } from '../../support/product-topic.ts';
import { services } from '../../support/services.ts';

function start(topic: ProductTopic, target: TestDatabase, pipeline: Pipeline): RunningPipeline {
  return startPipeline({ services: services(), targetUrl: target.url, prefix: topic.prefix, pipeline });
}

function sinkTo({ url }: ItemsServerContext): HttpSink {
  return new HttpSink({ url, headers: () => ({ authorization: `Bearer ${TOKEN}` }), itemsPerRequest: 7 });
}

async function publishProducts(topic: ProductTopic): Promise<void> {
  for (let i = 0; i < 40; i++)
    topic.upsert(`p${i}`, {
      manufacturer: i % 3 === 0 ? 'Hewlett-Packard' : `ACME ${i} Ltd.`,
      category_path: `["Home >> Kitchen & Dining >> Cups >> Mugs >> Big Mugs ${i}"]`,
      price: '12.50',
      description: `It holds ${i} litres`,
    });
  await topic.publish();
}

/** A description that the WAL does not hold, another product's price, and a product that goes. */
async function publishChanges(topic: ProductTopic): Promise<void> {
  topic.upsert('p1', { manufacturer: 'ACME 1 Ltd.', price: '13.00', description: undefined }, 'u');
  topic.upsert('p2', { manufacturer: 'Black', price: null }, 'u');
  topic.delete('p3');
  await topic.publish();
}

/** Of an item, what does not tell the way that it came. */
const CONTENT =
  'SELECT sku, name, brand, category, category_path, description, price, metadata_version FROM public.items ORDER BY sku';

async function contentOf({ pool }: TestDatabase): Promise<Record<string, unknown>[]> {
  return (await pool.query<Record<string, unknown>>(CONTENT).catch(() => ({ rows: [] }))).rows;
}

describe('the upsert pipeline with an items API for its sink', () => {
  it('gives the same items as by SQL, through the API, its topic and the rules once more', async () => {
    await using api = await ItemsServerContext.open();
    await using direct = await createDatabase();
    await using log = await createDatabase();
    // A pipeline's name is its group's: two that are called the same would share one topic.
    await using one = await ProductTopic.create(services());
    await using other = await ProductTopic.create(services());
    await using _sql = start(one, direct, createUpsertPipeline(null));
    await using delivering = start(other, log, createDeliveredPipeline(null, sinkTo(api)));
    for (const topic of [one, other]) await publishProducts(topic);
    await until('the first items are there', async () => (await api.items()).length === 40);
    for (const topic of [one, other]) await publishChanges(topic);
    const written = async (): Promise<boolean> => {
      const prices = (await contentOf(direct)).map(({ price }) => price);
      return prices.length === 39 && prices.includes('13.00') && prices.includes(null);
    };
    await until('all is written by SQL', written);
    const wanted = await contentOf(direct);
    await expect.poll(() => contentOf(api.shop.database), { timeout: 30_000 }).toEqual(wanted);
    expect(delivering.tally.deadLetters).toEqual([]);
    expect((await api.items()).find(({ sku }) => sku === 'p1')).toMatchObject({
      price: '13.00',
      description: 'It holds 1 litres',
    });
  });

  it('makes a dead letter of an item that the API refuses, and the others go on', async () => {
    await using api = await ItemsServerContext.open();
    await using log = await createDatabase();
    await using topic = await ProductTopic.create(services());
    await using delivering = start(topic, log, createDeliveredPipeline(null, sinkTo(api)));
    topic
      .upsert('a')
      .upsert('long', { name: 'x'.repeat(2_000) })
      .upsert('b');
    await topic.publish();
    await until('the good ones are there', async () => (await api.items()).length === 2);
    await until('the other one has a letter', () => delivering.tally.deadLetters.length === 1);
    expect(delivering.tally.deadLetters).toEqual(['HTTP_422']);
  });
});
