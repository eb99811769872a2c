import { formatTable } from '../change/table.ts';
import type { Lane } from '../sinks/positions.ts';
import type { FetchedBatch } from '../topics/consumer-batch.ts';
import type { AppliedBatch } from './batch-transaction.ts';
import type { Pipeline } from './define-pipeline.ts';
import type { AppliedOperation, ConsumerObserver } from './observer.ts';
import type { Item } from './record-reader.ts';

/** Latencies that are reported of one commit at most. */
const LATENCY_SAMPLE = 64;

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

  applied(
    lane: Lane,
    { plan, counts, notApplied }: AppliedBatch,
    items: readonly Item[],
    position: string,
  ): void {
    const { name } = this.#pipeline;
    for (const step of plan.steps) {
      if (step.kind === 'changes') this.#changes(step.changes.filter((change) => !notApplied.has(change)));
      else
        for (const source of Object.keys(this.#pipeline.sources))
          this.#observer.applied(name, this.#table(source), step.kind, 1);
    }
    for (const { table, written, unchanged } of counts) {
      this.#observer.written(name, formatTable(table), written, unchanged);
      this.#written(written);
    }
    if (plan.leftOut > 0) this.#observer.skipped(name, 'owed', plan.leftOut);
    this.#observer.appliedThrough(name, lane.topic, lane.partition, position, latencies(items, Date.now()));
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

  lag({ topic, partition, highWatermark, records }: FetchedBatch, nextOffset: bigint): void {
    const behind = highWatermark > nextOffset ? Number(highWatermark - nextOffset) : 0;
    const writtenMs = Number(records.at(-1)?.timestamp ?? Date.now());
    const seconds = behind === 0 ? 0 : Math.max(0, (Date.now() - writtenMs) / 1_000);
    this.#observer.lag(this.#pipeline.name, topic, partition, behind, seconds);
  }

  refreshAsked(keys: number): void {
    this.#observer.refreshAsked(this.#pipeline.name, keys);
  }

  log(level: 'info' | 'warn' | 'error', message: string): void {
    this.#observer.log(this.#pipeline.name, level, message);
  }

  #changes(changes: readonly { readonly source: string; readonly kind: AppliedOperation }[]): void {
    const counts = new Map<string, Map<AppliedOperation, number>>();
    for (const { source, kind } of changes) {
      const ofSource = counts.get(source) ?? new Map<AppliedOperation, number>();
      counts.set(source, ofSource.set(kind, (ofSource.get(kind) ?? 0) + 1));
    }
    for (const [source, kinds] of counts) {
      for (const [kind, n] of kinds)
        this.#observer.applied(this.#pipeline.name, this.#table(source), kind, n);
    }
  }

  #table(source: string): string {
    const table = this.#pipeline.sources[source]?.table;
    return table === undefined ? source : formatTable(table);
  }
}

/** Evenly spread over the batch, the oldest included. A snapshot row's commit lies as far back as its row is old: it says nothing. */
function latencies(items: readonly Item[], nowMs: number): number[] {
  const stride = Math.max(1, Math.ceil(items.length / LATENCY_SAMPLE));
  const sample: number[] = [];
  for (let i = 0; i < items.length; i += stride) {
    const item = items[i];
    if (item?.kind !== 'change' || item.change.snapshot) continue;
    sample.push(Math.max(0, nowMs - Number(item.committedUs) / 1_000));
  }
  return sample;
}
