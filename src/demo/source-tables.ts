import { once } from 'node:events';
import type pg from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import { PRODUCT_COLUMNS } from '../consumers/upsert/catalog/product-rows.ts';
import type { Product } from '../consumers/upsert/items.ts';

/** The example shop's catalogue, the source of the upsert pipeline. */
const PRODUCTS_SQL = `
  CREATE TABLE IF NOT EXISTS public.products (
    sku           text PRIMARY KEY,
    name          text,
    manufacturer  text,
    category_path text,
    description   text,
    image_url     text,
    price         numeric(12,2),
    currency      text,
    availability  text,
    updated_at    timestamptz
  )`;

export async function createProducts(client: pg.ClientBase): Promise<void> {
  await client.query(PRODUCTS_SQL);
}

export async function countProducts(client: pg.ClientBase): Promise<number> {
  const { rows } = await client.query<{ count: string }>('SELECT count(*) FROM public.products');
  return Number(rows[0]?.count ?? 0);
}

/** Loads products by COPY, all of them or none; gives their number. */
export async function loadProducts(
  client: pg.ClientBase,
  products: AsyncIterable<Product> | Iterable<Product>,
): Promise<number> {
  await client.query('BEGIN');
  const stream = client.query(copyFrom(`COPY public.products (${PRODUCT_COLUMNS.join(', ')}) FROM STDIN`));
  const failed = once(stream, 'error').then(([error]) => {
    throw error;
  });
  failed.catch(() => {});
  let count = 0;
  for await (const product of products) {
    count += 1;
    const line = `${PRODUCT_COLUMNS.map((column) => copyText(product[column])).join('\t')}\n`;
    if (!stream.write(line)) await Promise.race([once(stream, 'drain'), failed]);
  }
  stream.end();
  await Promise.race([once(stream, 'finish'), failed]);
  await client.query('COMMIT');
  await client.query('ANALYZE public.products');
  return count;
}

const ESCAPES: Readonly<Record<string, string>> = { '\\': '\\\\', '\t': '\\t', '\n': '\\n', '\r': '\\r' };

function copyText(value: string | null): string {
  return value === null ? '\\N' : value.replace(/[\\\t\n\r]/g, (character) => ESCAPES[character] ?? '');
}
