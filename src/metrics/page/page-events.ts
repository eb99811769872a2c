import type { FreshnessReport } from '../freshness-report.ts';

/** What `/events` sends, by the event's name. Everything in it is bounded. */
export interface PageEvents {
  /** Once a connection, first. */
  readonly past: PagePast;
  /** Every second: what `freshet status --json` says. */
  readonly now: FreshnessReport;
  /** What is open, whenever that changed. */
  readonly letters: readonly LetterGroup[];
  /** What was applied since the last one. */
  readonly changes: readonly ShownChange[];
}

interface PagePast {
  /** Of the Freshet that serves the page. */
  readonly version: string;
  /** Pipeline → its age over the last minutes, the oldest first. */
  readonly ages: Readonly<Record<string, readonly AgeSample[]>>;
}

/** Unix milliseconds, and seconds; null where nothing was known. */
export type AgeSample = readonly [atMs: number, ageSeconds: number | null];

/** Dead letters of the same cause. */
export interface LetterGroup {
  /** "capture" for what could not be published. */
  readonly pipeline: string;
  /** "schema.name". */
  readonly table: string;
  readonly code: string;
  readonly letters: number;
  /** What the newest one says; null where its letter is gone. */
  readonly cause: string | null;
  /** When the oldest one came. */
  readonly since: string;
  /** What has the rows processed again, once the cause is mended. */
  readonly command: string;
}

export interface ShownChange {
  /** Grows. */
  readonly id: number;
  readonly at: string;
  readonly pipeline: string;
  /** "schema.name". */
  readonly table: string;
  readonly kind: 'upsert' | 'patch' | 'delete';
  readonly key: readonly ShownValue[];
  /** Empty for a delete. */
  readonly row: readonly ShownValue[];
  /** From commit at the source to commit in the target; null for rows of a snapshot. */
  readonly latencyMs: number | null;
}

export interface ShownValue {
  readonly column: string;
  /** Cut where it is long; null where the column is masked. */
  readonly text: string | null;
}
