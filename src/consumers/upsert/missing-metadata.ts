import type { ClientBase } from 'pg';
import { missingCounts } from '../missing-counts.ts';
import { vectorType } from './embeddings/embedding-tables.ts';

/** Tells how many items lack what a catalogue is to have; embeddings where somebody ever asked for any. */
export const missingMetadata = missingCounts('items without metadata', async (client) => {
  const counted = await client.query<Record<string, number> & { items: number }>(
    `SELECT count(*)::float8 AS items,
            count(*) FILTER (WHERE brand IS NULL)::float8 AS brand, count(*) FILTER (WHERE category IS NULL)::float8 AS category,
            count(*) FILTER (WHERE description IS NULL)::float8 AS description,
            count(*) FILTER (WHERE image_url IS NULL)::float8 AS image_url FROM public.items`,
  );
  const { items, ...missing } = counted.rows[0] ?? { items: 0 };
  if ((await vectorType(client)) === null) return { rows: items, missing };
  // Triggers take away those of deleted items.
  const embedding = Math.max(0, items - (await countEmbeddings(client)));
  return { rows: items, missing: { ...missing, embedding } };
});

async function countEmbeddings(client: ClientBase): Promise<number> {
  const { rows } = await client.query<{ embedded: number }>(
    'SELECT count(*)::float8 AS embedded FROM public.item_embeddings',
  );
  return rows[0]?.embedded ?? 0;
}
