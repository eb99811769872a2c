import type { Position } from './position.ts';

/**
 * The value of a column whose TOASTed content the change did not carry (invariant 6). A unique
 * symbol, so that no row can hold it by accident and the compiler tells it from every value.
 */
export const UNAVAILABLE: unique symbol = Symbol('unavailable');
export type Unavailable = typeof UNAVAILABLE;

/** What stands for `UNAVAILABLE` on the wire: Debezium's placeholder. */
export const UNAVAILABLE_TEXT = '__debezium_unavailable_value';

/**
 * A column's value as pipelines see it, whatever the wire format was:
 * - bool → boolean; int2, int4, oid → number; int8 → bigint; float4, float8 → number
 * - numeric, money → string in plain decimal notation, nothing lost ("NaN", "Infinity" as they are)
 * - date → "YYYY-MM-DD"; timestamp → "YYYY-MM-DDTHH:MM:SS[.ffffff]" (no zone);
 *   timestamptz → the same with a trailing "Z"; time, timetz, interval → PostgreSQL's text
 * - bytea → Buffer; arrays → arrays of the above (nested for more dimensions)
 * - everything else (text, uuid, json, jsonb, xml, enums, inet, ranges …) → string, PostgreSQL's text
 */
export type Value = boolean | number | bigint | string | Buffer | null | readonly Value[];

export type Row = Readonly<Record<string, Value>>;
/** A row of which some columns may be `UNAVAILABLE`. */
export type PartialRow = Readonly<Record<string, Value | Unavailable>>;

/** What a refresh record carries in its headers: whose refresh it is, and its options. */
export interface RefreshTag {
  readonly id: string;
  /** The consumer group that asked; null where every group may act. */
  readonly group: string | null;
  readonly options: Readonly<Record<string, string>>;
}

/** Where a change came from; Debezium's `source` block. */
export interface ChangeSource {
  readonly schema: string;
  readonly table: string;
  /** 32-bit for streamed changes; null for snapshot rows. */
  readonly txId: number | null;
  /** Commit time of the transaction, or the time of the snapshot's read, in Unix microseconds. */
  readonly tsUs: bigint;
  readonly snapshot: boolean;
}

/** One change, decoded from a topic. */
export type ChangeRecord =
  | {
      readonly op: 'c' | 'u' | 'r';
      readonly key: Row;
      readonly before: PartialRow | null;
      readonly after: PartialRow;
      readonly source: ChangeSource;
      readonly position: Position;
      readonly refresh: RefreshTag | null;
    }
  | {
      readonly op: 'd';
      readonly key: Row;
      readonly before: PartialRow | null;
      readonly source: ChangeSource;
      readonly position: Position;
      readonly refresh: RefreshTag | null;
    }
  | { readonly op: 't'; readonly source: ChangeSource; readonly position: Position }
  /** Everything of this partition that was last seen before `before` (an epoch) is gone at the source. */
  | { readonly op: 'sweep'; readonly before: number; readonly position: Position };
