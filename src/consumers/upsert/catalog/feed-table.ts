import type { ClientBase } from 'pg';
import { atomically } from '../../../runtime/transactions.ts';
import { SNAPSHOT_COLUMNS } from './product-rows.ts';

const VALUES = SNAPSHOT_COLUMNS.map((column) => `s.${column}`).join(', ');
const ASSIGNED = SNAPSHOT_COLUMNS.filter((column) => column !== 'sku')
  .map((column) => `${column} = s.${column}`)
  .join(', ');

/** Makes a snapshot's rows the feed. Who reads the feed meanwhile sees the old one or the new one, whole. */
export async function copyFeed(client: ClientBase, snapshot: string): Promise<void> {
  await atomically(client, async () => {
    await client.query('LOCK TABLE analytics.catalog_feed IN EXCLUSIVE MODE');
    await client.query(
      `DELETE FROM analytics.catalog_feed AS f WHERE NOT EXISTS (SELECT FROM ${snapshot} AS s WHERE s.sku = f.sku)`,
    );
    await client.query(
      `MERGE INTO analytics.catalog_feed AS f USING ${snapshot} AS s ON f.sku = s.sku
        WHEN MATCHED AND f::text IS DISTINCT FROM s::text THEN UPDATE SET ${ASSIGNED}
        WHEN NOT MATCHED THEN INSERT (${SNAPSHOT_COLUMNS.join(', ')}) VALUES (${VALUES})`,
    );
  });
  await client.query('ANALYZE analytics.catalog_feed');
}
