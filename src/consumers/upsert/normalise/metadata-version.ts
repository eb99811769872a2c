import { hash } from 'node:crypto';

/** What can be hashed: anything JSON can say. Keys with `undefined` count as absent, and absent as null. */
export type Content =
  | string
  | number
  | boolean
  | null
  | undefined
  | readonly Content[]
  | { readonly [key: string]: Content };

type OrderedContent = Readonly<Record<string, string | readonly string[] | undefined>>;

const DIGEST_CHARACTERS = 32;

/**
 * The hash of an item's content: 32 hexadecimal digits (128 bits of SHA-256). Equal content has an equal
 * version, whatever the order of its keys; a changed value, or one moved to another key, has another.
 * A key whose value is null does not count, so that a new optional field leaves old items alone. What is hashed
 * is UTF-8 JSON without spaces, keys in code unit order, a comma behind every value of an object, the last included:
 * `{"brand":"Acme","sku":"1",}`.
 */
export function metadataVersion(content: Content): string {
  return digest(canonicalJson(content));
}

/**
 * The same version, for content whose keys stand in order and whose missing values are `undefined`: the engine
 * then writes its JSON in one go.
 */
export function orderedVersion(content: OrderedContent): string {
  const json = JSON.stringify(content);
  return digest(json === '{}' ? json : `${json.slice(0, -1)},}`);
}

function digest(text: string): string {
  return hash('sha256', text, 'hex').slice(0, DIGEST_CHARACTERS);
}

function canonicalJson(content: Content): string {
  if (content === undefined || content === null) return 'null';
  if (Array.isArray(content)) return `[${content.map(canonicalJson).join(',')}]`;
  if (typeof content !== 'object') return JSON.stringify(content);
  const fields = content as Readonly<Record<string, Content>>;
  let text = '{';
  for (const key of Object.keys(fields).toSorted()) {
    const value = fields[key];
    if (value !== null && value !== undefined) text += `${JSON.stringify(key)}:${canonicalJson(value)},`;
  }
  return `${text}}`;
}
