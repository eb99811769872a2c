import { expect, it } from 'vitest';
import { Engine } from '../../src/cli/engine.ts';
import { configuredPipelines } from '../../src/cli/pipelines.ts';
import { until } from '../support/capture.ts';
import { during, type Tasks } from '../support/during.ts';
import { OtlpReceiver } from '../support/otlp-receiver.ts';
import { openShop } from '../support/shop.ts';

it('every batch that is applied belongs to the trace of what published its records', async () => {
  await using receiver = await OtlpReceiver.open();
  await using shop = await openShop(200, {
    pipelines: ['upsert'],
    tracing: { endpoint: receiver.url, sampleRatio: 1 },
  });
  const engine = new Engine(shop.config, () => {});
  const pipelines = configuredPipelines(shop.config);
  await engine.migrate(pipelines);
  const tasks: Tasks = [
    (signal) => engine.capture(shop.source, signal),
    ...pipelines.map((pipeline) => (signal: AbortSignal) => engine.consume(pipeline, signal)),
  ];
  const { pool } = shop.database;
  const items = async (): Promise<number> => (await pool.query('SELECT FROM items')).rowCount ?? 0;
  await during(tasks, async () => {
    await until('the backfill is there', async () => (await items()) === 200, 60_000);
    await pool.query(`INSERT INTO products (sku, name, price) VALUES ('new', 'Kettle', 1)`);
    await until('the change is there', async () => (await items()) === 201, 60_000);
  });
  const spans = (name: string): typeof receiver.spans => receiver.spans.filter((span) => span.name === name);
  const published = new Set(spans('freshet publish').map(({ spanId }) => spanId));
  const applied = spans('freshet apply');
  expect(applied.length).toBeGreaterThan(1);
  for (const { parentSpanId, links } of applied) {
    const causes = [...links, ...(parentSpanId === undefined ? [] : [parentSpanId])];
    expect(causes).not.toEqual([]);
    expect(causes.filter((id) => !published.has(id))).toEqual([]);
  }
});
