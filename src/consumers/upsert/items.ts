import { hash } from 'node:crypto';
import { z } from 'zod';
import type { Row, Value } from '../../change/change.ts';
import { targetTable } from '../../sinks/target-table.ts';
import { cleanText, normaliseBrand } from './brand.ts';
import { normaliseCategoryPath } from './category-path.ts';

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
});

export type Product = z.output<typeof productRow>;

export const itemsTable = targetTable({
  name: 'items',
  columns: [
    { name: 'sku', type: 'text', notNull: true },
    { name: 'name', type: 'text' },
    { name: 'brand', type: 'text' },
    { name: 'category', type: 'text' },
    { name: 'category_path', type: 'text[]' },
    { name: 'description', type: 'text' },
    { name: 'image_url', type: 'text' },
    { name: 'price', type: 'numeric' },
    { name: 'currency', type: 'text' },
    { name: 'availability', type: 'text' },
    { name: 'metadata_version', type: 'text', notNull: true },
    { name: 'updated_at', type: 'timestamptz' },
  ],
  key: ['sku'],
});

/** What of an item its version covers: all but the time of the last update. */
interface ItemContent {
  readonly name: Value;
  readonly brand: Value;
  readonly category: Value;
  readonly category_path: Value;
  readonly description: Value;
  readonly image_url: Value;
  readonly price: Value;
  readonly currency: Value;
  readonly availability: Value;
}

export function itemOf(product: Product): Row {
  return itemRow(product.sku, contentOf(product), product.updated_at);
}

/** The item of a product of which some columns are not known: those derived of them stay as they are stored. */
export function patchedItem(sku: string, product: Partial<Product>, stored: Row): Row {
  const known = { ...contentOf({ ...NOTHING, ...product }) };
  const column = (name: keyof ItemContent): Value => stored[name] ?? null;
  const keep = <K extends keyof ItemContent>(names: readonly K[]): Partial<Record<K, Value>> =>
    Object.fromEntries(names.map((name) => [name, column(name)])) as Record<K, Value>;
  const content: ItemContent = {
    ...known,
    ...('name' in product ? {} : keep(['name'])),
    ...('manufacturer' in product ? {} : keep(['brand'])),
    // The path's last level is compared with the name: both have to be known.
    ...('category_path' in product && 'name' in product ? {} : keep(['category', 'category_path'])),
    ...('description' in product ? {} : keep(['description'])),
    ...('image_url' in product ? {} : keep(['image_url'])),
    ...('price' in product ? {} : keep(['price'])),
    ...('currency' in product ? {} : keep(['currency'])),
    ...('availability' in product ? {} : keep(['availability'])),
  };
  return itemRow(sku, content, product.updated_at ?? stored['updated_at'] ?? null);
}

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

function contentOf(product: Product): ItemContent {
  const path = normaliseCategoryPath(product.category_path, product.name);
  return {
    name: cleanText(product.name),
    brand: normaliseBrand(product.manufacturer),
    category: path.at(-1) ?? null,
    category_path: path,
    description: product.description?.trim() ?? null,
    image_url: product.image_url?.trim() ?? null,
    price: product.price,
    currency: product.currency,
    availability: product.availability,
  };
}

function itemRow(sku: string, content: ItemContent, updatedAt: Value): Row {
  return { sku, ...content, metadata_version: versionOf(content), updated_at: updatedAt };
}

/** The same content has the same version, whichever change brought it. 64 bits of SHA-256 in hexadecimal. */
function versionOf(content: ItemContent): string {
  const values = [
    content.name,
    content.brand,
    content.category,
    content.category_path,
    content.description,
    content.image_url,
    content.price,
    content.currency,
    content.availability,
  ];
  return hash('sha256', JSON.stringify(values), 'hex').slice(0, 16);
}
