import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { Pool } from 'pg';
import { describe, expect, it } from 'vitest';
import { backfillUpsert } from '../../../src/cli/upsert/backfill.ts';
import { dryRunUpsert } from '../../../src/cli/upsert/dry-run.ts';
import { refreshCatalog } from '../../../src/cli/upsert/refresh.ts';
import {
  diffNow,
  previewRestore,
  restoreSnapshot,
  snapshotsNow,
  unpin,
} from '../../../src/cli/upsert/restore.ts';
import { type CatalogSetup, openCatalog, withStillCatalog } from '../../../src/cli/upsert/setup.ts';
import { catalogCoverage } from '../../../src/consumers/upsert/catalog/coverage.ts';
import { setPin } from '../../../src/consumers/upsert/catalog/pin.ts';
import { type Shop, openShop } from '../../support/shop.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const HOOKS = { signal: new AbortController().signal, progress: (): void => {} };

function catalogOf({ config }: Shop): CatalogSetup {
  return openCatalog(config, () => {});
}

/** What people see of the items, as one text. */
async function itemsOf(pool: Pool): Promise<string> {
  const { rows } = await pool.query<{ items: string }>(
    `SELECT coalesce(string_agg((to_jsonb(i) - '_freshet_epoch' - '_freshet_from')::text, E'\\n' ORDER BY sku), '') AS items
       FROM items AS i`,
  );
  return rows[0]?.items ?? '';
}

/** The skus of the items that were written since. */
async function watchItems(pool: Pool): Promise<() => Promise<string[]>> {
  const versions = async (): Promise<Map<string, string>> => {
    const { rows } = await pool.query<{ sku: string; version: string }>(
      'SELECT sku, xmin::text AS version FROM items ORDER BY sku',
    );
    return new Map(rows.map(({ sku, version }) => [sku, version]));
  };
  const before = await versions();
  return async () =>
    [...(await versions())].filter(([sku, version]) => before.get(sku) !== version).map(([sku]) => sku);
}

