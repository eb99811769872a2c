import { formatTable } from '../change/table.ts';
import type { AppliedBatch } from './batch-transaction.ts';
import type { AnyChange, Pipeline } from './define-pipeline.ts';
import type { AppliedChange, AppliedOperation, Arrival, ConsumerObserver } from './observer.ts';
import type { Item } from './record-reader.ts';

/** Latencies that are reported of one commit at most. */
const LATENCY_SAMPLE = 64;

/** When a batch was taken up, and when its first try in the target began. Unix milliseconds. */
export interface BatchTimes {
  readonly takenMs: number;
  readonly begunMs: number;
}

/** Tells the observer what became of a batch. */
export class LaneReport {
  readonly #pipeline: Pipeline;
  readonly #observer: ConsumerObserver;
  readonly #written: (rows: number) => void;

  /** `written` hears of every row that a commit changed. */
  constructor(pipeline: Pipeline, observer: ConsumerObserver, written: (rows: number) => void = () => {}) {
    this.#pipeline = pipeline;
    this.#observer = observer;
    this.#written = written;
  }

  applied({ plan, counts, notApplied }: AppliedBatch, items: readonly Item[], times: BatchTimes): void {
    const { name } = this.#pipeline;
    for (const step of plan.steps) {
      if (step.kind === 'changes') this.#changes(step.changes, notApplied);
      else
        for (const source of Object.keys(this.#pipeline.sources))
          this.#observer.applied(name, this.#table(source), step.kind, 1);
    }
    for (const { table, written, unchanged } of counts) {
      this.#observer.written(name, formatTable(table), written, unchanged);
      this.#written(written);
    }
    if (plan.leftOut > 0) this.#observer.skipped(name, 'owed', plan.leftOut);
    const committedMs = Date.now();
    const sampled = sampleOf(items);
    // A lane has one table.
    const [first] = sampled;
    if (first !== undefined)
      this.#observer.arrived(
        name,
        this.#table(first.change.source),
        sampled.map((item) => arrivalOf(item, times, committedMs)),
      );
    this.#observer.changed?.(name, (most) =>
      items
        .filter((item) => item.kind === 'change')
        .filter(({ change }) => !notApplied.has(change))
        .slice(-most)
        .map((item) => this.#appliedChange(item)),
    );
  }

  replayed(records: number): void {
    if (records > 0) this.#observer.skipped(this.#pipeline.name, 'replayed', records);
  }

  deadLetter(code: string): void {
    this.#observer.deadLetter(this.#pipeline.name, code);
  }

  retry(code: string, message: string, attempt: number): void {
    this.#observer.retry(this.#pipeline.name, code);
    if (attempt === 0) this.#observer.log(this.#pipeline.name, 'warn', `trying again: ${message} (${code})`);
  }

  refreshAsked(keys: number): void {
    this.#observer.refreshAsked(this.#pipeline.name, keys);
  }

  log(level: 'info' | 'warn' | 'error', message: string): void {
    this.#observer.log(this.#pipeline.name, level, message);
  }

  #appliedChange({ change, committedUs }: ChangeItem): AppliedChange {
    const { kind, key, snapshot } = change;
    return {
      table: this.#table(change.source),
      kind,
      key,
      row: kind === 'delete' ? null : change.row,
      committedMs: snapshot ? null : Number(committedUs) / 1_000,
    };
  }

  #changes(changes: readonly AnyChange[], notApplied: ReadonlySet<AnyChange>): void {
    const tallies: Tally[] = [];
    let tally: Tally | undefined;
    for (const change of changes) {
      if (notApplied.has(change)) continue;
      const { source, kind } = change;
      // Nearly always that of the change before.
      if (tally?.source !== source || tally.kind !== kind) {
        tally = tallies.find((each) => each.source === source && each.kind === kind);
        if (tally === undefined) tallies.push((tally = { source, kind, changes: 0 }));
      }
      tally.changes++;
    }
    for (const { source, kind, changes: n } of tallies)
      this.#observer.applied(this.#pipeline.name, this.#table(source), kind, n);
  }

  #table(source: string): string {
    const table = this.#pipeline.sources[source]?.table;
    return table === undefined ? source : formatTable(table);
  }
}

type ChangeItem = Extract<Item, { kind: 'change' }>;

/** Changes of one kind of one source. */
interface Tally {
  readonly source: string;
  readonly kind: AppliedOperation;
  changes: number;
}

/** Evenly spread over the batch, the oldest included. A snapshot row's commit lies as far back as its row is old: it says nothing. */
function sampleOf(items: readonly Item[]): ChangeItem[] {
  const stride = Math.max(1, Math.ceil(items.length / LATENCY_SAMPLE));
  const sample: ChangeItem[] = [];
  for (let i = 0; i < items.length; i += stride) {
    const item = items[i];
    if (item?.kind === 'change' && !item.change.snapshot) sample.push(item);
  }
  return sample;
}

function arrivalOf(
  { committedUs, record }: ChangeItem,
  { takenMs, begunMs }: BatchTimes,
  committedMs: number,
): Arrival {
  const atSourceMs = Number(committedUs) / 1_000;
  const publishedMs = Number(record.timestamp);
  return {
    totalMs: Math.max(0, committedMs - atSourceMs),
    sourceMs: Math.max(0, publishedMs - atSourceMs),
    topicMs: Math.max(0, takenMs - publishedMs),
    pipelineMs: begunMs - takenMs,
    sinkMs: committedMs - begunMs,
  };
}
