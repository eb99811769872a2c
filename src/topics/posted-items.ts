import type { TableId } from '../change/table.ts';
import { murmur2 } from './codec/key-identity.ts';

/** What the items API takes stands in a topic of its own, as changes of this table, which no database has. */
export const POSTED_PRODUCTS: TableId = { schema: 'items_api', name: 'products' };

/** One item that was accepted. */
export interface PostedItem {
  /** The version is a part of the record's key: those of a product are told from each other, in one partition. */
  readonly key: { readonly sku: string; readonly version?: string };
  /** The row, as the products table would have it; null deletes the item. */
  readonly product: Readonly<Record<string, string | null>> | null;
}

interface EncodedItem {
  readonly partition: number;
  readonly key: Buffer;
  readonly value: Buffer;
}

/**
 * A record in the form of Debezium's envelope, as JSON without a schema. It has no position: records of this topic are
 * ordered by their offset.
 */
export function encodePostedItem(
  { key, product }: PostedItem,
  partitions: number,
  nowMs: number,
): EncodedItem {
  const { schema, name: table } = POSTED_PRODUCTS;
  const sku = Buffer.from(key.sku);
  const envelope = {
    before: product === null ? { sku: key.sku } : null,
    after: product,
    source: { connector: 'freshet-items-api', schema, table, lsn: 0, snapshot: 'false', ts_ms: nowMs },
    op: product === null ? 'd' : 'u',
    ts_ms: nowMs,
  };
  return {
    partition: (murmur2(sku, sku.length) & 0x7fffffff) % partitions,
    key: Buffer.from(JSON.stringify(key)),
    value: Buffer.from(JSON.stringify(envelope)),
  };
}