describe('a backfill of the catalogue', () => {
  it('makes a snapshot and brings it into the items; a second one writes no item', async () => {
    await using shop = await openShop(500);
    const { pool } = shop.database;
    const first = await backfillUpsert(catalogOf(shop), null, HOOKS);
    expect(first).toMatchObject({
      rows: 500,
      rejected: 0,
      items: { created: 500, updated: 0, removed: 0, unchanged: 0 },
      left: 0,
      dead_letters: 0,
      published: 500,
    });
    const day = new Date().toISOString().slice(0, 10).replaceAll('-', '');
    expect(first.snapshot).toBe(`catalog_snapshot_${day}`);
    const { rows } = await pool.query(
      `SELECT count(*)::int AS n, min(price)::text AS cheapest FROM analytics.${first.snapshot}`,
    );
    expect(rows).toEqual([{ n: 500, cheapest: '1.00' }]);
    const written = await watchItems(pool);
    const second = await backfillUpsert(catalogOf(shop), null, HOOKS);
    expect(second).toMatchObject({
      snapshot: `${first.snapshot}_2`,
      content_hash: first.content_hash,
      published: 0,
      items: { unchanged: 500 },
    });
    expect(await written()).toEqual([]);
    await pool.query(`UPDATE products SET price = 7 WHERE sku = 'sku3'`);
    const third = await backfillUpsert(catalogOf(shop), null, HOOKS);
    expect(third).toMatchObject({ published: 1, items: { updated: 1, unchanged: 499 } });
    expect(third.content_hash).not.toBe(first.content_hash);
    expect(await written()).toEqual(['sku3']);
    expect(await snapshotsNow(catalogOf(shop))).toMatchObject([
      {
        snapshot: third.snapshot,
        rows: 500,
        origin: 'products',
        takenFrom: 'public.products',
        pinned: false,
      },
      { snapshot: second.snapshot },
      { snapshot: first.snapshot },
    ]);
  });

  it('keeps so many snapshots as the settings say', async () => {
    await using shop = await openShop(2, { upsert: { keepSnapshots: 2 } });
    for (let i = 0; i < 3; i++) await backfillUpsert(catalogOf(shop), null, HOOKS);
    const names = (await snapshotsNow(catalogOf(shop))).map(({ snapshot }) => snapshot.slice(-2));
    expect(names).toEqual(['_3', '_2']);
    const { rows } = await shop.database.pool.query(
      `SELECT count(*)::int AS tables FROM pg_tables WHERE tablename LIKE 'catalog\\_snapshot\\_%'`,
    );
    expect(rows).toEqual([{ tables: 2 }]);
  });

  it('takes a feed in place of the source: bad lines are told, a sku that left the feed goes', async () => {
    await using shop = await openShop(1);
    const { pool } = shop.database;
    await using folder = await temporaryFolder();
    const feed = async (lines: readonly unknown[]): Promise<string> => {
      const file = join(folder.path, 'feed.gz');
      await writeFile(file, gzipSync(lines.map((line) => JSON.stringify(line)).join('\n')));
      return file;
    };
    const products = Array.from({ length: 40 }, (_, i) => ({ sku: `f${i}`, brand: 'Acme Inc.', price: i }));
    const file = await feed([...products, { sku: 'f1', brand: 'Later' }, { sku: 'bad', price: '9 EUR' }]);
    const dry = await dryRunUpsert(catalogOf(shop), file, HOOKS);
    expect(dry).toMatchObject({ dry_run: true, snapshot: null, rows: 40, items: { created: 40 } });
    const { rows: made } = await pool.query(
      `SELECT to_regclass('items') AS items, to_regnamespace('freshet') AS own`,
    );
    expect(made).toEqual([{ items: null, own: null }]);
    const first = await backfillUpsert(catalogOf(shop), file, HOOKS);
    expect(first).toMatchObject({
      rows: 40,
      duplicates: 1,
      rejected: 1,
      rejects: [{ line: 42, reason: expect.stringContaining('price') }],
      items: { created: 40, removed: 0 },
      left: 0,
    });
    const { rows } = await pool.query(
      `SELECT DISTINCT brand, _freshet_from LIKE '%feed/%' AS fed FROM items`,
    );
    expect(rows).toEqual([{ brand: 'Acme', fed: true }]);
    const written = await watchItems(pool);
    const next = await feed([{ ...products[0], price: 99 }, ...products.slice(2)]);
    const change = { created: 0, updated: 1, removed: 1, unchanged: 38 };
    expect(await dryRunUpsert(catalogOf(shop), next, HOOKS)).toMatchObject({ items: change });
    const second = await backfillUpsert(catalogOf(shop), next, HOOKS);
    expect(second).toMatchObject({ items: change, left: 0 });
    expect(await written()).toEqual(['f0']);
    const client = await pool.connect();
    await setPin(client, String(first.snapshot));
    const pinned = { pinned: first.snapshot, rows: 39, items: { created: 1, updated: 1, unchanged: 38 } };
    expect(await dryRunUpsert(catalogOf(shop), next, HOOKS)).toMatchObject(pinned);
    await setPin(client, null);
    client.release();
    const whole = await backfillUpsert(catalogOf(shop), null, HOOKS);
    expect(whole).toMatchObject({ items: { created: 1, removed: 0 }, left: 0 });
  });
});

