import { hash } from 'node:crypto';
import { TextBuffer } from '../../../runtime/text-buffer.ts';

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
  return digest(sortedFields(content), content);
}

/** Gives the same version of content whose keys are known: `keys` in code unit order. */
export function versionOf<K extends string>(keys: readonly K[]): (content: ContentOf<K>) => string {
  const fields = fieldsOf(keys);
  return (content) => digest(fields, content);
}

/** What is hashed is written here and not put together as a text: a text and its UTF-8 would be made for every item. */
const OUT = new TextBuffer();
const QUOTE = 0x22;
const COLON = 0x3a;

function digest<K extends string>(fields: readonly Field<K>[], content: ContentOf<K>): string {
  OUT.clear();
  writeContent(fields, content);
  return hash('sha256', OUT.view(), 'hex').slice(0, DIGEST_CHARACTERS);
}

type ContentOf<K extends string> = Readonly<Record<K, ContentValue>>;

interface Field<K extends string> {
  readonly key: K;
  /** As it is hashed. */
  readonly name: string;
}

function sortedFields(content: Content): Field<string>[] {
  return fieldsOf(Object.keys(content).toSorted());
}

function fieldsOf<K extends string>(keys: readonly K[]): Field<K>[] {
  return keys.map((key) => ({ key, name: `${key.length}:${key}` }));
}

function writeContent<K extends string>(fields: readonly Field<K>[], content: ContentOf<K>): void {
  for (const { key, name } of fields) {
    const value = content[key];
    if (value === null || value === undefined) continue;
    OUT.text(name);
    writeValue(value);
  }
}

function writeValue(value: ContentValue): void {
  if (typeof value === 'string') {
    OUT.byte(QUOTE);
    OUT.digits(value.length);
    OUT.byte(COLON);
    OUT.text(value);
  } else if (typeof value !== 'object' || value === null) OUT.text(`=${String(value)};`);
  else if (isList(value)) {
    OUT.text(`[${value.length}:`);
    for (const item of value) writeValue(item);
  } else {
    OUT.text('{');
    writeContent(sortedFields(value), value);
    OUT.text('}');
  }
}

function isList(value: object): value is readonly ContentValue[] {
  return Array.isArray(value);
}
