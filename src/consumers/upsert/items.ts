import { z } from 'zod';
import type { Row, Value } from '../../change/change.ts';
import type { RowOf } from '../../sinks/target-row.ts';
import { targetTable } from '../../sinks/target-table.ts';
import { type Content, versionOf } from './normalise/metadata-version.ts';
import {
  type ItemReview,
  type NormaliseContext,
  type NormalisedItem,
  normaliseItem,
} from './normalise/normalise-item.ts';

export const productRow = z.object({
  sku: z.string(),
  name: z.string().nullable(),
  manufacturer: z.string().nullable(),
  category_path: z.string().nullable(),
  description: z.string().nullable(),
  image_url: z.string().nullable(),
  /** Plain decimal notation. */
  price: z.string().nullable(),
  currency: z.string().nullable(),
  availability: z.string().nullable(),
  /** ISO 8601, UTC. */
  updated_at: z.string().nullable(),
  /** The upstream's own version or hash, where the table or the feed has one: a text or a whole number. */
  metadata_version: z
    .union([z.string(), z.number().transform(String), z.bigint().transform(String)])
    .nullish(),
});

export type Product = z.output<typeof productRow>;

export const itemsTable = targetTable({
  name: 'items',
  columns: [
    { name: 'sku', type: 'text', notNull: true },
    { name: 'name', type: 'text' },
    { name: 'brand', type: 'text' },
    { name: 'category', type: 'text' },
    { name: 'category_id', type: 'text' },
    { name: 'category_confidence', type: 'numeric' },
    { name: 'category_path', type: 'text[]' },
    { name: 'description', type: 'text' },
    { name: 'image_url', type: 'text' },
    { name: 'price', type: 'numeric' },
    { name: 'currency', type: 'text' },
    { name: 'availability', type: 'text' },
    { name: 'review', type: 'jsonb' },
    { name: 'metadata_version', type: 'text', notNull: true },
    { name: 'updated_at', type: 'timestamptz' },
  ],
  key: ['sku'],
});

/** Columns that the first items did not have, and what the review list is read by. */
export const ITEMS_SQL = `
  ALTER TABLE public.items ADD COLUMN IF NOT EXISTS category_id text,
    ADD COLUMN IF NOT EXISTS category_confidence numeric, ADD COLUMN IF NOT EXISTS review jsonb;
  CREATE INDEX IF NOT EXISTS items_review ON public.items (sku) WHERE review IS NOT NULL`;

type Item = RowOf<typeof itemsTable>;
/** What of an item its version covers: all but the time of the last update, and what people are to look at. */
type ItemContent = Omit<NormalisedItem, 'sku' | 'category_confidence'> & {
  /** As a number, or as it is stored. */
  readonly category_confidence: number | string | null;
};

/** An undecided value, as the review list has it. */
type StoredReview = Pick<ItemReview, 'field' | 'value' | 'reason'> & {
  readonly candidates: readonly string[];
};

export function itemOf(product: Product, rules: NormaliseContext): Item {
  const { item, reviews } = normaliseItem(product, rules);
  return itemRow(product, item, storedReviewsOf(reviews));
}

/** The item of a product of which some columns are not known: those derived of them stay as they are stored. */
export function patchedItem(
  sku: string,
  product: Partial<Product>,
  stored: Row,
  rules: NormaliseContext,
): Item {
  const { item, reviews } = normaliseItem({ ...NOTHING, ...product, sku }, rules);
  const known = (...columns: readonly (keyof Product)[]): boolean =>
    columns.every((column) => column in product);
  const isBrandKnown = known('manufacturer');
  const isPathKnown = known('category_path', 'name', 'manufacturer');
  const stays = (field: ItemReview['field']): boolean => (field === 'brand' ? !isBrandKnown : !isPathKnown);
  const merged = {
    ...item,
    ...(known('name') ? {} : kept(stored, ['name'])),
    ...(isBrandKnown ? {} : kept(stored, ['brand'])),
    // Levels are compared with name and brand: all of them have to be known.
    ...(isPathKnown ? {} : kept(stored, PATH_COLUMNS)),
    ...kept(
      stored,
      PLAIN_COLUMNS.filter((column) => !known(column)),
    ),
  };
  const before = storedReviews(stored['review']).filter(({ field }) => stays(field));
  const now = storedReviewsOf(reviews).filter(({ field }) => !stays(field));
  const updatedAt = product.updated_at ?? textOf(stored['updated_at']);
  return itemRow({ ...product, sku, updated_at: updatedAt }, merged, [...before, ...now]);
}