describe('a restored snapshot', () => {
  it('stays against what comes, and gives way without a trace', async () => {
    await using shop = await openShop(300);
    const { pool } = shop.database;
    const setup = (): CatalogSetup => catalogOf(shop);
    const first = await backfillUpsert(setup(), null, HOOKS);
    const before = await itemsOf(pool);
    await pool.query(`
      UPDATE products SET name = 'Renamed' WHERE sku LIKE 'sku1_';
      DELETE FROM products WHERE sku LIKE 'sku2_';
      INSERT INTO products (sku, name) SELECT 'new' || i, 'New' FROM generate_series(1, 5) i`);
    const second = await backfillUpsert(setup(), null, HOOKS);
    const after = await itemsOf(pool);
    expect(after).not.toBe(before);
    const [a, b] = [String(first.snapshot), String(second.snapshot)];
    expect(await diffNow(setup(), { before: a, after: b.replace('catalog_snapshot_', '') }, 3)).toMatchObject(
      {
        added: 5,
        removed: 10,
        changed: 10,
        fields: { name: 10 },
        examples: [{ sku: 'new1', what: 'added' }, { sku: 'new2' }, { sku: 'new3' }],
      },
    );

    const counts = { missing: 10, different: 10, surplus: 5 };
    expect(await previewRestore(setup(), a, HOOKS)).toMatchObject({ done: false, items: counts });
    expect(await itemsOf(pool)).toBe(after);
    const restored = await restoreSnapshot(setup(), a, HOOKS);
    expect(restored).toMatchObject({ done: true, pinned: a, items: counts, left: 0, dead_letters: 0 });
    expect(await itemsOf(pool)).toBe(before);

    // Neither changes of the source nor a whole backfill nor the daily diff moves them.
    await pool.query(`UPDATE products SET price = price + 1 WHERE sku = 'sku7'`);
    expect(await backfillUpsert(setup(), null, HOOKS)).toMatchObject({
      pinned: a,
      items: { unchanged: 300 },
    });
    expect(await refreshCatalog(setup(), false, HOOKS)).toMatchObject({ pinned: a, found: 0 });
    expect(await itemsOf(pool)).toBe(before);
    await pool.query(`UPDATE products SET price = price - 1 WHERE sku = 'sku7'`);

    const forward = await restoreSnapshot(setup(), b, HOOKS);
    expect(forward).toMatchObject({ pinned: b, items: { missing: 5, different: 10, surplus: 10 }, left: 0 });
    expect(await itemsOf(pool)).toBe(after);
    await restoreSnapshot(setup(), a, HOOKS);
    expect(await unpin(setup(), HOOKS)).toMatchObject({ pinned: null, left: 0 });
    expect(await itemsOf(pool)).toBe(after);
    await expect(restoreSnapshot(setup(), '1999-01-01', HOOKS)).rejects.toMatchObject({
      code: 'USAGE',
      cure: expect.stringContaining(a.slice(-8)),
    });
  });
});

describe('the daily diff', () => {
  it('finds and repairs what changed behind the back of the stream, and touches nothing else', async () => {
    await using shop = await openShop(3_000);
    const { pool } = shop.database;
    await backfillUpsert(catalogOf(shop), null, HOOKS);
    expect(await refreshCatalog(catalogOf(shop), false, HOOKS)).toMatchObject({ compared: 3_000, found: 0 });
    const written = await watchItems(pool);
    await pool.query(`
      UPDATE products SET description = 'Changed while nobody listened' WHERE substr(sku, 4)::int <= 700;
      UPDATE products SET updated_at = '2026-11-21T10:00:00Z' WHERE substr(sku, 4)::int BETWEEN 701 AND 800;
      DELETE FROM products WHERE substr(sku, 4)::int BETWEEN 801 AND 850;
      UPDATE items SET brand = 'Written past Freshet' WHERE substr(sku, 4)::int BETWEEN 901 AND 950;
      DELETE FROM items WHERE substr(sku, 4)::int BETWEEN 951 AND 1000;
      INSERT INTO products (sku, name) SELECT 'new' || i, 'New' FROM generate_series(1, 50) i`);
    const touched = async (): Promise<string[]> =>
      (await written()).filter((sku) => !/^sku9(0[1-9]|[1-4]\d|50)$/.test(sku));
    expect(await touched()).toEqual([]);
    const expected = { compared: 3_000, found: 1_000, items: { missing: 100, different: 850, surplus: 50 } };
    expect(await refreshCatalog(catalogOf(shop), true, HOOKS)).toMatchObject({ ...expected, dry_run: true });
    expect(await touched()).toEqual([]);
    const report = await refreshCatalog(catalogOf(shop), false, HOOKS);
    expect(report).toMatchObject({ ...expected, published: 1_000, left: 0, dead_letters: 0 });
    expect(await written()).toHaveLength(950);
    expect(await refreshCatalog(catalogOf(shop), false, HOOKS)).toMatchObject({ found: 0, published: 0 });
  }, 120_000);
});

