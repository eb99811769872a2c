import { expect, it } from 'vitest';
import { Engine } from '../../../src/cli/engine.ts';
import { backfillUpsert } from '../../../src/cli/upsert/backfill.ts';
import { REFRESH_TASK, refreshDaily } from '../../../src/cli/upsert/daily-refresh.ts';
import { openCatalog } from '../../../src/cli/upsert/setup.ts';
import { parseCron } from '../../../src/sinks/job-worker.ts';
import { until } from '../../support/capture.ts';
import { openShop } from '../../support/shop.ts';

const HOOKS = { signal: new AbortController().signal, progress: (): void => {} };

it('the job of the queue does the daily diff, and tells when it ended well', async () => {
  await using shop = await openShop(20);
  const { pool } = shop.database;
  await backfillUpsert(
    openCatalog(shop.config, () => {}),
    null,
    HOOKS,
  );
  await pool.query(`UPDATE items SET name = 'Written past Freshet' WHERE sku IN ('sku3', 'sku4')`);
  const stop = new AbortController();
  const messages: string[] = [];
  const engine = new Engine(shop.config, (level, message) => messages.push(`${level}: ${message}`));
  const working = refreshDaily(engine, '0 0 29 2 *', stop.signal);
  try {
    await until('the schedule is known', async () => {
      const { rows } = await pool
        .query('SELECT FROM graphile_worker._private_known_crontabs WHERE identifier = $1', [REFRESH_TASK])
        .catch(() => ({ rows: [] }));
      return rows.length > 0;
    });
    await pool.query('SELECT graphile_worker.add_job($1)', [REFRESH_TASK]);
    await until('it has ended', () =>
      Promise.resolve(messages.some((message) => message.includes('20 products compared, 2 brought'))),
    );
  } finally {
    stop.abort();
    await working;
  }
  expect((await pool.query(`SELECT FROM items WHERE name LIKE 'Written%'`)).rows).toEqual([]);
  const metrics = await engine.metrics.registry.metrics();
  expect(metrics).toMatch(/freshet_catalog_refreshed_items_total\{kind="different"\} 2/);
  expect(metrics).toMatch(
    /freshet_catalog_refresh_timestamp_seconds 1\.\d+e\+?9|freshet_catalog_refresh_timestamp_seconds \d{10}/,
  );
  expect(() => parseCron(REFRESH_TASK, 'daily')).toThrow('"daily" is no cron pattern');
});
