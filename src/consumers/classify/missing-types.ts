import type { Companion } from '../define-pipeline.ts';
import { countRows, missingCounts } from '../missing-counts.ts';
import { type ClassifyTables, quoteName } from './tables.ts';

/** Tells how many URLs have no page type. */
export function missingTypes({ urls }: ClassifyTables): Companion {
  return missingCounts('URLs without a page type', async (client) => {
    const { rows } = await client.query<{ missing: number }>(
      `SELECT count(*)::float8 AS missing FROM ${quoteName(urls)} WHERE page_type IS NULL`,
    );
    const page_type = rows[0]?.missing ?? 0;
    const all = await countRows(client, quoteName(urls));
    return { rows: Math.max(page_type, all), missing: { page_type } };
  });
}
