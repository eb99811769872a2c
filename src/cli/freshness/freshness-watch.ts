import { setTimeout as sleep } from 'node:timers/promises';
import type { Lsn } from '../../change/lsn.ts';
import type { SourceConfig } from '../../config.ts';
import type { Pipeline } from '../../consumers/define-pipeline.ts';
import { consumerGroup } from '../../consumers/pipeline-runner.ts';
import { showFreshness } from '../../metrics/freshness-metrics.ts';
import type { FreshnessReport } from '../../metrics/freshness-report.ts';
import { RateWindow } from '../../metrics/rate-window.ts';
import { LogEnds } from '../../topics/log-ends.ts';
import type { Engine } from '../engine.ts';
import { configuredPipelines } from '../pipelines.ts';
import { besidesOf, type ReadBesides } from './besides.ts';
import { PatientLook } from './patient-look.ts';
import { type Ends, PipelineView } from './pipeline-view.ts';
import { sourceReport } from './source-report.ts';
import { SourceView } from './source-view.ts';
import { TargetView } from './target-view.ts';

const LOOK_MS = 1_000;
const RATE_WINDOW_MS = 10_000;

/** What a process looks at: what it does itself, or, where it does nothing, everything. */
export interface FreshnessScope {
  readonly sources: readonly SourceConfig[];
  readonly pipelines: readonly Pipeline[];
}

/** All that is configured; pipelines whose tables no source captures are left out. */
export function everything(engine: Engine): FreshnessScope {
  const pipelines = configuredPipelines(engine.config).filter((pipeline) => engine.hasSource(pipeline));
  return { sources: engine.config.sources, pipelines };
}

/** Looks every second until the signal, and shows it as metrics and as `/status`. */
export async function watchFreshness(
  engine: Engine,
  scope: FreshnessScope,
  signal: AbortSignal,
): Promise<void> {
  await using watch = new FreshnessWatch(engine, scope);
  while (!signal.aborted) {
    showFreshness(engine.metrics, await watch.look());
    await sleep(LOOK_MS, undefined, { signal }).catch(() => {});
  }
}

/**
 * Looks at sources, topics and targets again and again, and says how fresh everything is. Whatever runs in
 * this process or elsewhere: it asks the databases and Kafka, never a peer. The one place where a
 * FreshnessReport is made.
 */
export class FreshnessWatch implements AsyncDisposable {
  readonly #engine: Engine;
  readonly #ends: LogEnds;
  readonly #endsLook = new PatientLook();
  #lastEnds: Ends = new Map();
  readonly #sources: readonly SourceView[];
  readonly #targets: readonly TargetView[];
  readonly #pipelines: readonly PipelineView[];
  readonly #rates = new RateWindow(RATE_WINDOW_MS);

  constructor(engine: Engine, { sources, pipelines }: FreshnessScope) {
    this.#engine = engine;
    this.#ends = new LogEnds(engine.config.kafka);
    const read = new Set([...sources, ...pipelines.map((pipeline) => engine.sourceOf(pipeline))]);
    const views = new Map([...read].map((source) => [source, new SourceView(engine.config, source)]));
    this.#sources = [...views.values()];
    const targets: TargetView[] = [];
    this.#pipelines = [...Map.groupBy(pipelines, (pipeline) => engine.targetOf(pipeline))].flatMap(
      ([config, ofTarget]) => {
        const target = new TargetView(config, new Map(ofTarget.map((each) => this.#groupOf(each))));
        targets.push(target);
        return ofTarget.flatMap((pipeline) => {
          const source = views.get(engine.sourceOf(pipeline));
          if (source === undefined) return [];
          return new PipelineView(pipeline, this.#groupOf(pipeline)[0], source, target);
        });
      },
    );
    this.#targets = targets;
  }

  /** Where the source's WAL ended at the last look, and when that was by its clock; null where it did not answer. */
  walOf(source: string): { readonly ms: number; readonly lsn: Lsn } | null {
    return this.#sources.find((view) => view.source.name === source)?.clock.last ?? null;
  }

  /** One look. It is `/status` from then on. `everything`: also what is looked at rarely, as it costs more. */
  async look({ everything = false } = {}): Promise<FreshnessReport> {
    const [ends] = await Promise.all([
      this.#lookAtEnds(),
      ...this.#sources.map((source) => source.look()),
      ...this.#targets.map((target) => target.look(everything)),
    ]);
    for (const pipeline of this.#pipelines) pipeline.advance();
    const report = this.#report(ends);
    this.#engine.status.report = report;
    this.#engine.ages.note(report);
    return report;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ends[Symbol.dispose]();
    await Promise.all([...this.#sources, ...this.#targets].map((view) => view[Symbol.asyncDispose]()));
  }

  /** Kafka being away shows at the checkpoint, too. */
  async #lookAtEnds(): Promise<Ends> {
    const topics = [...new Set(this.#pipelines.flatMap((pipeline) => pipeline.topics))];
    if (topics.length === 0) return new Map();
    const asked = this.#endsLook.run(async () => {
      this.#lastEnds = await this.#ends.read(topics);
    });
    const isDone = await asked.catch(() => false);
    return isDone ? this.#lastEnds : new Map();
  }

  #report(ends: Ends): FreshnessReport {
    const nowMs = Date.now();
    this.#rates.note(nowMs, this.#counts());
    const { status } = this.#engine;
    const rates = this.#rates;
    return {
      version: 1,
      at: new Date(nowMs).toISOString(),
      startedAt: status.startedAt,
      sources: this.#sources.map((view) =>
        sourceReport(view, status.knownSource(view.source.name), rates, nowMs),
      ),
      pipelines: this.#pipelines.map((view) =>
        view.report({ nowMs, ends, rates, live: status.knownPipeline(view.pipeline.name) }),
      ),
    };
  }

  #counts(): Map<string, number> {
    const { status } = this.#engine;
    const counts = new Map<string, number>();
    for (const { source, published } of this.#sources) {
      for (const [table, rows] of status.knownSource(source.name)?.publishedByTable ?? [])
        counts.set(`${source.name} table ${table}`, rows);
      for (const plan of published?.plans ?? [])
        counts.set(`${source.name} plan ${plan.request.id}`, plan.rowsPublished);
    }
    for (const { pipeline } of this.#pipelines) {
      const live = status.knownPipeline(pipeline.name);
      if (live === null) continue;
      for (const name of ['applied', 'written', 'unchanged', 'retries'] as const)
        counts.set(`${pipeline.name} ${name}`, live[name]);
      for (const [table, rows] of live.appliedByTable) counts.set(`${pipeline.name} table ${table}`, rows);
    }
    return counts;
  }

  #groupOf(pipeline: Pipeline): [group: string, readBesides: ReadBesides] {
    const { prefix } = this.#engine.sourceOf(pipeline);
    return [consumerGroup(prefix, pipeline), besidesOf(this.#engine.config, pipeline)];
  }
}
