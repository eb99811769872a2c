import type { Companion } from '../define-pipeline.ts';
import { missingCounts } from '../missing-counts.ts';
import { type ClassifyTables, quoteName } from './tables.ts';

/** Tells how many URLs have no page type. */
export function missingTypes({ urls }: ClassifyTables): Companion {
  return missingCounts('URLs without a page type', async (client) => {
    const { rows } = await client.query<{ count: string }>(
      `SELECT count(*) FROM ${quoteName(urls)} WHERE page_type IS NULL`,
    );
    return { page_type: Number(rows[0]?.count ?? 0) };
  });
}
