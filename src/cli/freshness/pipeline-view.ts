import { formatLsn } from '../../change/lsn.ts';
import { formatTable } from '../../change/table.ts';
import type { Pipeline } from '../../consumers/define-pipeline.ts';
import { AppliedThrough } from '../../metrics/applied-through.ts';
import type {
  Freshness,
  LagReport,
  PipelineReport,
  PipelineTableReport,
} from '../../metrics/freshness-report.ts';
import type { PipelineStatus } from '../../metrics/live-status.ts';
import type { RateWindow } from '../../metrics/rate-window.ts';
import { topicName } from '../../topics/names.ts';
import type { GroupProgress } from '../group-progress.ts';
import { NOTHING } from './besides.ts';
import { isoOf, secondsBetween } from './times.ts';
import type { SourceView } from './source-view.ts';
import type { GroupState, TargetView } from './target-view.ts';

/** On an idle source the applied point is a second or three old. */
const BEHIND_AGE_SECONDS = 10;
const BEHIND_LAG_SECONDS = 3;

/** topic → offset behind the last record of each partition */
export type Ends = ReadonlyMap<string, readonly bigint[]>;

interface FollowedTable {
  readonly table: string;
  readonly topic: string;
  readonly applied: AppliedThrough;
}

interface Looked {
  readonly nowMs: number;
  readonly ends: Ends;
  /** Of the process itself; null where it does not run the pipeline. */
  readonly live: PipelineStatus | null;
  readonly rates: RateWindow;
}

/** One pipeline: what is published against what its group has applied. */
export class PipelineView {
  readonly pipeline: Pipeline;
  readonly source: SourceView;
  readonly #group: string;
  readonly #target: TargetView;
  readonly #tables: readonly FollowedTable[];

  constructor(pipeline: Pipeline, group: string, source: SourceView, target: TargetView) {
    this.pipeline = pipeline;
    this.source = source;
    this.#group = group;
    this.#target = target;
    this.#tables = Object.values(pipeline.sources).map(({ table }) => {
      const applied = new AppliedThrough(source.clock);
      source.follow(formatTable(table), applied);
      return { table: formatTable(table), topic: topicName(source.source.prefix, table), applied };
    });
  }

  get topics(): string[] {
    return this.#tables.map(({ topic }) => topic);
  }

  /** To be called after source and target were looked at. */
  advance(): void {
    const state = this.#state;
    if (state === null) return;
    for (const { topic, applied } of this.#tables)
      applied.applied((partition) => state.progress.position(topic, partition));
  }

  report(looked: Looked): PipelineReport {
    const state = this.#state;
    const tables = this.#tables.map((table) => this.#tableReport(table, state, looked));
    const { live, rates, nowMs } = looked;
    const rate = (name: string): number => rates.perSecond(`${this.pipeline.name} ${name}`) ?? 0;
    const appliedThrough = isoOf(oldestOf(this.#tables.map(({ applied }) => applied.throughMs)));
    return {
      name: this.pipeline.name,
      source: this.source.source.name,
      state: worstOf(tables.map((table) => table.state)),
      error: this.#target.error ?? this.source.sourceError ?? this.source.checkpointError,
      appliedThrough,
      ageSeconds: appliedThrough === null ? null : secondsBetween(Date.parse(appliedThrough), nowMs),
      lag: totalLag(tables.map(({ lag }) => lag)),
      tables,
      deadLetters: Object.fromEntries(state?.debts ?? []),
      ...(state?.besides ?? NOTHING),
      coverage: {
        fields: Object.fromEntries(live?.fields ?? []),
        unresolved: Object.fromEntries(live?.unresolved ?? []),
      },
      rates:
        live === null
          ? null
          : {
              appliedPerSecond: rate('applied'),
              writtenPerSecond: rate('written'),
              unchangedPerSecond: rate('unchanged'),
              retriesPerSecond: rate('retries'),
            },
    };
  }

  get #state(): GroupState | null {
    return this.#target.state(this.#group);
  }

  #tableReport(
    { table, topic, applied }: FollowedTable,
    state: GroupState | null,
    { nowMs, ends, live, rates }: Looked,
  ): PipelineTableReport {
    const { throughMs, throughLsn } = applied;
    const publishedMs = this.source.publishedThroughMs;
    const behindMs = throughMs === null || publishedMs === null ? null : publishedMs - throughMs;
    const lag: LagReport = {
      records: state === null ? null : recordsBehind(state.progress, topic, ends.get(topic), applied),
      seconds: behindMs === null ? null : Math.max(0, behindMs / 1_000),
    };
    const ageSeconds = throughMs === null ? null : secondsBetween(throughMs, nowMs);
    return {
      table,
      state: this.#freshness(table, state, ageSeconds, lag),
      appliedThrough: isoOf(throughMs),
      appliedLsn: throughLsn === null ? null : formatLsn(throughLsn),
      ageSeconds,
      lag,
      appliedPerSecond: live === null ? null : rates.perSecond(`${this.pipeline.name} table ${table}`),
    };
  }

  #freshness(table: string, state: GroupState | null, ageSeconds: number | null, lag: LagReport): Freshness {
    const { published } = this.source;
    const found = published?.tables.get(table);
    if (state?.isPaused === true) return 'paused';
    // What is posted was never committed at the source: there is a lag, and no time.
    if (this.pipeline.posted)
      return lag.records === null ? 'unknown' : lag.records === 0 ? 'fresh' : 'behind';
    if (found !== undefined && found.halt !== null) return 'halted';
    if (found?.isComplete === false) return 'backfilling';
    if (ageSeconds === null) return state === null || published === null ? 'unknown' : 'waiting';
    if ((lag.seconds ?? 0) > BEHIND_LAG_SECONDS) return 'behind';
    // Without a stream nothing is published between two refreshes.
    return published?.isSnapshotOnly !== true && ageSeconds > BEHIND_AGE_SECONDS ? 'behind' : 'fresh';
  }
}

/** A marker behind the last record is nothing to apply. */
function recordsBehind(
  progress: GroupProgress,
  topic: string,
  ends: readonly bigint[] | undefined,
  applied: AppliedThrough,
): number | null {
  if (applied.isCaughtUp) return 0;
  if (ends === undefined) return null;
  const behind = ends.map((end, partition) => Number(end - progress.nextOffset(topic, partition)));
  return behind.reduce((sum, each) => sum + Math.max(0, each), 0);
}

/** Null where any is unknown. */
function oldestOf(times: readonly (number | null)[]): number | null {
  const known = times.filter((ms) => ms !== null);
  return known.length === times.length && known.length > 0 ? Math.min(...known) : null;
}

const FROM_WORST: readonly Freshness[] = [
  'unknown',
  'halted',
  'paused',
  'backfilling',
  'waiting',
  'behind',
  'fresh',
];

function worstOf(states: readonly Freshness[]): Freshness {
  return FROM_WORST.find((state) => states.includes(state)) ?? 'waiting';
}

/** Null where any is unknown. */
function totalLag(lags: readonly LagReport[]): LagReport {
  const records = lags.map((lag) => lag.records);
  const seconds = lags.map((lag) => lag.seconds);
  return {
    records: records.includes(null) ? null : records.reduce<number>((sum, each) => sum + (each ?? 0), 0),
    seconds: seconds.includes(null) ? null : Math.max(0, ...seconds.map((each) => each ?? 0)),
  };
}
