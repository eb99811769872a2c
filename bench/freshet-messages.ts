import type { TableId } from '../src/change/table.ts';
import type { ServiceUrls } from '../src/embedded/services.ts';

/** What a Freshet process of a benchmark has to do, with the product's default settings where none is given. */
export interface Job {
  readonly urls: ServiceUrls;
  readonly prefix: string;
  /** Also the publication's name. */
  readonly slot: string;
  readonly partitions: number;
  /** "section.name" → value, where the default is not wanted. */
  readonly settings: Readonly<Record<string, number | string>>;
  /** Captured tables; none: no capture. */
  readonly tables: readonly TableId[];
  /** Whether the upsert pipeline runs too, or another one. */
  readonly consume: boolean | 'transform';
  /** When it is done: what it has committed of a table, or applied by the pipeline. */
  readonly until: Goal;
}

export type Goal =
  | { readonly kind: 'published'; readonly table: string; readonly op: 'r' | 'u'; readonly rows: number }
  | { readonly kind: 'applied'; readonly rows: number }
  /** Every table's snapshot is complete. */
  | { readonly kind: 'snapshots' }
  | { readonly kind: 'never' };

/** Times are milliseconds since 1970. */
export type Report =
  | { readonly type: 'booted' }
  /** The source's stream is open; without capture, the pipeline has its first batch. */
  | { readonly type: 'working'; readonly atMs: number }
  | {
      readonly type: 'done';
      readonly atMs: number;
      readonly commits: number;
      readonly commitMs: number;
      readonly bytes: number;
    }
  | { readonly type: 'failed'; readonly message: string };

export type Order = { readonly type: 'run'; readonly job: Job } | { readonly type: 'stop' };
