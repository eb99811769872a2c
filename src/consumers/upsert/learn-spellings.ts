import type { ClientBase } from 'pg';
import { textArray } from '../../sinks/array-parameter.ts';
import { learnSpellings } from './normalise/brand-dictionary.ts';
import { brandKey } from './normalise/brand-key.ts';

/**
 * Learns how brands are written, from the products of `table`, which is quoted: the most frequent spelling of each brand that
 * has none yet. A known spelling never changes by itself. Gives how many are new; items that were written
 * before keep their form until they are refreshed.
 */
export async function learnBrandSpellings(
  source: ClientBase,
  target: ClientBase,
  table = 'public.products',
): Promise<number> {
  const counted = await source.query<{ manufacturer: string; n: string }>(
    `SELECT manufacturer, count(*) AS n FROM ${table} WHERE manufacturer IS NOT NULL GROUP BY manufacturer`,
  );
  const known = await target.query<{ spelling: string }>('SELECT spelling FROM public.brand_spellings');
  const keys = new Set(known.rows.map(({ spelling }) => brandKey(spelling)));
  const learned = learnSpellings(
    counted.rows.map(({ manufacturer, n }) => [manufacturer, Number(n)] as const),
  );
  const fresh = learned.filter((spelling) => !keys.has(brandKey(spelling)));
  if (fresh.length === 0) return 0;
  await target.query('INSERT INTO public.brand_spellings SELECT unnest($1::text[]) ON CONFLICT DO NOTHING', [
    textArray(fresh),
  ]);
  return fresh.length;
}
