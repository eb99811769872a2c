import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { definePipeline, type Pipeline, sourceTable } from '../../src/consumers/define-pipeline.ts';
import { HttpSink, type HttpSinkOptions } from '../../src/sinks/http/http-sink.ts';
import { until } from '../support/capture.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { ItemsApi } from '../support/items-api.ts';
import { startPipeline, type RunningPipeline } from '../support/pipeline.ts';
import { ProductTopic } from '../support/product-topic.ts';
import { services } from '../support/services.ts';

const product = z.object({
  sku: z.string(),
  name: z.string().nullable(),
  description: z.string().nullable(),
  price: z.string().nullable(),
});

/** Products without a name are not for the shop. */
function shopPipeline(api: ItemsApi, options: Partial<HttpSinkOptions> = {}): Pipeline {
  return definePipeline({
    name: 'shop',
    sources: { products: sourceTable('public.products', product) },
    targets: [],
    deliver: {
      to: new HttpSink({ url: api.url, firstPauseMs: 5, timeoutMs: 500, patienceMs: 3_000, ...options }),
      keyOf: (change) => String(change.key['sku']),
      bodyOf: ({ row }) => {
        if (row.name === null) return null;
        const { sku: _, ...fields } = row;
        return fields;
      },
    },
  });
}

function start(topic: ProductTopic, target: TestDatabase, pipeline: Pipeline): RunningPipeline {
  const settings = { maxBatchRecords: 100 };
  return startPipeline({
    services: services(),
    targetUrl: target.url,
    prefix: topic.prefix,
    pipeline,
    settings,
  });
}

async function logged(target: TestDatabase): Promise<number> {
  const { rows } = await target.pool
    .query<{ n: number }>('SELECT count(*)::int AS n FROM freshet.deliveries')
    .catch(() => ({ rows: [{ n: -1 }] }));
  return rows[0]?.n ?? 0;
}

describe('a pipeline that delivers to an API', () => {
  it('tells it of creates, updates, partial updates and deletes, and not of what it knows', async () => {
    await using target = await createDatabase();
    await using topic = await ProductTopic.create(services());
    await using api = await ItemsApi.start();
    const first = start(topic, target, shopPipeline(api));
    await topic
      .upsert('a', { name: 'Lamp', description: 'long', price: '9.00' })
      .upsert('b', { name: 'Desk' })
      .upsert('gone', { name: 'Chair' })
      .upsert('hidden', { name: null })
      .publish();
    await until('the items are there', () => api.items.size === 3);
    await topic
      .upsert('a', { name: 'Lamp', description: undefined, price: '8.00' }, 'u')
      .upsert('b', { name: null }, 'u')
      .delete('gone')
      .delete('hidden')
      .publish();
    await until('the changes are there', () => api.items.size === 1);
    await until('the price is there', () => api.items.get('a')?.data?.['price'] === '8.00');
    expect(api.items.get('a')?.data).toEqual({ name: 'Lamp', description: 'long', price: '8.00' });
    const told = (sku: string): number =>
      api.requests.flatMap(({ items }) => items).filter(({ key }) => key === sku).length;
    const before = told('a');
    await topic
      .upsert('a', { name: 'Lamp', description: 'long', price: '8.00' }, 'r')
      .upsert('end', { name: 'End' })
      .publish();
    await until('the refresh is through', async () => api.items.has('end') && (await logged(target)) === 2);
    await first.stop();
    expect(told('a')).toBe(before);
    // As after a restored backup: what was told is known, how far it was read is not.
    await target.pool.query('DELETE FROM freshet.positions');
    await using second = start(topic, target, shopPipeline(api));
    await topic.upsert('last', { name: 'Last' }).publish();
    await until('the log is read again', () => api.items.has('last') && second.tally.replayed === 0);
    await until('it is told again to its end', async () => (await logged(target)) === 3);
    expect(second.tally.deadLetters).toEqual([]);
    expect(api.items.get('a')?.data).toEqual({ name: 'Lamp', description: 'long', price: '8.00' });
  });

  it('deletes what a truncate and a sweep took away', async () => {
    await using target = await createDatabase();
    await using topic = await ProductTopic.create(services());
    await using api = await ItemsApi.start();
    await using _ = start(topic, target, shopPipeline(api));
    await topic.upsert('old', { name: 'x' }).upsert('older', { name: 'x' }).publish();
    await until('two items are there', () => api.items.size === 2);
    await topic.truncate().upsert('kept', { name: 'y' }).upsert('lost', { name: 'y' }).publish();
    await until('the truncate is told', () => [...api.items.keys()].toSorted().join() === 'kept,lost');
    topic.epoch += 1_000;
    await topic.upsert('kept', { name: 'y' }, 'r').sweep(topic.epoch).publish();
    await until('the sweep is told', () => [...api.items.keys()].join() === 'kept');
    // The API hears of it before the transaction commits.
    await until('the log says so', async () => (await logged(target)) === 1);
    expect([...api.items.keys()]).toEqual(['kept']);
  });

  it('ends right, whatever the API does, with dead letters for what it refuses', async () => {
    await using target = await createDatabase();
    await using topic = await ProductTopic.create(services(), 4);
    await using api = await ItemsApi.start();
    const faults = [
      'reset',
      'reset-after-taking',
      'hang',
      'cut-in-the-body',
      { status: 500 },
      { status: 429, retryAfter: '0' },
    ] as const;
    api.behaviour = (request) => {
      if (request % 3 === 1) return faults[((request / 3) % faults.length) | 0];
      return {
        items: ({ key }) => (key === 'bad' ? 422 : request % 5 === 2 && key.endsWith('7') ? 503 : 200),
      };
    };
    const options = { itemsPerRequest: 25, timeoutMs: 150, breaker: { failures: 4, openMs: 100 } };
    const running = start(topic, target, shopPipeline(api, options));
    for (let i = 0; i < 300; i++) topic.upsert(`p${i}`, { name: 'first' });
    topic.upsert('bad', { name: 'never' });
    await topic.publish();
    await until('some items are there', () => api.items.size > 20);
    await running.stop();
    await using again = start(topic, target, shopPipeline(api, options));
    for (let i = 0; i < 300; i += 2) topic.upsert(`p${i}`, { name: 'second' }, 'u');
    for (let i = 0; i < 300; i += 10) topic.delete(`p${i}`);
    await topic.publish();
    await until('all is told', async () => (await logged(target)) === 270 && api.items.size === 270, 60_000);
    await until(
      'every update is told',
      () => [...api.items.values()].filter(({ data }) => data?.['name'] === 'second').length === 120,
      60_000,
    );
    expect([...running.tally.deadLetters, ...again.tally.deadLetters]).toContain('HTTP_422');
    const heard = [running, again].flatMap(({ tally }) => tally.deliveries);
    expect([...new Set(heard)]).toEqual(expect.arrayContaining([200, 500, null]));
    expect(running.tally.deliveryWaitsFor).toContain('retry');
    expect(again.tally.circuitStates).toContain(false);
    await until('its letter is kept', async () => {
      const { rows } = await target.pool.query('SELECT FROM freshet.owed_keys');
      return rows.length > 0;
    });
    const owed = await target.pool.query('SELECT key_text, code FROM freshet.owed_keys');
    expect(owed.rows).toEqual([{ key_text: '{"sku":"bad"}', code: 'HTTP_422' }]);
  });
});
