import type { ClientBase } from 'pg';
import type { Product } from '../items.ts';
import { type NormaliseContext, normaliseItem } from '../normalise/normalise-item.ts';
import type { CatalogPlaces } from './compare.ts';
import { itemsOf, type StoredItem } from './item-rows.ts';
import { productPages, type ProductTable, skusIn } from './product-rows.ts';
import type { SnapshotOrigin } from './snapshot-tables.ts';

/** Per cent of the items; what is not listed has no threshold. */
const THRESHOLDS: Readonly<Partial<Record<CoveredField, number>>> = {
  brand: 100,
  category: 100,
  description: 90,
};
const FIELDS = ['brand', 'category', 'description', 'image_url', 'embedding'] as const;

type CoveredField = (typeof FIELDS)[number];

interface FieldCoverage {
  readonly with: number;
  /** Products whose source has a value: of a brand, one that is a brand. */
  readonly in_source: number;
  /** Of those, items that have it. */
  readonly of_in_source: number;
  /** Per cent of all products. */
  readonly percent: number;
  /** Per cent of those whose source has a value. */
  readonly percent_of_source: number;
  readonly threshold: number | null;
  /** Whether all products together reach the threshold. */
  readonly reached: boolean;
  /** Whether those reach it whose source has a value. */
  readonly ok: boolean;
}

type Coverage = Readonly<Record<CoveredField, FieldCoverage>>;

interface CategoryCoverage {
  /** Null: products without a category. */
  readonly category: string | null;
  readonly products: number;
  readonly fields: Coverage;
}

export interface SourceCoverage {
  readonly source: string;
  readonly products: number;
  readonly missing_items: number;
  readonly fields: Coverage;
  /** The largest first. */
  readonly categories: readonly CategoryCoverage[];
}

/** Reads every product beside its item. Products of the feed that the source has, too, count where the item is from. */
export async function catalogCoverage(
  places: CatalogPlaces,
  { signal, progress }: { readonly signal: AbortSignal; readonly progress: (products: number) => void },
): Promise<SourceCoverage[]> {
  const { source, target } = places;
  const tables: readonly (ProductTable & { readonly owner: SnapshotOrigin })[] = [
    { client: source, table: 'public.products', owner: 'products' },
    { client: target, table: 'analytics.catalog_feed', owner: 'feed' },
  ];
  const embeddings = await embeddingsOf(target);
  const found: SourceCoverage[] = [];
  let read = 0;
  for (const table of tables) {
    const tally = new SourceTally(places.rules);
    for await (const products of productPages(table)) {
      signal.throwIfAborted();
      const skus = products.map(({ sku }) => sku);
      const items = await itemsOf(target, skus);
      const embedded = embeddings === null ? NONE : await skusIn(embeddings, skus);
      for (const product of products)
        tally.add(product, items.get(product.sku), embedded.has(product.sku), table.owner);
      progress((read += products.length));
    }
    if (tally.products > 0) found.push(tally.result(table.table));
  }
  return found;
}

const NONE: ReadonlySet<string> = new Set();

/** Null where nobody asked for embeddings. */
async function embeddingsOf(target: ClientBase): Promise<ProductTable | null> {
  const table = 'public.item_embeddings';
  const { rows } = await target.query<{ present: boolean }>('SELECT to_regclass($1) IS NOT NULL AS present', [
    table,
  ]);
  return rows[0]?.present === true ? { client: target, table } : null;
}

class SourceTally {
  readonly #rules: NormaliseContext;
  readonly #all = new FieldTally();
  readonly #categories = new Map<string | null, FieldTally>();
  #missing = 0;

  constructor(rules: NormaliseContext) {
    this.#rules = rules;
  }

  get products(): number {
    return this.#all.products;
  }

  add(product: Product, item: StoredItem | undefined, isEmbedded: boolean, owner: SnapshotOrigin): void {
    if (item !== undefined && item.owner !== 'other' && item.owner !== owner) return;
    if (item === undefined) this.#missing += 1;
    const category = item?.['category'] ?? null;
    const key = typeof category === 'string' ? category : null;
    const tally = this.#categories.get(key) ?? new FieldTally();
    this.#categories.set(key, tally);
    const has = sourceHas(product, this.#rules);
    const isThere = itemHas(item, isEmbedded);
    for (const each of [this.#all, tally]) each.add(has, isThere);
  }

  result(source: string): SourceCoverage {
    const categories = [...this.#categories].map(([category, tally]) => ({ category, ...tally.result }));
    return {
      source,
      missing_items: this.#missing,
      ...this.#all.result,
      categories: categories.toSorted((a, b) => b.products - a.products),
    };
  }
}

type Presence = Readonly<Record<CoveredField, boolean>>;

function noCounts(): Record<CoveredField, number> {
  return { brand: 0, category: 0, description: 0, image_url: 0, embedding: 0 };
}

class FieldTally {
  products = 0;
  readonly #with = noCounts();
  readonly #inSource = noCounts();
  readonly #ofInSource = noCounts();

  add(has: Presence, isThereIn: Presence): void {
    this.products += 1;
    for (const field of FIELDS) {
      const isThere = isThereIn[field];
      if (isThere) this.#with[field] += 1;
      if (!has[field]) continue;
      this.#inSource[field] += 1;
      if (isThere) this.#ofInSource[field] += 1;
    }
  }

  get result(): { readonly products: number; readonly fields: Coverage } {
    const fields = Object.fromEntries(FIELDS.map((field) => [field, this.#coverageOf(field)]));
    return { products: this.products, fields: fields as Record<CoveredField, FieldCoverage> };
  }

  #coverageOf(field: CoveredField): FieldCoverage {
    const threshold = THRESHOLDS[field] ?? null;
    const [withValue, inSource, ofInSource] = [this.#with, this.#inSource, this.#ofInSource].map(
      (counts) => counts[field],
    ) as [number, number, number];
    return {
      with: withValue,
      in_source: inSource,
      of_in_source: ofInSource,
      percent: percent(withValue, this.products),
      percent_of_source: percent(ofInSource, inSource),
      threshold,
      reached: reaches(withValue, this.products, threshold),
      ok: reaches(ofInSource, inSource, threshold),
    };
  }
}

/** A colour in the brand field is no brand, and a path that is only the product's name no category; what is undecided is a value. */
function sourceHas(product: Product, rules: NormaliseContext): Presence {
  const { item, reviews } = normaliseItem(product, rules);
  return {
    brand: item.brand !== null || reviews.some(({ field }) => field === 'brand'),
    category: item.category_path.length > 0,
    description: item.description !== null,
    image_url: item.image_url !== null,
    embedding: item.name !== null || item.description !== null,
  };
}

function itemHas(item: StoredItem | undefined, isEmbedded: boolean): Presence {
  const has = (column: string): boolean => (item?.[column] ?? null) !== null;
  return {
    brand: has('brand'),
    category: has('category'),
    description: has('description'),
    image_url: has('image_url'),
    embedding: item !== undefined && isEmbedded,
  };
}

/** Rounded down: 100 is reached by all only. */
function percent(part: number, whole: number): number {
  return whole === 0 ? 100 : Math.floor((part * 10_000) / whole) / 100;
}

function reaches(part: number, whole: number, threshold: number | null): boolean {
  return threshold === null || part * 100 >= threshold * whole;
}
