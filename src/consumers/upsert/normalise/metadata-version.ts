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

const DIGEST_CHARACTERS = 32;

/**
 * The hash of an item's content: 32 hexadecimal digits (128 bits of SHA-256). Equal content has an equal
 * version, whatever the order of its keys; a changed value, or one moved to another key, has another.
 * A key whose value is null does not count, so that a new optional field leaves old items alone.
 */
export function metadataVersion(content: Content): string {
  return hash('sha256', canonicalJson(content), 'hex').slice(0, DIGEST_CHARACTERS);
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
