import type pg from 'pg';
import type { TableId } from '../src/change/table.ts';

/** The catalogue that every contender captures: 11 columns, 414 bytes of text a row. */
export const CATALOG = { schema: 'public', name: 'catalog_items' } as const;
/** The same rows once more, for a snapshot that goes on beside the measured table. */
export const CATALOG_COPY = { schema: 'public', name: 'catalog_copy' } as const;
/** The same content in the shape that the upsert pipeline reads. */
export const PRODUCTS = { schema: 'public', name: 'products' } as const;

/** Three columns, for a table of very many rows. */
export function narrowTable(rows: number): TableId {
  return { schema: 'public', name: `narrow_${rows}` };
}

export async function fillNarrow(client: pg.ClientBase, rows: number): Promise<number> {
  const { name } = narrowTable(rows);
  await client.query(`DROP TABLE IF EXISTS ${name}`);
  await client.query(`CREATE TABLE ${name} (id bigint PRIMARY KEY, amount int, at timestamptz)`);
  await client.query(
    `INSERT INTO ${name} SELECT i, i % 1000, now() FROM generate_series(1::bigint, ${rows}) i`,
  );
  return settle(client, name);
}

const DESCRIPTION = `concat_ws(' ', md5(i::text), md5((i + 1)::text), md5((i + 2)::text), md5((i + 3)::text), md5((i + 4)::text), md5((i + 5)::text), 'ok')`;
const TITLE = `'Catalog item number ' || i || ' in colour ' || (ARRAY['red','green','blue','black','white'])[1 + i % 5]`;
const IMAGE = `'https://images.example.com/catalog/' || md5((i * 7)::text) || '.jpg'`;
const PRICE = `((i * 37) % 1000000) / 100.0`;
const CURRENCY = `(ARRAY['EUR','USD','GBP'])[1 + i % 3]`;
const SKU = `'SKU-' || lpad(i::text, 9, '0')`;

/** Makes the table anew with `rows` rows; resolves with the mean bytes of a row's text. */
export async function fillCatalog(
  client: pg.ClientBase,
  rows: number,
  name: string = CATALOG.name,
): Promise<number> {
  await client.query(`DROP TABLE IF EXISTS ${name}`);
  await client.query(`CREATE TABLE ${name} (id bigint PRIMARY KEY, sku text, title text, brand text, category text, description text,
    image_url text, price numeric(10,2), currency text, in_stock boolean, updated_at timestamptz)`);
  await client.query(`INSERT INTO ${name} SELECT i, ${SKU}, ${TITLE}, 'Brand ' || i % 997, 'Category/' || i % 37 || '/' || i % 411,
    ${DESCRIPTION}, ${IMAGE}, ${PRICE}, ${CURRENCY}, i % 11 <> 0, now() FROM generate_series(1::bigint, ${rows}) i`);
  return settle(client, name);
}

export async function fillProducts(client: pg.ClientBase, rows: number): Promise<number> {
  const { name } = PRODUCTS;
  await client.query(`DROP TABLE IF EXISTS ${name}`);
  await client.query(`CREATE TABLE ${name} (sku text PRIMARY KEY, name text, manufacturer text, category_path text, description text,
    image_url text, price numeric(12,2), list_price numeric(12,2), currency text, availability text, updated_at timestamptz)`);
  await client.query(`INSERT INTO ${name} SELECT ${SKU}, ${TITLE}, 'Brand ' || i % 997, 'Category > Part ' || i % 37 || ' > Shelf ' || i % 411,
    ${DESCRIPTION}, ${IMAGE}, ${PRICE}, NULL, ${CURRENCY}, CASE WHEN i % 11 <> 0 THEN 'in stock' ELSE 'sold out' END, now()
    FROM generate_series(1::bigint, ${rows}) i`);
  return settle(client, name);
}

async function settle(client: pg.ClientBase, name: string): Promise<number> {
  await client.query(`VACUUM (ANALYZE) ${name}`);
  await client.query('CHECKPOINT');
  const { rows } = await client.query<{ bytes: string }>(
    `SELECT avg(length(t::text)) AS bytes FROM ${name} t`,
  );
  return Number(rows[0]?.bytes ?? 0);
}

/** Changes the first `rows` rows in one transaction. */
export async function writeLargeTransaction(client: pg.ClientBase, rows: number): Promise<void> {
  await client.query(
    `UPDATE ${CATALOG.name} SET price = price + 1, updated_at = clock_timestamp() WHERE id <= ${rows}`,
  );
}

/** Changes the first `rows` rows in transactions of 100. */
export async function writeSmallTransactions(client: pg.ClientBase, rows: number): Promise<void> {
  await client.query('SET synchronous_commit = off');
  await client.query(`DO $$ BEGIN FOR low IN 1..${rows} BY 100 LOOP
    UPDATE ${CATALOG.name} SET price = price + 1, updated_at = clock_timestamp() WHERE id BETWEEN low AND least(low + 99, ${rows});
    COMMIT; END LOOP; END $$`);
  await client.query('SET synchronous_commit = on');
}