describe('a version of the upstream', () => {
  it('is the item’s, from the table or a feed, wherever there is one', async () => {
    await using shop = await openShop(3);
    const { pool } = shop.database;
    await using folder = await temporaryFolder();
    const versions = async (): Promise<unknown> =>
      (await pool.query('SELECT sku, metadata_version AS version FROM items ORDER BY sku')).rows;
    const first = await backfillUpsert(catalogOf(shop), null, HOOKS);
    const hash = expect.stringMatching(/^[0-9a-f]{32}$/) as string;
    await pool.query(`
      ALTER TABLE products ADD COLUMN metadata_version bigint;
      UPDATE products SET metadata_version = 9007199254740993 WHERE sku = 'sku2'`);
    const second = await backfillUpsert(catalogOf(shop), null, HOOKS);
    expect(second).toMatchObject({ items: { updated: 1, unchanged: 2 }, published: 1, left: 0 });
    const expected = [
      { sku: 'sku1', version: hash },
      { sku: 'sku2', version: '9007199254740993' },
      { sku: 'sku3', version: hash },
    ];
    expect(await versions()).toEqual(expected);
    const names = { before: String(first.snapshot), after: String(second.snapshot) };
    expect(await diffNow(catalogOf(shop), names, 1)).toMatchObject({ fields: { metadata_version: 1 } });
    expect(await restoreSnapshot(catalogOf(shop), names.before, HOOKS)).toMatchObject({ left: 0 });
    expect(await versions()).not.toEqual(expected);
    expect(await unpin(catalogOf(shop), HOOKS)).toMatchObject({ left: 0 });
    expect(await versions()).toEqual(expected);
    const file = join(folder.path, 'feed');
    await writeFile(file, '{"sku":"fed","name":"Lamp","metadata_version":"2026-11-21"}');
    expect(await backfillUpsert(catalogOf(shop), file, HOOKS)).toMatchObject({ left: 0 });
    expect(await versions()).toEqual([{ sku: 'fed', version: '2026-11-21' }, ...expected]);
    await pool.query('ALTER TABLE products ALTER COLUMN metadata_version TYPE timestamptz USING now()');
    await expect(refreshCatalog(catalogOf(shop), true, HOOKS)).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringContaining('public.products.metadata_version'),
    });
  });
});

describe('the coverage', () => {
  it('is told by source and category, of all and of those whose source has a value', async () => {
    await using shop = await openShop(10);
    const { pool } = shop.database;
    await pool.query(`
      UPDATE products SET manufacturer = 'Acme', category_path = 'Home > Light', description = 'bright';
      UPDATE products SET manufacturer = 'Black' WHERE sku = 'sku1';
      UPDATE products SET manufacturer = 'Plum', description = NULL WHERE sku = 'sku2'`);
    const setup = catalogOf(shop);
    await backfillUpsert(setup, null, HOOKS);
    const coverage = async () => withStillCatalog(setup, (places) => catalogCoverage(places, HOOKS));
    const [products] = await coverage();
    expect(products).toMatchObject({ source: 'public.products', products: 10, missing_items: 0 });
    expect(products?.fields).toMatchObject({
      brand: {
        with: 8,
        in_source: 9,
        of_in_source: 8,
        percent: 80,
        threshold: 100,
        reached: false,
        ok: false,
      },
      category: { percent: 100, reached: true, ok: true },
      description: { with: 9, percent: 90, percent_of_source: 100, reached: true, ok: true },
      image_url: { with: 0, percent: 0, percent_of_source: 100, threshold: null, ok: true },
      embedding: { with: 0, in_source: 10, threshold: null, ok: true },
    });
    expect(products?.categories).toMatchObject([{ category: 'Light', products: 10 }]);
    await pool.query(`
      CREATE TABLE item_embeddings (sku text PRIMARY KEY); INSERT INTO item_embeddings VALUES ('sku1'), ('gone');
      INSERT INTO brand_aliases VALUES ('Plum', 'Plum Goodness');
      UPDATE items SET description = NULL WHERE sku = 'sku5'; DELETE FROM items WHERE sku = 'sku9'`);
    const [worse] = await coverage();
    expect(worse).toMatchObject({
      missing_items: 1,
      fields: {
        embedding: { with: 1 },
        description: { of_in_source: 7, in_source: 9, ok: false },
      },
    });
    await refreshCatalog(setup, false, HOOKS);
    const [mended] = await coverage();
    expect(mended?.fields.brand).toMatchObject({
      percent: 90,
      percent_of_source: 100,
      reached: false,
      ok: true,
    });
    expect(mended?.fields.description).toMatchObject({ ok: true });
  });
});
