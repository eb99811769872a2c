import { z } from 'zod';
import type { Product } from '../items.ts';

const LONGEST = 1_048_576;
const text = z
  .union([z.string(), z.number().transform(String)])
  .nullish()
  .transform(valueOrNull);
const path = z
  .union([z.string(), z.array(z.string()).transform((levels) => JSON.stringify(levels))])
  .nullish()
  .transform(valueOrNull);

/** A line of a feed: our names, and those that shops often use. Other fields are not looked at. */
const feedLine = z.object({
  sku: text,
  id: text,
  name: text,
  title: text,
  manufacturer: text,
  brand: text,
  category_path: path,
  /** The feed's own spelling of the path, where the file keeps it beside a split one. */
  category_raw: path,
  category: path,
  description: text,
  image_url: text,
  image: text,
  price: text,
  currency: text,
  availability: text,
  updated_at: text,
  metadata_version: text,
});

/** CSV has nothing else for a value that is missing. */
function valueOrNull(value: string | null | undefined): string | null {
  return value === undefined || value === '' ? null : value;
}

/** What a line says, or why it says nothing. */
export type FeedRow = { readonly product: Product } | { readonly reason: string };

const PRICE = /^-?\d{1,100}(\.\d{1,100})?$/;
const TIME = /^(\d{4}-\d{2}-\d{2})(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(Z|[+-]\d{2}(?::?\d{2})?)?)?$/;
/** PostgreSQL's own limit; ISO 8601 has more. */
const MAX_OFFSET_HOURS = 15;

export function feedRow(fields: unknown): FeedRow {
  const parsed = feedLine.safeParse(fields);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    return { reason: `${issue?.path.map(String).join('.') || 'the line'}: ${issue?.message ?? 'invalid'}` };
  }
  const product = productOf(parsed.data);
  const reason = problemOf(product);
  return reason === null ? { product } : { reason };
}

function productOf(line: z.output<typeof feedLine>): Product {
  return {
    sku: line.sku ?? line.id ?? '',
    name: line.name ?? line.title,
    manufacturer: line.manufacturer ?? line.brand,
    category_path: line.category_raw ?? line.category_path ?? line.category,
    description: line.description,
    image_url: line.image_url ?? line.image,
    price: line.price?.replace(/^(-?)0+(?=\d)/, '$1') ?? null,
    currency: line.currency,
    availability: line.availability,
    updated_at: line.updated_at === null ? null : inUtc(line.updated_at),
    metadata_version: line.metadata_version,
  };
}

/** A time of day without a zone is UTC, whatever this process's zone is. */
function inUtc(time: string): string {
  const [, day, zone] = TIME.exec(time) ?? [];
  return day === undefined || zone !== undefined || time === day ? time : `${time}Z`;
}

/** What `Date` takes for a time is more than PostgreSQL has: it turns February 30 into March 2. */
function isTime(text: string): boolean {
  const [, day, zone = 'Z'] = TIME.exec(text) ?? [];
  if (day === undefined || Number.isNaN(Date.parse(text)) || day.startsWith('0000')) return false;
  const isDay = new Date(`${day}T00:00:00Z`).toISOString().startsWith(day);
  return isDay && (zone === 'Z' || Number(zone.slice(1, 3)) <= MAX_OFFSET_HOURS);
}

function problemOf(product: Product): string | null {
  if (product.sku === '') return 'sku: it is missing';
  if (product.price !== null && !PRICE.test(product.price))
    return `price: ${JSON.stringify(product.price.slice(0, 40))} is no plain number`;
  const { updated_at: time } = product;
  if (time !== null && !isTime(time))
    return `updated_at: ${JSON.stringify(time.slice(0, 40))} is no ISO 8601 time`;
  for (const [field, value] of Object.entries(product)) {
    if (typeof value !== 'string') continue;
    if (value.includes('\0')) return `${field}: it holds a NUL character`;
    if (value.length > LONGEST) return `${field}: it is longer than ${LONGEST} characters`;
  }
  return null;
}
