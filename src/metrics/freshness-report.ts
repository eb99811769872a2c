/**
 * Is everything here yet, and since when? Made by one function (`cli/freshness/freshness-watch.ts`) for
 * `freshet status --json`, `/status` and the status page. Times are ISO 8601, null where nothing is known.
 */
export interface FreshnessReport {
  readonly version: 1;
  /** When it was looked at. */
  readonly at: string;
  /** The process that looked; rates and coverage are of what it runs itself. */
  readonly startedAt: string;
  readonly sources: readonly SourceReport[];
  readonly pipelines: readonly PipelineReport[];
}

/**
 * `stopped`: nobody holds the slot. `empty`: nothing was ever captured. `unknown`: something that has to be
 * asked does not answer, see `error`.
 */
type SourceState = 'streaming' | 'backfilling' | 'snapshot-only' | 'stopped' | 'empty' | 'unknown';

export interface SourceReport {
  readonly name: string;
  readonly mode: 'stream' | 'snapshot-only';
  readonly state: SourceState;
  readonly error: string | null;
  /** Everything that was committed before it is in the topics. */
  readonly publishedThrough: string | null;
  /** Of the published positions. */
  readonly epoch: number | null;
  readonly lag: { readonly bytes: number | null; readonly seconds: number | null };
  /** Null where the source has none. */
  readonly slot: SlotReport | null;
  readonly tables: readonly SourceTableReport[];
  /** The refreshes that go on, and of the capture's own the last one of each table. */
  readonly snapshots: readonly SnapshotReport[];
  /** Rows that could not be published since this process began, by code; null where it does not capture. */
  readonly rejected: Readonly<Record<string, number>> | null;
}

export interface SlotReport {
  readonly name: string;
  readonly exists: boolean;
  readonly active: boolean;
  /** reserved, extended, unreserved or lost. */
  readonly walStatus: string | null;
  readonly retainedBytes: number;
  /** WAL that may still be written before the slot is lost; null: no limit is set. */
  readonly safeBytes: number | null;
  /** Of the whole server; null before it was looked at twice. */
  readonly walBytesPerSecond: number | null;
  /** Until the slot is lost, were nothing confirmed any more; null where no limit is set. */
  readonly secondsToLoss: number | null;
  /** Refreshes wait, as the slot keeps too much; null where this process does not capture. */
  readonly refreshesHeld: boolean | null;
}

export interface SourceTableReport {
  /** "schema.name". */
  readonly table: string;
  readonly topic: string;
  /** `backfilling`: rows are still missing in the topic. */
  readonly state: 'live' | 'backfilling' | 'halted';
  readonly halt: HaltReport | null;
  /** Of the last refresh that ended, where it failed. */
  readonly failedRefresh: FailedRefreshReport | null;
  /** Null where this process does not capture. */
  readonly publishedPerSecond: number | null;
}

export interface FailedRefreshReport {
  readonly id: string;
  readonly code: string;
  readonly message: string;
  readonly at: string;
}

interface HaltReport {
  readonly code: string;
  readonly message: string;
  readonly cure: string;
  readonly since: string;
}

export interface SnapshotReport {
  readonly id: string;
  readonly table: string;
  /** Somebody asked for it; else the capture needs it. */
  readonly requested: boolean;
  readonly status: 'running' | 'paused' | 'finished' | 'cancelled' | 'failed';
  readonly startedAt: string;
  readonly finishedAt: string | null;
  readonly rowsPublished: number;
  /** The planner's guess; null where it has none. */
  readonly estimatedRows: number | null;
  /** Null before it was looked at twice. */
  readonly rowsPerSecond: number | null;
  readonly etaSeconds: number | null;
}

/**
 * `fresh`: nothing to apply that is older than some seconds. `backfilling`: rows are still missing.
 * `waiting`: nothing was ever applied. `unknown`: the target or Kafka does not answer, see `error`.
 */
export type Freshness = 'fresh' | 'behind' | 'backfilling' | 'halted' | 'paused' | 'waiting' | 'unknown';

export interface PipelineReport {
  readonly name: string;
  readonly source: string;
  readonly state: Freshness;
  readonly error: string | null;
  /** Everything that was committed before it is in the target: the oldest of the tables'. */
  readonly appliedThrough: string | null;
  /** Since `appliedThrough`. */
  readonly ageSeconds: number | null;
  readonly lag: LagReport;
  readonly tables: readonly PipelineTableReport[];
  /** Keys whose row in the target lacks a change, by code: `freshet dlq list`. */
  readonly deadLetters: Readonly<Record<string, number>>;
  /** Null where the pipeline has none, or they cannot be looked at. */
  readonly jobs: JobsReport | null;
  /** Items whose embedding is missing, of another text or too old; null where none are wanted or made. */
  readonly staleEmbeddings: number | null;
  /** What is missing in the target though all is applied; empty where this process does not run the pipeline. */
  readonly coverage: CoverageReport;
  /** Of the last ten seconds; null where this process does not run the pipeline. */
  readonly rates: PipelineRates | null;
}

export interface LagReport {
  /** Published and not applied, transaction markers included; null where nothing is known. */
  readonly records: number | null;
  /** From what is applied to what is published, in time of commit. */
  readonly seconds: number | null;
}

export interface PipelineTableReport {
  /** "schema.name", at the source. */
  readonly table: string;
  readonly state: Freshness;
  readonly appliedThrough: string | null;
  /** The same as a WAL address, like 16/B374D848; null without a stream. */
  readonly appliedLsn: string | null;
  readonly ageSeconds: number | null;
  readonly lag: LagReport;
  /** Null where this process does not run the pipeline. */
  readonly appliedPerSecond: number | null;
}

export interface JobsReport {
  readonly waiting: number;
  readonly scheduled: number;
  readonly running: number;
  readonly failed: number;
  /** Of those that could run, how long the oldest has waited. */
  readonly oldestSeconds: number;
}

interface CoverageReport {
  /** By a field that the pipeline gives. */
  readonly fields: Readonly<Record<string, FieldCoverage>>;
  /** Things that wait for somebody to mend the source, by kind. */
  readonly unresolved: Readonly<Record<string, number>>;
}

export interface FieldCoverage {
  /** Rows that lack the field. */
  readonly missing: number;
  /** Rows in all; of large tables about so many. */
  readonly rows: number;
}

interface PipelineRates {
  readonly appliedPerSecond: number;
  readonly writtenPerSecond: number;
  readonly unchangedPerSecond: number;
  readonly retriesPerSecond: number;
}
