import type pg from 'pg';
import type { Row } from '../change/change.ts';
import { itemOf, type Product } from '../consumers/upsert/items.ts';
import { readRules } from '../consumers/upsert/rules.ts';
import type { Taxonomy } from '../consumers/upsert/normalise/taxonomy.ts';

const PAGE = 5_000;
/** Compared one by one; times as UTC text on both sides. */
const COMPARED = [
  'name',
  'brand',
  'category',
  'category_id',
  'category_confidence',
  'category_path',
  'description',
  'image_url',
  'price',
  'currency',
  'availability',
  'metadata_version',
  'updated_at',
] as const;
const UTC = `to_char(updated_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS updated_at`;

/**
 * Reads source and target by SQL, past capture and topics, and counts the skus whose item is missing,
 * different, or should not be there. `report` hears of the first few.
 */
export async function verifyCatalog(
  source: pg.ClientBase,
  target: pg.ClientBase,
  taxonomy: Taxonomy | null,
  report: (sku: string, what: string) => void,
): Promise<number> {
  const rules = await readRules(target, taxonomy);
  let mismatches = 0;
  let matched = 0;
  const differ = (sku: string, what: string): void => {
    mismatches += 1;
    if (mismatches <= 10) report(sku, what);
  };
  for (let after: string | null = ''; after !== null;) {
    const products: Product[] = await productsAfter(source, after);
    const items = await itemsOf(
      target,
      products.map((product) => product.sku),
    );
    for (const product of products) {
      const item = items.get(product.sku);
      if (item !== undefined) matched += 1;
      const what = item === undefined ? 'is missing' : difference(itemOf(product, rules), item);
      if (what !== null) differ(product.sku, what);
    }
    after = products.length < PAGE ? null : (products.at(-1)?.sku ?? null);
  }
  const { rows } = await target.query<{ count: string }>('SELECT count(*) FROM public.items');
  const extra = Number(rows[0]?.count ?? 0) - matched;
  if (extra > 0) report('items', `${extra} are there that the source does not have`);
  return mismatches + Math.max(0, extra);
}

async function productsAfter(source: pg.ClientBase, sku: string): Promise<Product[]> {
  const { rows } = await source.query<Product>(
    `SELECT sku, name, manufacturer, category_path, description, image_url, price::text AS price, currency, availability, ${UTC}
       FROM public.products WHERE sku COLLATE "C" > $1 ORDER BY sku COLLATE "C" LIMIT ${PAGE}`,
    [sku],
  );
  return rows;
}

async function itemsOf(target: pg.ClientBase, skus: readonly string[]): Promise<Map<string, Row>> {
  const { rows } = await target.query<Row & { sku: string }>(
    `SELECT sku, name, brand, category, category_id, category_confidence::text AS category_confidence, category_path, description,
            image_url, price::text AS price, currency, availability, metadata_version, ${UTC}
       FROM public.items WHERE sku = ANY ($1)`,
    [skus],
  );
  return new Map(rows.map((row) => [row.sku, row]));
}

function difference(expected: Row, item: Row): string | null {
  for (const column of COMPARED) {
    const [want, have] = [expected[column], item[column]].map((value) => JSON.stringify(value ?? null));
    if (want !== have) return `${column} is ${have}, should be ${want}`;
  }
  return null;
}
