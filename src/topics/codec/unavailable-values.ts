import { createHash } from 'node:crypto';

import { UNAVAILABLE_TEXT, type Value } from '../../change/change.ts';
import { formatDate } from './civil-time.ts';
import { SlabWriter } from './slab-writer.ts';
import type { WireType } from './wire-type.ts';

/*
 * What Debezium puts in place of a TOASTed value that the WAL did not hold, for the types where it does so.
 * Everywhere else it, and we, write null; a reader of our topics goes by the header `freshet.unavailable`.
 */
const PLACEHOLDER = Buffer.from(UNAVAILABLE_TEXT);
/** Arrays of whole numbers hold the placeholder's bytes, one a number. */
const PLACEHOLDER_NUMBERS = [...PLACEHOLDER];
const PLACEHOLDER_DATES = PLACEHOLDER_NUMBERS.map(formatDate);
const PLACEHOLDER_HSTORE = JSON.stringify({ [UNAVAILABLE_TEXT]: UNAVAILABLE_TEXT });
const PLACEHOLDER_UUID = nameUuid(PLACEHOLDER);

const NULL_BRANCH = 0;
const VALUE_BRANCH = 2;

/** The Avro bytes, union branch included, of an unavailable value of an optional column. */
export function encodeUnavailable(type: WireType): Buffer {
  const out = new SlabWriter(1024);
  out.begin();
  out.byte(isMarked(type) ? VALUE_BRANCH : NULL_BRANCH);
  writePlaceholder(type, out);
  return out.finish();
}

/** Whether a decoded value is one of Debezium's placeholders. Only for topics that Freshet did not write. */
export function isPlaceholder(value: Value): boolean {
  if (typeof value === 'string') return value === UNAVAILABLE_TEXT || value === PLACEHOLDER_HSTORE;
  if (Buffer.isBuffer(value)) return value.equals(PLACEHOLDER);
  if (!Array.isArray(value)) return false;
  const items: readonly Value[] = value;
  if (items.length === 1)
    return items[0] === PLACEHOLDER_UUID || (items[0] !== undefined && isPlaceholder(items[0]));
  if (items.length !== PLACEHOLDER_NUMBERS.length) return false;
  return items.every((item, i) =>
    typeof item === 'string' ? item === PLACEHOLDER_DATES[i] : Number(item) === PLACEHOLDER_NUMBERS[i],
  );
}

function isMarked(type: WireType): boolean {
  switch (type.kind) {
    case 'string':
    case 'json':
    case 'xml':
    case 'bytes':
    case 'hstore':
      return true;
    case 'array':
      return ['int32', 'int64', 'date', 'uuid', 'string', 'json', 'xml', 'bytes'].includes(type.element.kind);
    default:
      return false;
  }
}

function writePlaceholder(type: WireType, out: SlabWriter): void {
  if (!isMarked(type)) return;
  if (type.kind === 'array') writePlaceholderArray(type.element, out);
  else if (type.kind === 'hstore') out.string(PLACEHOLDER_HSTORE);
  else out.bytes(PLACEHOLDER, 0, PLACEHOLDER.length);
}

function writePlaceholderArray(element: WireType, out: SlabWriter): void {
  const isNumber = element.kind === 'int32' || element.kind === 'int64' || element.kind === 'date';
  out.long(isNumber ? PLACEHOLDER_NUMBERS.length : 1);
  for (const number of isNumber ? PLACEHOLDER_NUMBERS : []) {
    out.byte(VALUE_BRANCH);
    out.long(number);
  }
  if (!isNumber) {
    out.byte(VALUE_BRANCH);
    if (element.kind === 'uuid') out.string(PLACEHOLDER_UUID);
    else writePlaceholder(element, out);
  }
  out.byte(0);
}

/** java.util.UUID.nameUUIDFromBytes: MD5 with version 3 and the IETF variant. */
function nameUuid(name: Buffer): string {
  const hash = createHash('md5').update(name).digest();
  hash[6] = ((hash[6] ?? 0) & 0x0f) | 0x30;
  hash[8] = ((hash[8] ?? 0) & 0x3f) | 0x80;
  return hash.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}
