import { expect, it } from 'vitest';
import pipeline from '../../examples/shelf-labels/pipeline.ts';
import { until } from '../support/capture.ts';
import { createDatabase } from '../support/database.ts';
import { startPipeline } from '../support/pipeline.ts';
import { ProductTopic } from '../support/product-topic.ts';
import { services } from '../support/services.ts';

it('the shelf labels run: look-ups are asked in the target, an entry that is no such row is a dead letter', async () => {
  await using target = await createDatabase();
  await using topic = await ProductTopic.create(services());
  await using running = startPipeline({
    services: services(),
    targetUrl: target.url,
    prefix: topic.prefix,
    pipeline,
  });
  const labels = async (): Promise<unknown[]> =>
    (
      await target.pool
        .query('SELECT sku, title, price FROM shelf_labels ORDER BY sku')
        .catch(() => ({ rows: [] }))
    ).rows;
  await topic
    .upsert('a', { manufacturer: 'Acme', price: '12.50' })
    .upsert('b')
    .upsert('c')
    .delete('c')
    .publish();
  await until('the labels are there', async () => (await labels()).length === 2);
  expect(await labels()).toEqual([
    { sku: 'a', title: 'Acme – Product a', price: '$ 12.50' },
    { sku: 'b', title: 'Product b', price: null },
  ]);
  await target.pool.query(`UPDATE shelf_currencies SET decimals = 0 WHERE code = 'USD'`);
  await topic.upsert('b', { price: '3.00', description: undefined }, 'u').publish();
  await until('the label has a price', async () => {
    const [, b] = await labels();
    return JSON.stringify(b).includes('"$ 3"');
  });
  await target.pool.query(`ALTER TABLE shelf_currencies ALTER symbol DROP NOT NULL`);
  await target.pool.query(`UPDATE shelf_currencies SET symbol = NULL WHERE code = 'USD'`);
  await topic.upsert('b', { price: '4.00' }, 'u').publish();
  await until('the dead letter is there', () => running.tally.deadLetters.length === 1);
  expect(running.tally.deadLetters).toEqual(['RECORD_INVALID']);
});
