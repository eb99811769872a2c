import type { ClientBase } from 'pg';

/** One undecided value, and how many items hold it. */
export interface ReviewGroup {
  readonly items: number;
  readonly field: string;
  readonly reason: string;
  readonly value: string;
  /** Of one of the items; may be empty. */
  readonly candidates: readonly string[];
}

interface ReviewList {
  /** Items with anything undecided. */
  readonly items: number;
  readonly groups: readonly ReviewGroup[];
}

/** What could not be decided of the items, the most frequent first. */
export async function reviewList(target: ClientBase, limit: number): Promise<ReviewList> {
  const counted = await target.query<{ n: number }>(
    'SELECT count(*)::int AS n FROM public.items WHERE review IS NOT NULL',
  );
  const { rows } = await target.query<ReviewGroup>(
    `SELECT count(*)::int AS items, entry->>'field' AS field, entry->>'reason' AS reason, entry->>'value' AS value,
            min(entry->>'candidates')::json AS candidates
       FROM public.items, jsonb_array_elements(review) AS entry
      WHERE review IS NOT NULL
      GROUP BY 2, 3, 4 ORDER BY 1 DESC, 2, 4 LIMIT $1`,
    [limit],
  );
  return { items: counted.rows[0]?.n ?? 0, groups: rows };
}
