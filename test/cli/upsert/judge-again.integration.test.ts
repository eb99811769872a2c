import type { Pool } from 'pg';
import { describe, expect, it } from 'vitest';
import { Engine } from '../../../src/cli/engine.ts';
import { configuredPipelines } from '../../../src/cli/pipelines.ts';
import { backfillUpsert } from '../../../src/cli/upsert/backfill.ts';
import { openCatalog } from '../../../src/cli/upsert/setup.ts';
import { runTogether } from '../../../src/runtime/shutdown.ts';
import { until } from '../../support/capture.ts';
import type { Tasks } from '../../support/during.ts';
import { ItemsServerContext, TOKEN } from '../../support/items-server.ts';
import { type Running, start } from '../../support/running.ts';
import { openShop, type Shop } from '../../support/shop.ts';

/** The versions of the rows that no alias concerns. */
const OTHERS = `SELECT sku, xmin::text FROM items WHERE brand IN ('Acme', 'Orbis') ORDER BY sku`;

/** Capture and pipeline, as `freshet run` has them, until the end of the scope. */
function running(shop: Shop): Running {
  const engine = new Engine(shop.config, () => {});
  const tasks: Tasks = [
    (signal) => engine.capture(shop.source, signal),
    ...configuredPipelines(shop.config).map(
      (pipeline) => (signal: AbortSignal) => engine.consume(pipeline, signal),
    ),
  ];
  return start((signal) => runTogether(signal, tasks));
}

async function brands(pool: Pool): Promise<Record<string, number>> {
  const { rows } = await pool.query<{ brand: string; n: number }>(
    'SELECT brand, count(*)::int AS n FROM items GROUP BY 1 ORDER BY 1',
  );
  return Object.fromEntries(rows.map(({ brand, n }) => [brand, n]));
}

async function untilBrands(pool: Pool, expected: Record<string, number>): Promise<void> {
  await until('the items have their brands', async () => {
    const found = await brands(pool).catch(() => ({}));
    return JSON.stringify(found) === JSON.stringify(expected);
  });
}

describe('items are judged again', () => {
  it('where people changed an alias: those of that brand, and no others', async () => {
    await using shop = await openShop(30);
    const { pool } = shop.database;
    await pool.query(
      `UPDATE products SET manufacturer = (ARRAY['Acme', 'Zenith', 'Orbis'])[1 + substr(sku, 4)::int % 3]`,
    );
    await using _roles = running(shop);
    await untilBrands(pool, { Acme: 10, Orbis: 10, Zenith: 10 });
    await until(
      'the rules are known',
      async () => (await pool.query('SELECT FROM freshet.catalog_judged')).rows.length > 0,
    );
    const { rows: before } = await pool.query(OTHERS);
    await pool.query(`INSERT INTO brand_aliases VALUES ('ZENITH', 'Zenith Works')`);
    await untilBrands(pool, { Acme: 10, Orbis: 10, 'Zenith Works': 10 });
    await pool.query(`DELETE FROM brand_aliases`);
    await untilBrands(pool, { Acme: 10, Orbis: 10, Zenith: 10 });
    // A change that decides nothing otherwise asks for nothing.
    await pool.query(`INSERT INTO brand_aliases VALUES ('Nobody', 'Somebody')`);
    await until('the rules are known', async () => {
      const { rows } = await pool.query(
        `SELECT FROM freshet.catalog_judged WHERE rules::text LIKE '%Somebody%'`,
      );
      return rows.length > 0;
    });
    expect((await pool.query(OTHERS)).rows).toEqual(before);
  });

  it('where they go to an items API, too', async () => {
    await using api = await ItemsServerContext.open();
    const url = api.url;
    await using shop = await openShop(
      9,
      { upsert: { sink: 'api', api: { url, token: { env: 'T' } } } },
      { T: TOKEN },
    );
    const { pool } = shop.database;
    await pool.query(
      `UPDATE products SET manufacturer = (ARRAY['Acme', 'Zenith', 'Orbis'])[1 + substr(sku, 4)::int % 3]`,
    );
    await using _roles = running(shop);
    const { pool: there } = api.shop.database;
    await untilBrands(there, { Acme: 3, Orbis: 3, Zenith: 3 });
    await until(
      'the rules are known',
      async () => (await pool.query('SELECT FROM freshet.catalog_judged')).rows.length > 0,
    );
    await pool.query(`INSERT INTO brand_aliases VALUES ('ZENITH', 'Apex')`);
    await untilBrands(there, { Acme: 3, Apex: 3, Orbis: 3 });
    expect((await pool.query(`SELECT to_regclass('items') AS items`)).rows).toEqual([{ items: null }]);
  });

  it('where they were judged by older rules', async () => {
    await using shop = await openShop(10);
    const { pool } = shop.database;
    await backfillUpsert(
      openCatalog(shop.config, () => {}),
      null,
      { signal: new AbortController().signal, progress: () => {} },
    );
    await pool.query(`UPDATE items SET name = 'as older rules had it', metadata_version = 'older'`);
    await using _roles = running(shop);
    await until('the items are as the rules in force have them', async () => {
      const { rows } = await pool.query(`SELECT FROM items WHERE metadata_version = 'older'`);
      return rows.length === 0;
    });
    expect((await pool.query(`SELECT DISTINCT left(name, 5) AS name FROM items`)).rows).toEqual([
      { name: 'Thing' },
    ]);
  });
});
