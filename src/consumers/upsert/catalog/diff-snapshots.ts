import type { ClientBase } from 'pg';
import { snapshotColumns, SNAPSHOT_COLUMNS } from './product-rows.ts';
import { snapshotTable } from './snapshot-tables.ts';

export interface SnapshotDiff {
  readonly added: number;
  readonly removed: number;
  readonly changed: number;
  /** Column → rows of which it changed. */
  readonly fields: Readonly<Record<string, number>>;
  readonly examples: readonly { readonly sku: string; readonly what: string }[];
}

const FIELDS = SNAPSHOT_COLUMNS.filter((column) => column !== 'sku');
const CHANGED = FIELDS.map((column) => `a.${column} IS DISTINCT FROM b.${column}`).join(' OR ');

/** What became of the products from one snapshot to another. */
export async function diffSnapshots(
  client: ClientBase,
  before: string,
  after: string,
  limit: number,
): Promise<SnapshotDiff> {
  const joined = `FROM ${await rowsOf(client, before)} AS a FULL JOIN ${await rowsOf(client, after)} AS b USING (sku)`;
  const counted = FIELDS.map(
    (column) =>
      `count(*) FILTER (WHERE a.sku = b.sku AND a.${column} IS DISTINCT FROM b.${column})::float8 AS ${column}`,
  );
  const totals = await client.query<Record<string, number>>(
    `SELECT count(*) FILTER (WHERE a.sku IS NULL)::float8 AS added, count(*) FILTER (WHERE b.sku IS NULL)::float8 AS removed,
            count(*) FILTER (WHERE a.sku = b.sku AND (${CHANGED}))::float8 AS changed, ${counted.join(', ')} ${joined}`,
  );
  const { added = 0, removed = 0, changed = 0, ...fields } = totals.rows[0] ?? {};
  const names = FIELDS.map(
    (column) => `CASE WHEN a.${column} IS DISTINCT FROM b.${column} THEN '${column}' END`,
  );
  const { rows } = await client.query<{ sku: string; what: string }>(
    `SELECT sku, CASE WHEN a.sku IS NULL THEN 'added' WHEN b.sku IS NULL THEN 'removed'
                 ELSE concat_ws(', ', ${names.join(', ')}) END AS what
       ${joined} WHERE a.sku IS NULL OR b.sku IS NULL OR ${CHANGED} ORDER BY sku LIMIT $1`,
    [limit],
  );
  const told = Object.entries(fields).filter(([, count]) => count > 0);
  return { added, removed, changed, fields: Object.fromEntries(told), examples: rows };
}

async function rowsOf(client: ClientBase, snapshot: string): Promise<string> {
  const table = snapshotTable(snapshot);
  return `(SELECT ${await snapshotColumns({ client, table })} FROM ${table})`;
}
