import { readPin } from '../../consumers/upsert/catalog/pin.ts';
import { secondsSince } from '../elapsed.ts';
import { type BringHooks, bringItems, findDifferences } from './bring.ts';
import { type DifferenceCounts, toldOf, totalOf } from './difference-tally.ts';
import { type CatalogSetup, comparisonNow, withCatalog, withStillCatalog } from './setup.ts';

/** What the daily diff found and did. */
export interface RefreshReport {
  readonly dry_run: boolean;
  readonly compared: number;
  /** Items that were not as their source says. */
  readonly found: number;
  readonly items: Omit<DifferenceCounts, 'compared'>;
  readonly examples: readonly { readonly sku: string; readonly what: string }[];
  /** Still not as they should be. */
  readonly left: number;
  readonly published: number;
  readonly dead_letters: number;
  readonly pinned: string | null;
  readonly seconds: number;
  readonly interrupted: boolean;
}

/**
 * Compares each item with its source, by content and by time of update, and brings what differs; the others are
 * not touched. While a snapshot is pinned, it is what the items are compared with.
 */
export async function refreshCatalog(
  setup: CatalogSetup,
  isDryRun: boolean,
  hooks: BringHooks,
): Promise<RefreshReport> {
  const startedAt = performance.now();
  return (isDryRun ? withStillCatalog : withCatalog)(setup, async (places) => {
    const comparison = await comparisonNow(places, 'owners');
    const brought = isDryRun ? null : await bringItems(setup, places, comparison, hooks);
    const found = brought?.found ?? (await findDifferences(places, comparison, hooks));
    return {
      dry_run: isDryRun,
      compared: found.compared,
      found: totalOf(found),
      ...toldOf(found),
      left: brought === null ? 0 : totalOf(brought.left),
      published: brought?.published ?? 0,
      dead_letters: brought?.deadLetters ?? 0,
      pinned: places.isMade ? await readPin(places.target) : null,
      seconds: secondsSince(startedAt),
      interrupted: brought?.interrupted ?? false,
    };
  });
}
