import { formatLsn, type Lsn } from '../change/lsn.ts';

export interface RefreshStatus {
  readonly published: number;
  /** The planner's guess; −1 where it has none. */
  readonly estimated: number;
  readonly finished: boolean;
}

export interface SourceStatus {
  connected: boolean;
  published: number;
  /** Of the published ones, those that a snapshot or another refresh read. */
  refreshed: number;
  rejected: number;
  passed: Lsn | null;
  throughMs: number;
  lagBytes: number;
  lagSeconds: number;
  retainedBytes: number;
  walStatus: string | null;
  /** Refreshes wait: the slot keeps too much WAL. */
  refreshesHeld: boolean;
  /** topic → the last published position of each partition */
  ends: ReadonlyMap<string, readonly string[]>;
  /** By table; of requested refreshes by the plan's id. */
  readonly refreshes: Map<string, RefreshStatus>;
  /** table → why nothing of it is published */
  readonly halted: Map<string, HaltStatus>;
}

interface HaltStatus {
  readonly code: string;
  readonly message: string;
  readonly cure: string;
  readonly since: string;
}

export interface PipelineStatus {
  applied: number;
  written: number;
  unchanged: number;
  deadLetters: number;
  retries: number;
  /** "topic/partition" → records not applied yet */
  readonly lagRecords: Map<string, number>;
  /** Commit at the source to commit at the sink, of the last batch with live changes. */
  lagMs: number;
}

/** What this process knows of itself right now: for `/status`, the terminal, and `freshet status`. */
export class LiveStatus {
  readonly #sources = new Map<string, SourceStatus>();
  readonly #pipelines = new Map<string, PipelineStatus>();
  readonly startedAt = new Date().toISOString();

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

  toJSON(): object {
    return {
      startedAt: this.startedAt,
      sources: Object.fromEntries([...this.#sources].map(([name, source]) => [name, sourceJson(source)])),
      pipelines: Object.fromEntries(
        [...this.#pipelines].map(([name, pipeline]) => [name, pipelineJson(pipeline)]),
      ),
    };
  }
}

function sourceJson(source: SourceStatus): object {
  const { ends: _, ...shown } = source;
  return {
    ...shown,
    passed: source.passed === null ? null : formatLsn(source.passed),
    refreshes: Object.fromEntries(source.refreshes),
    halted: Object.fromEntries(source.halted),
  };
}

function pipelineJson(pipeline: PipelineStatus): object {
  const records = [...pipeline.lagRecords.values()].reduce((sum, each) => sum + each, 0);
  return { ...pipeline, lagRecords: records };
}

function emptySource(): SourceStatus {
  return {
    connected: false,
    published: 0,
    refreshed: 0,
    rejected: 0,
    passed: null,
    throughMs: 0,
    lagBytes: 0,
    lagSeconds: 0,
    retainedBytes: 0,
    walStatus: null,
    refreshesHeld: false,
    ends: new Map(),
    refreshes: new Map(),
    halted: new Map(),
  };
}

function emptyPipeline(): PipelineStatus {
  return {
    applied: 0,
    written: 0,
    unchanged: 0,
    deadLetters: 0,
    retries: 0,
    lagRecords: new Map(),
    lagMs: 0,
  };
}
