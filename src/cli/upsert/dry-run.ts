import { type CatalogPlaces, compareProducts, surplusItem } from '../../consumers/upsert/catalog/compare.ts';
import { readFeed } from '../../consumers/upsert/catalog/feed-file.ts';
import { FeedRejects } from '../../consumers/upsert/catalog/feed-rejects.ts';
import { ownerPages } from '../../consumers/upsert/catalog/item-rows.ts';
import type { Product } from '../../consumers/upsert/items.ts';
import { secondsSince } from '../elapsed.ts';
import { type BringHooks, findDifferences } from './bring.ts';
import { type Differences, DifferenceTally } from './difference-tally.ts';
import { type CatalogSetup, comparisonNow, withStillCatalog } from './setup.ts';
import { countUndecided, itemCounts, type UpsertReport } from './upsert-report.ts';

/**
 * What a backfill from the source, or from a feed, would do now, by the brand spellings that are known already;
 * writes nothing anywhere. Throws USAGE on a file that cannot be read.
 */
export async function dryRunUpsert(
  setup: CatalogSetup,
  file: string | null,
  hooks: BringHooks,
): Promise<UpsertReport> {
  const startedAt = performance.now();
  return withStillCatalog(setup, async (places) => {
    const comparison = await comparisonNow(places, file === null ? 'products' : 'feed');
    const pinned = comparison.with === 'snapshot' ? comparison.snapshot : null;
    const feed = file === null ? null : new FeedProducts(file);
    // A pinned snapshot has the say over the items, whatever the feed says.
    const found =
      feed === null || pinned !== null
        ? await findDifferences(places, comparison, hooks)
        : await feedDifferences(places, feed, hooks);
    if (feed !== null && pinned !== null) await feed.count(hooks);
    return {
      dry_run: true,
      snapshot: null,
      from: file ?? 'public.products',
      rows: feed?.rows ?? found.compared,
      duplicates: feed?.duplicates ?? 0,
      rejected: feed?.rejects.count ?? 0,
      rejects: feed?.rejects.named ?? [],
      content_hash: null,
      brands_learned: 0,
      items: itemCounts(found),
      examples: found.examples,
      left: 0,
      undecided: await countUndecided(places),
      published: 0,
      dead_letters: 0,
      refreshes: [],
      snapshots_dropped: [],
      pinned,
      seconds: secondsSince(startedAt),
      interrupted: false,
    };
  });
}

async function feedDifferences(
  places: CatalogPlaces,
  feed: FeedProducts,
  { signal, progress }: BringHooks,
): Promise<Differences> {
  const tally = new DifferenceTally();
  const say = { owner: 'feed', rules: () => true, keepsOwners: false } as const;
  for await (const products of feed.pages()) {
    signal.throwIfAborted();
    for (const difference of await compareProducts(places, products, say)) tally.add(difference);
    tally.compared += products.length;
    progress('comparing', tally.compared, -1);
  }
  if (!places.isMade) return tally.result;
  for await (const items of ownerPages(places.target)) {
    signal.throwIfAborted();
    for (const { sku, owner } of items)
      if (owner === 'feed' && !feed.has(sku)) tally.add(surplusItem(sku, owner));
  }
  return tally.result;
}

const PAGE = 2_000;

/** What a feed says: of a sku that comes again the first row. Its skus are held in memory: nothing can be written to. */
class FeedProducts {
  readonly rejects = new FeedRejects();
  duplicates = 0;
  readonly #file: string;
  readonly #skus = new Set<string>();

  constructor(file: string) {
    this.#file = file;
  }

  get rows(): number {
    return this.#skus.size;
  }

  has(sku: string): boolean {
    return this.#skus.has(sku);
  }

  async *pages(): AsyncGenerator<Product[]> {
    let page: Product[] = [];
    for await (const row of readFeed(this.#file)) {
      if (!('product' in row)) this.rejects.add(row);
      else if (this.#skus.has(row.product.sku)) this.duplicates += 1;
      else {
        this.#skus.add(row.product.sku);
        page.push(row.product);
      }
      if (page.length < PAGE) continue;
      yield page;
      page = [];
    }
    if (page.length > 0) yield page;
  }

  /** Reads the feed for its numbers alone. */
  async count({ signal, progress }: BringHooks): Promise<void> {
    for await (const _ of this.pages()) {
      signal.throwIfAborted();
      progress('reading the feed', this.rows, -1);
    }
  }
}