/** The columns that a field of the items API is made of. */
const MADE_OF = {
  name: ['name'],
  brand: ['manufacturer'],
  category: ['category_path', 'name', 'manufacturer'],
  category_path: ['category_path', 'name', 'manufacturer'],
  description: ['description'],
  image_url: ['image_url'],
  price: ['price'],
  currency: ['currency'],
  availability: ['availability'],
} as const satisfies Partial<Record<keyof ItemContent, readonly (keyof Product)[]>>;

type BodyField = keyof typeof MADE_OF | 'updated_at' | 'metadata_version';

/** The item as an items API takes it; of a product of which some columns are not known, the fields that are. */
export function itemBody(
  sku: string,
  product: Partial<Product>,
  rules: NormaliseContext,
): Partial<Record<BodyField, Content>> {
  const { item } = normaliseItem({ ...NOTHING, ...product, sku }, rules);
  const known = Object.entries(MADE_OF).filter(([, columns]) => columns.every((column) => column in product));
  const fields = known.map(([field]) => [field, item[field as keyof typeof MADE_OF]]);
  if ('updated_at' in product) fields.push(['updated_at', product.updated_at ?? null]);
  // Null: the version that went before is not this content's.
  fields.push(['metadata_version', upstreamVersion(product)]);
  return Object.fromEntries(fields) as Partial<Record<BodyField, Content>>;
}

const PATH_COLUMNS = ['category', 'category_id', 'category_confidence', 'category_path'] as const;
/** What the version is of, in code unit order. */
const VERSIONED = [
  'availability',
  'brand',
  'category',
  'category_confidence',
  'category_id',
  'category_path',
  'currency',
  'description',
  'image_url',
  'name',
  'price',
] as const satisfies readonly (keyof ItemContent)[];
const itemVersion = versionOf(VERSIONED);
const PLAIN_COLUMNS = ['description', 'image_url', 'price', 'currency', 'availability'] as const;

const NOTHING: Product = {
  sku: '',
  name: null,
  manufacturer: null,
  category_path: null,
  description: null,
  image_url: null,
  price: null,
  currency: null,
  availability: null,
  updated_at: null,
};

function kept<K extends keyof ItemContent>(stored: Row, columns: readonly K[]): Pick<ItemContent, K> {
  return Object.fromEntries(columns.map((column) => [column, stored[column] ?? null])) as unknown as Pick<
    ItemContent,
    K
  >;
}

function itemRow(
  product: Pick<Product, 'sku' | 'updated_at' | 'metadata_version'>,
  content: ItemContent,
  reviews: readonly StoredReview[],
): Item {
  const confidence = content.category_confidence;
  // Each column by its name: spreading the content would take longer than all the rest.
  const row = {
    sku: product.sku,
    name: content.name,
    brand: content.brand,
    category: content.category,
    category_id: content.category_id,
    category_confidence: confidence === null ? null : String(confidence),
    category_path: content.category_path,
    description: content.description,
    image_url: content.image_url,
    price: content.price,
    currency: content.currency,
    availability: content.availability,
    review: reviews.length === 0 ? null : JSON.stringify(reviews),
    metadata_version: upstreamVersion(product) ?? '',
    updated_at: product.updated_at,
  };
  if (row.metadata_version === '') row.metadata_version = itemVersion(row);
  return row;
}

function upstreamVersion({ metadata_version: version }: Partial<Product>): string | null {
  return version === undefined || version === '' ? null : version;
}

const NO_REVIEWS: readonly StoredReview[] = [];

function storedReviewsOf(reviews: readonly ItemReview[]): readonly StoredReview[] {
  if (reviews.length === 0) return NO_REVIEWS;
  // A path that is not there is missing, which is another list.
  return reviews.filter(({ reason }) => reason !== 'no-path').map(storedReview);
}

function storedReview({ field, value, reason, candidates }: ItemReview): StoredReview {
  const names = candidates.map((each) => (typeof each === 'string' ? each : each.path.join(' > ')));
  return { field, value, reason, candidates: names };
}

function storedReviews(value: Value | undefined): StoredReview[] {
  return typeof value === 'string' ? (JSON.parse(value) as StoredReview[]) : [];
}

function textOf(value: Value | undefined): string | null {
  return typeof value === 'string' ? value : null;
}
