import type { ClientBase } from 'pg';
import { FreshetError } from '../../../runtime/errors.ts';
import { textArray } from '../../../sinks/array-parameter.ts';
import { type Product, productRow } from '../items.ts';

/** The columns of a feed and of a snapshot. */
export const SNAPSHOT_COLUMNS = Object.keys(productRow.shape) as readonly (keyof Product)[];
/** Those that the products of a source must have. */
export const PRODUCT_COLUMNS = SNAPSHOT_COLUMNS.filter((column) => column !== 'metadata_version');

const TEXTS = PRODUCT_COLUMNS.map((column) =>
  column === 'updated_at'
    ? `to_char(updated_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS updated_at`
    : `${column}::text AS ${column}`,
).join(', ');

/** A table of products; `table` is quoted. */
export interface ProductTable {
  readonly client: ClientBase;
  readonly table: string;
}

/** For a SELECT from the table: the columns of a snapshot. Throws CONFIG_INVALID. */
export async function snapshotColumns(table: ProductTable): Promise<string> {
  return `${PRODUCT_COLUMNS.join(', ')}, ${await versionOf(table)}`;
}

/** The same, each as the text that a decoded record has. */
export async function productTexts(table: ProductTable): Promise<string> {
  return `${TEXTS}, ${await versionOf(table)}`;
}

/** Types whose text here is the one that records have. */
const VERSION_TYPES: readonly string[] = [
  'text',
  'character varying',
  'bigint',
  'integer',
  'smallint',
  'uuid',
];

/** A shop need not have versions of its own, and older snapshots do not keep them. */
async function versionOf({ client, table }: ProductTable): Promise<string> {
  const { rows } = await client.query<{ type: string }>(
    `SELECT format_type(atttypid, NULL) AS type FROM pg_attribute
      WHERE attrelid = to_regclass($1) AND attname = 'metadata_version' AND NOT attisdropped`,
    [table],
  );
  const [column] = rows;
  if (column === undefined) return 'NULL::text AS metadata_version';
  if (VERSION_TYPES.includes(column.type)) return 'metadata_version::text AS metadata_version';
  throw new FreshetError('CONFIG_INVALID', `${table}.metadata_version is of the type ${column.type}`, {
    cure: 'Make it text or a whole number, or give it another name: then the version is of the content.',
  });
}

const PAGE = 5_000;

/** All products, in the order of the table's key. */
export async function* productPages({ client, table }: ProductTable): AsyncGenerator<Product[]> {
  const texts = await productTexts({ client, table });
  let after: string | null = null;
  do {
    const { rows }: { rows: Product[] } = await client.query<Product>(
      `SELECT ${texts} FROM ${table} WHERE $1::text IS NULL OR sku > $1 ORDER BY sku LIMIT ${PAGE}`,
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
