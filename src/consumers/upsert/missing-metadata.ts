import { missingCounts } from '../missing-counts.ts';

/** Tells how many items lack what a catalogue is to have. */
export const missingMetadata = missingCounts('items without metadata', async (client) => {
  const { rows } = await client.query<Record<string, number>>(
    `SELECT count(*) FILTER (WHERE brand IS NULL)::float8 AS brand, count(*) FILTER (WHERE category IS NULL)::float8 AS category,
            count(*) FILTER (WHERE description IS NULL)::float8 AS description,
            count(*) FILTER (WHERE image_url IS NULL)::float8 AS image_url FROM public.items`,
  );
  return rows[0] ?? {};
});
