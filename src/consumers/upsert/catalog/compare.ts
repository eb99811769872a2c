import type { ClientBase } from 'pg';
import { itemOf, type Product } from '../items.ts';
import type { NormaliseContext } from '../normalise/normalise-item.ts';
import { type ItemOwner, itemDifference, itemsOf, ownerPages, type StoredItem } from './item-rows.ts';
import { type ProductTable, productPages, skusIn } from './product-rows.ts';
import { type SnapshotOrigin, snapshotTable } from './snapshot-tables.ts';

/** An item that is not as it should be. */
export interface ItemDifference {
  readonly sku: string;
  readonly kind: 'missing' | 'different' | 'surplus';
  readonly what: string;
  /** Through whose topic the item is to be brought right. */
  readonly owner: SnapshotOrigin;
}

/** What the items of some owners should be. */
interface Master extends ProductTable {
  readonly owner: SnapshotOrigin;
  /** Of which items it has the say; null: of one that is not there. */
  readonly rules: (owner: ItemOwner | null) => boolean;
  /** Whose items are surplus where it lacks them. */
  readonly removes: readonly ItemOwner[];
  /** Whether an item stays with the source that it came from; else it becomes the master's. */
  readonly keepsOwners: boolean;
}

type Say = Pick<Master, 'owner' | 'rules' | 'keepsOwners'>;

/** Both databases, and the rules in force. */
export interface CatalogPlaces {
  readonly source: ClientBase;
  readonly target: ClientBase;
  readonly rules: NormaliseContext;
  /** Whether the target has the catalogue's tables yet. */
  readonly isMade: boolean;
}

/**
 * What the items are compared with: one source, whoever wrote the items last; each item with the source that it
 * came from; or a snapshot, which has the say over all of them.
 */
export type Comparison =
  | { readonly with: 'products' | 'feed' | 'owners' }
  | { readonly with: 'snapshot'; readonly snapshot: string; readonly origin: SnapshotOrigin };

interface ComparedPage {
  /** Products of the master, or items looked up there. */
  readonly compared: number;
  readonly differences: readonly ItemDifference[];
}

/** Page by page: every product against its item, then every item for which no product is left. Reads only. */
export async function* compareCatalog(
  places: CatalogPlaces,
  comparison: Comparison,
): AsyncGenerator<ComparedPage> {
  const masters = mastersOf(places, comparison);
  for (const master of masters) {
    for await (const products of productPages(master)) {
      yield { compared: products.length, differences: await compareProducts(places, products, master) };
    }
  }
  if (!places.isMade) return;
  for await (const items of ownerPages(places.target)) {
    const differences: ItemDifference[] = [];
    for (const master of masters) differences.push(...(await surplusOf(master, items)));
    yield { compared: 0, differences };
  }
}

/** Products, wherever they come from, against their items. */
export async function compareProducts(
  { target, rules, isMade }: Pick<CatalogPlaces, 'target' | 'rules' | 'isMade'>,
  products: readonly Product[],
  { owner, rules: isRuled, keepsOwners }: Say,
): Promise<ItemDifference[]> {
  const skus = products.map(({ sku }) => sku);
  const items = isMade ? await itemsOf(target, skus) : new Map<string, StoredItem>();
  return products.flatMap((product): ItemDifference[] => {
    const { sku } = product;
    const item = items.get(sku);
    if (!isRuled(item?.owner ?? null)) return [];
    if (item === undefined) return [{ sku, kind: 'missing', what: 'is missing', owner }];
    const what = itemDifference(itemOf(product, rules), item);
    if (what === null) return [];
    const via = keepsOwners && item.owner !== 'other' ? item.owner : owner;
    return [{ sku, kind: 'different', what, owner: via }];
  });
}

async function surplusOf(
  master: Master,
  items: readonly Pick<StoredItem, 'sku' | 'owner'>[],
): Promise<ItemDifference[]> {
  const own = items.filter(({ owner }) => master.removes.includes(owner));
  if (own.length === 0) return [];
  const there = await skusIn(
    master,
    own.map(({ sku }) => sku),
  );
  return own
    .filter(({ sku }) => !there.has(sku))
    .map(({ sku, owner }) => surplusItem(sku, owner === 'feed' ? 'feed' : 'products'));
}

export function surplusItem(sku: string, owner: SnapshotOrigin): ItemDifference {
  return { sku, kind: 'surplus', what: 'is there without a product', owner };
}

function mastersOf({ source, target }: CatalogPlaces, comparison: Comparison): Master[] {
  const products = { client: source, table: 'public.products', owner: 'products' } as const;
  const feed = { client: target, table: 'analytics.catalog_feed', owner: 'feed' } as const;
  const all = (): boolean => true;
  switch (comparison.with) {
    case 'products':
      return [{ ...products, rules: all, removes: ['products'], keepsOwners: false }];
    case 'feed':
      return [{ ...feed, rules: all, removes: ['feed'], keepsOwners: false }];
    case 'owners':
      return [
        { ...products, rules: (owner) => owner !== 'feed', removes: ['products'], keepsOwners: false },
        {
          ...feed,
          rules: (owner) => owner === 'feed' || owner === null,
          removes: ['feed'],
          keepsOwners: false,
        },
      ];
    case 'snapshot': {
      const { snapshot, origin: owner } = comparison;
      const table = snapshotTable(snapshot);
      return [{ client: target, table, owner, rules: all, removes: ['products', 'feed'], keepsOwners: true }];
    }
  }
}
