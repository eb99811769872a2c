import { copyFeed } from '../../consumers/upsert/catalog/feed-table.ts';
import { readPin } from '../../consumers/upsert/catalog/pin.ts';
import { dropOldSnapshots, snapshotTable } from '../../consumers/upsert/catalog/snapshot-tables.ts';
import {
  snapshotOfFeed,
  snapshotOfTable,
  type TakenSnapshot,
} from '../../consumers/upsert/catalog/take-snapshot.ts';
import { learnBrandSpellings } from '../../consumers/upsert/learn-spellings.ts';
import { readRules } from '../../consumers/upsert/rules.ts';
import { secondsSince } from '../elapsed.ts';
import { bringItems, type BringHooks } from './bring.ts';
import { totalOf } from './difference-tally.ts';
import { type CatalogSetup, comparisonNow, withCatalog } from './setup.ts';
import { countUndecided, itemCounts, type UpsertReport } from './upsert-report.ts';

/** Makes a snapshot of the source, or of a feed, and brings it into the items. Throws USAGE on a file that cannot be read. */
export async function backfillUpsert(
  setup: CatalogSetup,
  file: string | null,
  hooks: BringHooks,
): Promise<UpsertReport> {
  const startedAt = performance.now();
  return withCatalog(setup, async (places) => {
    const { source, target } = places;
    const progress = (rows: number): void => hooks.progress('making the snapshot', rows, -1);
    const snapshotHooks = { signal: hooks.signal, progress };
    const taken =
      file === null
        ? await snapshotOfTable(target, source, 'public.products', snapshotHooks)
        : await snapshotOfFeed(target, file, snapshotHooks);
    const learned = await learnBrandSpellings(target, target, snapshotTable(taken.snapshot));
    if (file !== null) await copyFeed(target, snapshotTable(taken.snapshot));
    const rules = await readRules(target, setup.taxonomy);
    const comparison = await comparisonNow(places, file === null ? 'products' : 'feed');
    const brought = await bringItems(setup, { ...places, rules }, comparison, hooks);
    const pinned = await readPin(target);
    return {
      dry_run: false,
      ...takenReport(taken, file),
      brands_learned: learned,
      items: itemCounts(brought.found),
      examples: brought.found.examples,
      left: totalOf(brought.left),
      undecided: await countUndecided(places),
      published: brought.published,
      dead_letters: brought.deadLetters,
      refreshes: brought.refreshes,
      snapshots_dropped: await dropOldSnapshots(target, setup.config.upsert.keepSnapshots, pinned),
      pinned,
      seconds: secondsSince(startedAt),
      interrupted: brought.interrupted,
    };
  });
}

function takenReport(
  { snapshot, rows, duplicates, rejected, rejects, contentHash }: TakenSnapshot,
  file: string | null,
) {
  const from = file ?? 'public.products';
  return { snapshot, from, rows, duplicates, rejected, rejects, content_hash: contentHash };
}
