import type { CatalogPlaces } from '../../consumers/upsert/catalog/compare.ts';
import type { FeedReject } from '../../consumers/upsert/catalog/feed-rejects.ts';
import type { DifferenceCounts } from './difference-tally.ts';

export interface UpsertReport {
  readonly dry_run: boolean;
  /** Null in a dry run: none is made. */
  readonly snapshot: string | null;
  readonly from: string;
  readonly rows: number;
  readonly duplicates: number;
  readonly rejected: number;
  readonly rejects: readonly FeedReject[];
  readonly content_hash: string | null;
  readonly brands_learned: number;
  readonly items: {
    readonly created: number;
    readonly updated: number;
    readonly removed: number;
    readonly unchanged: number;
  };
  readonly examples: readonly { readonly sku: string; readonly what: string }[];
  /** Items that are still not as they should be. */
  readonly left: number;
  readonly undecided: number;
  readonly published: number;
  readonly dead_letters: number;
  readonly refreshes: readonly string[];
  readonly snapshots_dropped: readonly string[];
  /** The snapshot that the items stay at, whatever was brought. */
  readonly pinned: string | null;
  readonly seconds: number;
  readonly interrupted: boolean;
}

export function itemCounts({
  compared,
  missing,
  different,
  surplus,
}: DifferenceCounts): UpsertReport['items'] {
  return {
    created: missing,
    updated: different,
    removed: surplus,
    unchanged: compared - missing - different,
  };
}

export async function countUndecided({ target, isMade }: CatalogPlaces): Promise<number> {
  if (!isMade) return 0;
  const { rows } = await target.query<{ n: number }>(
    'SELECT count(*)::int AS n FROM public.items WHERE review IS NOT NULL',
  );
  return rows[0]?.n ?? 0;
}
