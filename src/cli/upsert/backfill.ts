import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { copyFeed } from '../../consumers/upsert/catalog/feed-table.ts';
import { type CatalogPlaces, compareProducts } from '../../consumers/upsert/catalog/compare.ts';
import { readFeed } from '../../consumers/upsert/catalog/feed-file.ts';
import { readPin } from '../../consumers/upsert/catalog/pin.ts';
import { dropOldSnapshots, snapshotTable } from '../../consumers/upsert/catalog/snapshot-tables.ts';
import {
  type FeedReject,
  snapshotOfFeed,
  snapshotOfTable,
  type TakenSnapshot,
} from '../../consumers/upsert/catalog/take-snapshot.ts';
import type { Product } from '../../consumers/upsert/items.ts';
import { learnBrandSpellings } from '../../consumers/upsert/learn-spellings.ts';
import { readRules } from '../../consumers/upsert/rules.ts';
import { FreshetError } from '../../runtime/errors.ts';
import { bringItems, type BringHooks, type DifferenceCounts, findDifferences } from './bring.ts';
import { type CatalogSetup, comparisonNow, withCatalog, withStillCatalog } from './setup.ts';

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

/** Makes a snapshot of the source, or of a feed, and brings it into the items. Throws USAGE on a bad file. */
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
        : await snapshotOfFeed(target, readable(file), snapshotHooks);
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
      left: brought.left.missing + brought.left.different + brought.left.surplus,
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

/** What `backfillUpsert` would do now, by the brand spellings that are known already; writes nothing anywhere. */
export async function dryRunUpsert(
  setup: CatalogSetup,
  file: string | null,
  hooks: BringHooks,
): Promise<UpsertReport> {
  const startedAt = performance.now();
  return withStillCatalog(setup, async (places) => {
    const compared =
      file === null ? await compareSource(places, hooks) : await compareFeed(places, readable(file), hooks);
    const none = { published: 0, dead_letters: 0, refreshes: [], snapshots_dropped: [], brands_learned: 0 };
    return {
      dry_run: true,
      snapshot: null,
      from: file ?? 'public.products',
      content_hash: null,
      ...compared,
      left: 0,
      undecided: await countUndecided(places),
      ...none,
      pinned: places.isMade ? await readPin(places.target) : null,
      seconds: secondsSince(startedAt),
      interrupted: false,
    };
  });
}

type Compared = Pick<UpsertReport, 'rows' | 'duplicates' | 'rejected' | 'rejects' | 'items' | 'examples'>;

async function compareSource(places: CatalogPlaces, hooks: BringHooks): Promise<Compared> {
  const found = await findDifferences(places, await comparisonNow(places, 'products'), hooks);
  const { compared: rows, examples } = found;
  return { rows, duplicates: 0, rejected: 0, rejects: [], items: itemCounts(found), examples };
}

const PAGE = 2_000;
const EXAMPLES = 20;

/** The skus are held in memory: nothing can be written to. */
async function compareFeed(
  places: CatalogPlaces,
  file: string,
  { signal, progress }: BringHooks,
): Promise<Compared> {
  const counts = { compared: 0, missing: 0, different: 0, surplus: 0 };
  const examples: { sku: string; what: string }[] = [];
  const rejects: FeedReject[] = [];
  let rejected = 0;
  let page: Product[] = [];
  const seen = new Set<string>();
  let duplicates = 0;
  const flush = async (): Promise<void> => {
    signal.throwIfAborted();
    const say = { owner: 'feed', rules: () => true, keepsOwners: false } as const;
    for (const { sku, kind, what } of await compareProducts(places, page, say)) {
      counts[kind] += 1;
      if (examples.length < EXAMPLES) examples.push({ sku, what });
    }
    counts.compared += page.length;
    progress('comparing', counts.compared, -1);
    page = [];
  };
  for await (const row of readFeed(file)) {
    if (!('product' in row)) {
      rejected += 1;
      if (rejects.length < EXAMPLES) rejects.push({ line: row.line, reason: row.reason });
    } else if (seen.has(row.product.sku)) duplicates += 1;
    else {
      seen.add(row.product.sku);
      page.push(row.product);
    }
    if (page.length === PAGE) await flush();
  }
  await flush();
  return { rows: counts.compared, duplicates, rejected, rejects, items: itemCounts(counts), examples };
}

function takenReport(
  { snapshot, rows, duplicates, rejected, rejects, contentHash }: TakenSnapshot,
  file: string | null,
) {
  const from = file ?? 'public.products';
  return { snapshot, from, rows, duplicates, rejected, rejects, content_hash: contentHash };
}

function itemCounts({ compared, missing, different, surplus }: DifferenceCounts): UpsertReport['items'] {
  return {
    created: missing,
    updated: different,
    removed: surplus,
    unchanged: compared - missing - different,
  };
}

async function countUndecided({ target, isMade }: CatalogPlaces): Promise<number> {
  if (!isMade) return 0;
  const { rows } = await target.query<{ n: number }>(
    'SELECT count(*)::int AS n FROM public.items WHERE review IS NOT NULL',
  );
  return rows[0]?.n ?? 0;
}

function readable(file: string): string {
  const path = resolve(file);
  if (existsSync(path)) return path;
  throw new FreshetError('USAGE', `--from-file: there is no file "${file}"`, {
    cure: 'Name a feed of JSON Lines or CSV, plain or gzip.',
  });
}

function secondsSince(startedAt: number): number {
  return Math.round(performance.now() - startedAt) / 1_000;
}
