import { z } from 'zod';
import type { PostedItem } from '../topics/posted-items.ts';

const NO_NUL = /^[^\u0000]*$/;
const PRICE = /^\d{1,15}(?:\.\d{1,6})?$/;

/** PostgreSQL stores neither NUL nor half a character. */
const text = (max: number) =>
  z
    .string()
    .max(max)
    .regex(NO_NUL, 'must not hold the character NUL')
    .refine((value) => value.isWellFormed(), 'must not hold half of a surrogate pair');

const instant = z.iso
  .datetime({ offset: true })
  .max(40)
  .refine((value) => /^(?!0000)\d{4}-/.test(toUtc(value)), 'must be of the years 1 to 9999');

const product = z
  .strictObject({
    name: text(1_000).nullish(),
    brand: text(300).nullish().describe('as the sender writes it: it is brought into canonical form'),
    category: text(300).nullish().describe('used where there is no category_path'),
    category_path: z
      .union([text(2_000), z.array(text(300)).max(30)])
      .nullish()
      .describe('the levels, outermost first; or one text, such as "A > B > C"'),
    description: text(100_000).nullish(),
    image_url: text(4_000).nullish(),
    price: z
      .union([
        z.string().regex(PRICE, 'must be a decimal number such as "19.90"'),
        z
          .number()
          .min(0)
          .max(1e15)
          .refine((value) => PRICE.test(String(value)), 'must have at most 6 decimals: send it as a text'),
      ])
      .nullish(),
    currency: text(16).nullish(),
    availability: text(100).nullish(),
    updated_at: instant.nullish(),
    metadata_version: text(200).nullish().describe("the sender's; the item gets one of its own content"),
  })
  .describe('the whole product: what is left out is not known, and becomes null');

const item = z
  .strictObject({
    key: text(200).min(1).describe('the product’s SKU'),
    op: z.enum(['upsert', 'delete']).default('upsert'),
    version: text(200)
      .min(1)
      .nullish()
      .describe('an item is left out unless its version, compared byte by byte, is above the key’s last one'),
    idempotency_key: text(500).nullish().describe('not looked at: the request’s own key counts'),
    data: product.nullish(),
  })
  .refine(({ op, data }) => (op === 'upsert') === (data !== null && data !== undefined), {
    path: ['data'],
    message: 'an upsert needs it, a delete has none',
  });

export { item as itemSchema };

/** What of a request's body is looked at before its items. */
export const bodySchema = z.strictObject({ items: z.array(z.unknown()).min(1) });

/** The item as it goes into the topic, or what is wrong with it. */
export function parseItem(input: unknown): PostedItem | { readonly error: string } {
  const parsed = item.safeParse(input);
  if (!parsed.success) return { error: parsed.error.issues.slice(0, 5).map(describeIssue).join('; ') };
  const { key, version, data } = parsed.data;
  return {
    key: { sku: key, ...(version === null || version === undefined ? {} : { version }) },
    product: data === null || data === undefined ? null : columnsOf(key, data),
  };
}

/** A sentence about one fault, beginning with the field. */
export function describeIssue(issue: z.core.$ZodIssue): string {
  const path = issue.path.map(String).join('.');
  const where = path === '' ? '' : `${path.slice(0, 100)}: `;
  if (issue.code !== 'unrecognized_keys') return `${where}${issue.message}`;
  const keys = issue.keys.slice(0, 5).map((key) => JSON.stringify(key.slice(0, 50)));
  return `${where}unknown ${keys.length === 1 ? 'field' : 'fields'} ${keys.join(', ')}`;
}

/** As a row of the products table has them. */
function columnsOf(sku: string, data: z.output<typeof product>): NonNullable<PostedItem['product']> {
  const { name, brand, description, image_url, price, currency, availability, updated_at } = data;
  return {
    sku,
    name: name ?? null,
    manufacturer: brand ?? null,
    category_path: pathText(data),
    description: description ?? null,
    image_url: image_url ?? null,
    price: price === null || price === undefined ? null : String(price),
    currency: currency ?? null,
    availability: availability ?? null,
    updated_at: updated_at === null || updated_at === undefined ? null : toUtc(updated_at),
  };
}

function pathText({ category, category_path: path }: z.output<typeof product>): string | null {
  if (typeof path === 'string') return path;
  const levels = path ?? (category === null || category === undefined ? [] : [category]);
  return levels.length === 0 ? null : JSON.stringify(levels);
}

/** PostgreSQL refuses offsets of 16 hours and more, which ISO 8601 has. Empty for what is no time. */
function toUtc(text: string): string {
  if (text.endsWith('Z')) return text;
  const at = new Date(text);
  return Number.isNaN(at.getTime()) ? '' : at.toISOString();
}
