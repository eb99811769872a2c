import { describe, expect, it } from 'vitest';
import {
  type BackfillProgress,
  type BackfillRequest,
  runBackfill,
} from '../../src/cli/backfill/run-backfill.ts';
import { CaptureLink } from '../../src/cli/backfill/capture-link.ts';
import { Engine } from '../../src/cli/engine.ts';
import { upsertPipeline } from '../../src/consumers/upsert/pipeline.ts';
import { until } from '../support/capture.ts';
import { during, type Tasks } from '../support/during.ts';
import { openShop, type Shop } from '../support/shop.ts';

const PRODUCTS = { schema: 'public', name: 'products' };

function request({ source }: Shop, more: Partial<BackfillRequest> = {}): BackfillRequest {
  const parts = [{ table: PRODUCTS, where: null, keys: null }];
  return { pipeline: upsertPipeline, source, parts, options: {}, keepSlot: false, resume: false, ...more };
}

async function count({ database }: Shop, sql: string, values: readonly string[] = []): Promise<number> {
  const { rows } = await database.pool.query<{ count: string }>(sql, [...values]);
  return Number(rows[0]?.count ?? -1);
}

const NEVER = new AbortController().signal;
const quiet = (): void => {};

function slots(shop: Shop): Promise<number> {
  const sql = 'SELECT count(*) FROM pg_replication_slots WHERE slot_name = $1';
  return count(shop, sql, [shop.source.slot]);
}

describe('a backfill', () => {
  it('runs by itself where nothing runs, and leaves no slot', async () => {
    await using shop = await openShop(1_500);
    const engine = new Engine(shop.config, quiet);
    const seen: BackfillProgress[] = [];
    const hooks = { signal: NEVER, progress: (now: BackfillProgress) => void seen.push(now) };
    const outcome = await runBackfill(engine, request(shop), hooks);
    expect(outcome).toMatchObject({ rowsPublished: 1_500, deadLetters: 0, interrupted: false });
    expect(await count(shop, 'SELECT count(*) FROM items')).toBe(1_500);
    expect(await slots(shop)).toBe(0);
    expect(seen.map(({ phase }) => phase)).toContain('applying');
    // Rows that are gone by the time of the next one are swept.
    await shop.database.pool.query(`DELETE FROM products WHERE sku = 'sku1'`);
    await runBackfill(engine, request(shop), hooks);
    expect(await count(shop, 'SELECT count(*) FROM items')).toBe(1_499);
  });

  it('asks the capture that runs, and changes nothing about it', async () => {
    await using shop = await openShop(300);
    const running = new Engine(shop.config, quiet);
    const tasks: Tasks = [
      (signal) => running.capture(shop.source, signal),
      (signal) => running.consume(upsertPipeline, signal),
    ];
    await during(tasks, async () => {
      await running.migrate([upsertPipeline]);
      await until(
        'the first refresh is applied',
        async () => (await count(shop, 'SELECT count(*) FROM items')) === 300,
      );
      await shop.database.pool.query('DELETE FROM items WHERE sku IN (SELECT sku FROM items LIMIT 50)');
      const keys = [['sku1'], ['sku2'], ['sku300']];
      const parts = [
        { table: PRODUCTS, where: 'price <= 100', keys: null },
        { table: PRODUCTS, where: null, keys },
      ];
      const engine = new Engine(shop.config, quiet);
      const outcome = await runBackfill(engine, request(shop, { parts }), { signal: NEVER, progress: quiet });
      expect(outcome).toMatchObject({ rowsPublished: 103, interrupted: false });
      expect(await slots(shop)).toBe(1);
      using link = await CaptureLink.open(shop.config, shop.source);
      expect(link.plansOf(outcome.id).map((plan) => [plan.status, plan.rowsPublished])).toEqual([
        ['finished', 100],
        ['finished', 3],
      ]);
    });
  });

  it('goes on where it was interrupted, and reads nothing twice', async () => {
    await using shop = await openShop(4_000, {
      snapshot: { chunkRows: 200 },
      stream: { batchRecords: 200 },
    });
    const stop = new AbortController();
    const progress = ({ rowsPublished }: BackfillProgress): void => {
      if (rowsPublished > 0) stop.abort();
    };
    const engine = new Engine(shop.config, quiet);
    const first = await runBackfill(engine, request(shop), { signal: stop.signal, progress });
    expect(first.interrupted).toBe(true);
    expect(await slots(shop)).toBe(0);
    const again = new Engine(shop.config, quiet);
    const hooks = { signal: NEVER, progress: quiet };
    const second = await runBackfill(again, request(shop, { resume: true }), hooks);
    expect(second).toMatchObject({ id: first.id, rowsPublished: 4_000, interrupted: false });
    expect(await count(shop, 'SELECT count(*) FROM items')).toBe(4_000);
    const published = engine.status.source(shop.source.name).published;
    expect(published).toBeLessThan(4_000);
    expect(published + again.status.source(shop.source.name).published).toBe(4_000);
  });

  it.each([
    ['a condition that PostgreSQL refuses', { table: PRODUCTS, where: 'colour = 1', keys: null }, /colour/],
    [
      'a table that is not captured',
      { table: { schema: 'public', name: 'x' }, where: null, keys: null },
      /public\.x/,
    ],
  ])('fails with the reason: %s', async (_what, part, message) => {
    await using shop = await openShop(1);
    const engine = new Engine(shop.config, quiet);
    const asked = request(shop, { parts: [part] });
    await expect(runBackfill(engine, asked, { signal: NEVER, progress: quiet })).rejects.toMatchObject({
      code: 'REFRESH_FAILED',
      message: expect.stringMatching(message),
    });
    expect(await slots(shop)).toBe(0);
  });
});
