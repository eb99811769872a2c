import type { ClientBase } from 'pg';
import { textArray } from '../../../sinks/array-parameter.ts';
import { type Product, productRow } from '../items.ts';

/** The columns of a product, wherever it lies: in the source, the feed or a snapshot. */
export const PRODUCT_COLUMNS = Object.keys(productRow.shape) as readonly (keyof Product)[];

/** Each column as the text that a decoded record has. */
export const PRODUCT_TEXTS = PRODUCT_COLUMNS.map((column) =>
  column === 'updated_at'
    ? `to_char(updated_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS updated_at`
    : `${column}::text AS ${column}`,
).join(', ');

/** A table of products; `table` is quoted. */
export interface ProductTable {
  readonly client: ClientBase;
  readonly table: string;
}

const PAGE = 5_000;

/** All products, in the order of the table's key. */
export async function* productPages({ client, table }: ProductTable): AsyncGenerator<Product[]> {
  let after: string | null = null;
  do {
    const { rows }: { rows: Product[] } = await client.query<Product>(
      `SELECT ${PRODUCT_TEXTS} FROM ${table} WHERE $1::text IS NULL OR sku > $1 ORDER BY sku LIMIT ${PAGE}`,
      [after],
    );
    if (rows.length > 0) yield rows;
    after = rows.length < PAGE ? null : (rows.at(-1)?.sku ?? null);
  } while (after !== null);
}

/** Of the given skus, those that the table has. */
export async function skusIn(
  { client, table }: ProductTable,
  skus: readonly string[],
): Promise<ReadonlySet<string>> {
  const { rows } = await client.query<{ sku: string }>(
    `SELECT sku::text AS sku FROM ${table} WHERE sku = ANY ($1::text[])`,
    [textArray(skus)],
  );
  return new Set(rows.map(({ sku }) => sku));
}
