import type { Pool } from 'pg';
import { describe, expect, it } from 'vitest';
import { CaptureLink } from '../../src/cli/backfill/capture-link.ts';
import { Engine } from '../../src/cli/engine.ts';
import { repartitionTopic, topicReaders } from '../../src/cli/repartition.ts';
import { upsertPipeline } from '../../src/consumers/upsert/pipeline.ts';
import { createKafka } from '../../src/topics/kafka.ts';
import { topicName } from '../../src/topics/names.ts';
import { partitionCounts, withAdmin } from '../../src/topics/topic-admin.ts';
import { until } from '../support/capture.ts';
import { createDatabase } from '../support/database.ts';
import { type RunningPipeline, startPipeline } from '../support/pipeline.ts';
import { type Running, start } from '../support/running.ts';
import { services } from '../support/services.ts';
import { openShop, type Shop } from '../support/shop.ts';

const TABLE = { schema: 'public', name: 'products' };

function capture({ config, source }: Shop): Running {
  return start((signal) => new Engine(config, () => {}).capture(source, signal));
}

function consume({ source, database }: Shop, targetUrl = database.url): RunningPipeline {
  const settings = { sessionTimeoutMs: 6_000 };
  return startPipeline({
    services: services(),
    targetUrl,
    prefix: source.prefix,
    pipeline: upsertPipeline,
    settings,
  });
}

async function rows(pool: Pool, table: string): Promise<string[]> {
  const { rows: found } = await pool
    .query<{ row: string }>(`SELECT sku || ' ' || price::int AS row FROM ${table} ORDER BY sku`)
    .catch(() => ({ rows: [] }));
  return found.map(({ row }) => row);
}

async function untilSame({ database }: Shop, target: Pool = database.pool): Promise<void> {
  await until('the target is as the source', async () => {
    const source = (await rows(database.pool, 'products')).join();
    return source === (await rows(target, 'items')).join();
  });
}

/** Keeps every state that a row of the target was in; null: it was deleted. */
const AUDIT = `
  CREATE TABLE audit (n serial, sku text, price int);
  CREATE FUNCTION audit_items() RETURNS trigger LANGUAGE plpgsql AS $$
  BEGIN
    IF TG_OP = 'DELETE' THEN INSERT INTO audit (sku) VALUES (OLD.sku);
    ELSE INSERT INTO audit (sku, price) VALUES (NEW.sku, NEW.price); END IF;
    RETURN NULL;
  END $$;
  CREATE TRIGGER audit AFTER INSERT OR UPDATE OR DELETE ON items FOR EACH ROW EXECUTE FUNCTION audit_items()`;

const WENT_BACK = `
  SELECT sku, price, before FROM (
    SELECT sku, price, lag(price) OVER w AS before, row_number() OVER w AS nth FROM audit WINDOW w AS (PARTITION BY sku ORDER BY n)
  ) a WHERE (nth > 1 AND before IS NULL) OR price < before`;

describe('a topic that is given more partitions', () => {
  it('keeps every row in order, whatever was written before, meanwhile and after', async () => {
    await using shop = await openShop(200, { topics: { partitions: 2 } });
    const { pool } = shop.database;
    const engine = new Engine(shop.config, () => {});
    const topic = topicName(shop.source.prefix, TABLE);
    const kafka = createKafka(shop.config.kafka);
    const request = { table: TABLE, topic, found: 2, partitions: 4 };
    const signal = AbortSignal.timeout(60_000);
    const grow = (timeoutMs: number): Promise<void> =>
      repartitionTopic(engine, shop.source, request, { timeoutMs, signal });
    await engine.migrate([upsertPipeline]);
    await pool.query(AUDIT);
    // Each price is higher than the one before: a row that went back shows.
    await pool.query('UPDATE products SET price = 1');

    const first = capture(shop);
    const consumer = consume(shop);
    await untilSame(shop);
    await until('the refresh has ended', async () => {
      using link = await CaptureLink.open(shop.config, shop.source);
      return link.plans.length === 1 && link.plans.every(({ status }) => status === 'finished');
    });
    await expect(grow(0)).rejects.toMatchObject({ code: 'SLOT_BUSY', exitCode: 4 });
    await consumer.stop();
    await pool.query('UPDATE products SET price = 2');
    await until('it is published', async () => {
      using link = await CaptureLink.open(shop.config, shop.source);
      const { own } = await topicReaders(engine, topic, link.ends.get(topic) ?? []);
      return own.length === 1 && own.every(({ isDone }) => !isDone);
    });
    await first.stop();
    await expect(grow(0)).rejects.toMatchObject({
      code: 'PREFLIGHT',
      message: expect.stringContaining('has not applied all'),
    });
    expect(await withAdmin(kafka, (admin) => partitionCounts(admin, [topic]))).toEqual(new Map([[topic, 2]]));

    await using again = consume(shop);
    await pool.query(`DELETE FROM products WHERE sku LIKE 'sku1_'`);
    await pool.query(`UPDATE products SET price = 3`);
    await pool.query(`INSERT INTO products (sku, name, price) VALUES ('new', 'New', 3)`);
    await grow(30_000);

    const second = capture(shop);
    await untilSame(shop);
    await pool.query(`DELETE FROM products WHERE sku LIKE 'sku2_'`);
    await pool.query('UPDATE products SET price = 4');
    await untilSame(shop);
    using link = await CaptureLink.open(shop.config, shop.source);
    await until('the refresh has ended', async () => {
      await link.look();
      return link.plans.every(({ status }) => status === 'finished');
    });
    await pool.query('UPDATE products SET price = 5');
    await untilSame(shop);
    expect(link.plans.map(({ request: { sweepBefore } }) => sweepBefore === null)).toEqual([false, true]);
    const partitions = 'SELECT DISTINCT partition FROM freshet.positions ORDER BY 1';
    const { rows: read } = await pool.query<{ partition: number }>(partitions);
    expect(read.map(({ partition }) => partition)).toEqual([0, 1, 2, 3]);
    expect((await pool.query(WENT_BACK)).rows).toEqual([]);
    await again.stop();

    // One that begins now meets no older record of a key in the partition where it was.
    await using other = await createDatabase();
    await new Engine({ ...shop.config, target: { url: other.url } }, () => {}).migrate([upsertPipeline]);
    await other.pool.query(AUDIT);
    await using late = consume(shop, other.url);
    await untilSame(shop, other.pool);
    expect((await other.pool.query(WENT_BACK)).rows).toEqual([]);
    await late.stop();
    await second.stop();
  });
});
