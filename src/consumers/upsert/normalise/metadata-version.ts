import { hash } from 'node:crypto';

/** What can be hashed. A key with `undefined` or null counts as absent. */
export type Content = Readonly<Record<string, ContentValue>>;

type ContentValue =
  | string
  | number
  | boolean
  | null
  | undefined
  | readonly ContentValue[]
  | { readonly [key: string]: ContentValue };

const DIGEST_CHARACTERS = 32;

/**
 * The hash of an item's content: 32 hexadecimal digits (128 bits of SHA-256). Equal content has an equal
 * version, whatever the order of its keys; a changed value, or one moved to another key, has another.
 * A key whose value is null does not count, so that a new optional field leaves old items alone. What is hashed
 * is the UTF-8 of every key in code unit order with its value behind it, each text behind its length, so that
 * nothing can be taken for something else: `5:brand"4:Acme3:sku"1:1`.
 */
export function metadataVersion(content: Content): string {
  return orderedVersion(content, Object.keys(content).toSorted());
}

/** The same version, for content whose keys are known: `keys` in code unit order. */
export function orderedVersion<K extends string>(
  content: Readonly<Record<K, ContentValue>>,
  keys: readonly K[],
): string {
  return hash('sha256', fieldsText(content, keys), 'hex').slice(0, DIGEST_CHARACTERS);
}

function fieldsText<K extends string>(fields: Readonly<Record<K, ContentValue>>, keys: readonly K[]): string {
  let text = '';
  for (const key of keys) {
    const value = fields[key];
    if (value !== null && value !== undefined) text += `${key.length}:${key}${valueText(value)}`;
  }
  return text;
}

function valueText(value: ContentValue): string {
  if (typeof value === 'string') return `"${value.length}:${value}`;
  if (typeof value !== 'object' || value === null) return `=${String(value)};`;
  if (!isList(value)) return `{${fieldsText(value, Object.keys(value).toSorted())}}`;
  let text = `[${value.length}:`;
  for (const item of value) text += valueText(item);
  return text;
}

function isList(value: object): value is readonly ContentValue[] {
  return Array.isArray(value);
}
