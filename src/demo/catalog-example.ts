import type pg from 'pg';
import { learnBrandSpellings } from '../consumers/upsert/learn-spellings.ts';
import { readTaxonomy } from '../consumers/upsert/taxonomy-file.ts';
import { readCatalog } from './catalog-source.ts';
import type { DemoExample, ExampleData } from './example.ts';
import { generateProducts } from './generated-products.ts';
import { RandomWrites } from './random-writes.ts';
import { countProducts, createProducts, loadProducts } from './source-tables.ts';
import { verifyCatalog } from './verify-catalog.ts';

const WRITES = 1_000;

/** A shop's catalogue, kept as items by the upsert pipeline. */
export const catalogExample: DemoExample = {
  pipeline: 'upsert',
  tables: ['public.products'],
  createTables: createProducts,
  fill,
  async write(source, seed, signal) {
    const { rows } = await source.query<{ sku: string }>('SELECT sku FROM public.products ORDER BY sku');
    const skus = rows.map((row) => row.sku);
    for (const { sql, params } of new RandomWrites({ seed, count: WRITES, skus })) {
      signal.throwIfAborted();
      await source.query(sql, [...params]);
    }
  },
  async prepare({ source, target }) {
    await learnBrandSpellings(source, target);
  },
  async isSettled({ target }, since) {
    const { rows } = await target.query('SELECT FROM freshet.catalog_judged WHERE judged_at > $1', [since]);
    return rows.length > 0;
  },
  async inspect({ source, target }, differ, { upsert }) {
    const taxonomy = readTaxonomy(upsert.taxonomyFile);
    const mismatches = await verifyCatalog(source, target, taxonomy, (sku, what) =>
      differ(`${sku}: ${what}`),
    );
    const undecided = await target.query<{ n: string }>(
      'SELECT count(*) AS n FROM items WHERE review IS NOT NULL',
    );
    return { mismatches, figures: { undecided: Number(undecided.rows[0]?.n ?? 0) }, lines: [] };
  },
  toTry: ({ sourceUrl, targetUrl }) => [
    'Change a product, and see its item change within a second:',
    `  psql '${sourceUrl}' -c "UPDATE products SET price = price + 1, manufacturer = 'ACME™ Inc.' WHERE sku = (SELECT min(sku) FROM products) RETURNING sku"`,
    `  psql '${targetUrl}' -c "SELECT sku, brand, price FROM items WHERE sku = (SELECT min(sku) FROM items)"`,
  ],
};

async function fill(
  source: pg.ClientBase,
  { folder, generatedRows, seed }: ExampleData,
): ReturnType<DemoExample['fill']> {
  const before = await countProducts(source);
  if (before > 0) return { rows: before, duplicates: 0, existing: true };
  let duplicates = 0;
  const products =
    folder === null ? generateProducts(generatedRows, seed) : readCatalog(folder, () => (duplicates += 1));
  const rows = await loadProducts(source, products);
  return { rows, duplicates, existing: false };
}
