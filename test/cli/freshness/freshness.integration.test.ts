import { describe, expect, it } from 'vitest';
import { until } from '../../support/capture.ts';
import { RunningShop, throughProxy } from '../../support/running-shop.ts';
import { openShop } from '../../support/shop.ts';

function appliedMs(shop: RunningShop): number {
  return Date.parse(shop.pipeline?.appliedThrough ?? '1970-01-01T00:00:00Z');
}

describe('the freshness report', () => {
  it('tells of an idle source, too, up to when everything is applied', async () => {
    await using shop = await openShop(50);
    await using running = new RunningShop(shop.config);
    await until('all is applied', () => running.pipeline?.state === 'fresh');
    const { rows } = await shop.database.pool.query<{ now: Date }>('SELECT clock_timestamp() AS now');
    await until('the idle time is applied', () => appliedMs(running) > (rows[0]?.now.getTime() ?? Infinity));
    const [source] = running.report?.sources ?? [];
    expect(source).toMatchObject({ state: 'streaming', error: null });
    expect(source?.slot).toMatchObject({ exists: true, active: true, walStatus: 'reserved' });
    expect(source?.tables).toMatchObject([{ table: 'public.products', state: 'live', halt: null }]);
    expect(source?.snapshots).toMatchObject([{ status: 'finished', rowsPublished: 50 }]);
    expect(running.pipeline).toMatchObject({ error: null, deadLetters: {}, lag: { records: 0 } });
  });

  it('says that a target stands still, and for how long, and that it goes on', async () => {
    await using shop = await openShop(5);
    const { proxy, config } = await throughProxy(shop);
    await using _ = proxy;
    await using running = new RunningShop(config);
    await until('all is applied', () => running.pipeline?.state === 'fresh');
    proxy.stall();
    const { rows } = await shop.database.pool.query<{ now: Date }>(
      `UPDATE products SET price = price + 1 RETURNING clock_timestamp() AS now`,
    );
    const changedMs = rows[0]?.now.getTime() ?? 0;
    await until('it is behind', () => {
      const { state, lag } = running.pipeline ?? {};
      return state === 'behind' && (lag?.seconds ?? 0) > 3 && (lag?.records ?? 0) > 0;
    });
    // Never newer than the change that is not applied.
    expect(appliedMs(running)).toBeLessThanOrEqual(changedMs);
    expect(running.report?.sources[0]).toMatchObject({ state: 'streaming' });
    proxy.restore();
    await until('it is fresh again', () => running.pipeline?.state === 'fresh');
    expect(appliedMs(running)).toBeGreaterThan(changedMs);
    expect(running.pipeline).toMatchObject({ error: null, lag: { records: 0 } });
  });

  it('tells what a pipeline owes', async () => {
    await using shop = await openShop(5);
    await using running = new RunningShop(shop.config);
    await until('all is applied', () => running.pipeline?.state === 'fresh');
    await shop.database.pool.query(`ALTER TABLE items ADD CONSTRAINT odd CHECK (price <> 13)`);
    await shop.database.pool.query(`UPDATE products SET price = 13 WHERE sku = 'sku1'`);
    await until('the debt is told', () => running.pipeline?.deadLetters['23514'] === 1);
    expect(running.pipeline).toMatchObject({ state: 'fresh', lag: { records: 0 } });
  });

  it('says what a halted table lacks, and does not call it fresh', async () => {
    await using shop = await openShop(5);
    await using running = new RunningShop(shop.config);
    await until('all is applied', () => running.pipeline?.state === 'fresh');
    await shop.database.pool.query('ALTER TABLE products REPLICA IDENTITY NOTHING');
    await shop.database.pool.query(`INSERT INTO products (sku, name, price) VALUES ('late', 'Late', 1)`);
    await until('it is halted', () => running.pipeline?.state === 'halted');
    const before = appliedMs(running);
    const { at } = running.report ?? {};
    await until(
      'it was looked at again',
      () => (running.report?.at ?? '') > `${at}` && running.report?.sources[0]?.error === null,
    );
    expect(appliedMs(running)).toBe(before);
    expect(running.report?.sources[0]?.tables[0]?.halt).toMatchObject({ code: 'TABLE_UNSUPPORTED' });
  });
});
