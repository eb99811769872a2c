import type { ClientBase } from 'pg';
import type { Row } from '../../../change/change.ts';
import { textArray } from '../../../sinks/array-parameter.ts';
import { FROM_COLUMN } from '../../../sinks/target-table.ts';
import type { SnapshotOrigin } from './snapshot-tables.ts';

/** Who wrote an item last: `other` is nobody that the catalogue reads, such as what was there before Freshet. */
export type ItemOwner = SnapshotOrigin | 'other';

/** An item as it is stored; numbers and times as text. */
export type StoredItem = Row & { readonly sku: string; readonly owner: ItemOwner };

const UTC = `to_char(updated_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS updated_at`;
const OWNER = `CASE WHEN ${FROM_COLUMN} LIKE 'public.products/%' THEN 'products'
  WHEN ${FROM_COLUMN} LIKE 'analytics.catalog\\_feed/%' THEN 'feed' ELSE 'other' END AS owner`;
const ITEM = `sku, ${OWNER}, name, brand, category, category_id, category_confidence::text AS category_confidence,
  category_path, description, image_url, price::text AS price, currency, availability, metadata_version, ${UTC}`;

/** Compared one by one: a content hash alone does not show what was written past Freshet. */
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

export async function itemsOf(
  target: ClientBase,
  skus: readonly string[],
): Promise<ReadonlyMap<string, StoredItem>> {
  const { rows } = await target.query<StoredItem>(
    `SELECT ${ITEM} FROM public.items WHERE sku = ANY ($1::text[])`,
    [textArray(skus)],
  );
  return new Map(rows.map((row) => [row.sku, row]));
}

const PAGE = 10_000;

/** All items, in the order of the key. */
export async function* ownerPages(target: ClientBase): AsyncGenerator<Pick<StoredItem, 'sku' | 'owner'>[]> {
  let after: string | null = null;
  do {
    const { rows }: { rows: Pick<StoredItem, 'sku' | 'owner'>[] } = await target.query<
      Pick<StoredItem, 'sku' | 'owner'>
    >(
      `SELECT sku, ${OWNER} FROM public.items WHERE $1::text IS NULL OR sku > $1 ORDER BY sku LIMIT ${PAGE}`,
      [after],
    );
    if (rows.length > 0) yield rows;
    after = rows.length < PAGE ? null : (rows.at(-1)?.sku ?? null);
  } while (after !== null);
}

/** The first column in which an item is not as it should be, and how; null: it is. */
export function itemDifference(expected: Row, item: Row): string | null {
  for (const column of COMPARED) {
    const [want, have] = [expected[column], item[column]].map((value) => JSON.stringify(value ?? null));
    if (want !== have && !(column === 'updated_at' && isSameTime(expected[column], item[column])))
      return `${column} is ${have}, should be ${want}`;
  }
  return null;
}

/** A time without its microseconds is the same time. */
function isSameTime(a: unknown, b: unknown): boolean {
  if (typeof a !== 'string' || typeof b !== 'string') return false;
  return Date.parse(a) === Date.parse(b) && microseconds(a) === microseconds(b);
}

function microseconds(time: string): string {
  return (/\.(\d+)/.exec(time)?.[1] ?? '').padEnd(6, '0').slice(0, 6);
}
