import type { Lsn } from '../change/lsn.ts';
import type { FieldCoverage, FreshnessReport } from './freshness-report.ts';

export interface RefreshStatus {
  readonly published: number;
  /** The planner's guess; −1 where it has none. */
  readonly estimated: number;
  readonly finished: boolean;
}

export interface SourceStatus {
  connected: boolean;
  published: number;
  readonly publishedByTable: Map<string, number>;
  /** Of the published ones, those that a snapshot or another refresh read. */
  refreshed: number;
  rejected: number;
  readonly rejectedByCode: Map<string, number>;
  passed: Lsn | null;
  /** Refreshes wait: the slot keeps too much WAL. */
  refreshesHeld: boolean;
  /** topic → the last published position of each partition */
  ends: ReadonlyMap<string, readonly string[]>;
  /** By table; of requested refreshes by the plan's id. */
  readonly refreshes: Map<string, RefreshStatus>;
}

export interface PipelineStatus {
  applied: number;
  readonly appliedByTable: Map<string, number>;
  readonly fields: Map<string, FieldCoverage>;
  /** Kind → things that wait for somebody. */
  readonly unresolved: Map<string, number>;
  written: number;
  unchanged: number;
  deadLetters: number;
  retries: number;
  /** Commit at the source to commit at the sink, of the last batch with live changes. */
  lagMs: number;
}

/** What this process knows of itself right now: for the terminal, and as a part of the freshness report. */
export class LiveStatus {
  readonly #sources = new Map<string, SourceStatus>();
  readonly #pipelines = new Map<string, PipelineStatus>();
  readonly startedAt = new Date().toISOString();
  /** The last one; null before the first look. */
  report: FreshnessReport | null = null;

  source(name: string): SourceStatus {
    let source = this.#sources.get(name);
    if (source === undefined) this.#sources.set(name, (source = emptySource()));
    return source;
  }

  pipeline(name: string): PipelineStatus {
    let pipeline = this.#pipelines.get(name);
    if (pipeline === undefined) this.#pipelines.set(name, (pipeline = emptyPipeline()));
    return pipeline;
  }

  /** Null where this process does not capture it. */
  knownSource(name: string): SourceStatus | null {
    return this.#sources.get(name) ?? null;
  }

  /** Null where this process does not run it. */
  knownPipeline(name: string): PipelineStatus | null {
    return this.#pipelines.get(name) ?? null;
  }

  sources(): IterableIterator<SourceStatus> {
    return this.#sources.values();
  }

  pipelines(): IterableIterator<PipelineStatus> {
    return this.#pipelines.values();
  }

  /** Every role of this process does its work: for `/readyz`. */
  get isReady(): boolean {
    return [...this.#sources.values()].every((source) => source.connected);
  }

  toJSON(): FreshnessReport {
    const at = new Date().toISOString();
    return this.report ?? { version: 1, at, startedAt: this.startedAt, sources: [], pipelines: [] };
  }
}

function emptySource(): SourceStatus {
  return {
    connected: false,
    published: 0,
    publishedByTable: new Map(),
    refreshed: 0,
    rejected: 0,
    rejectedByCode: new Map(),
    passed: null,
    refreshesHeld: false,
    ends: new Map(),
    refreshes: new Map(),
  };
}

function emptyPipeline(): PipelineStatus {
  return {
    applied: 0,
    appliedByTable: new Map(),
    fields: new Map(),
    unresolved: new Map(),
    written: 0,
    unchanged: 0,
    deadLetters: 0,
    retries: 0,
    lagMs: 0,
  };
}
