import type { CaptureConfig, CaptureDependencies } from '../capture/capture-config.ts';
import { runCapture } from '../capture/capture.ts';
import { repartition, type RepartitionRequest } from '../capture/repartition.ts';
import type { PartitionEnds } from '../capture/topic-ends.ts';
import { dropTransientSlot } from '../capture/transient-slot.ts';
import { formatTable } from '../change/table.ts';
import type { Config, SourceConfig } from '../config.ts';
import type { LetterContent } from '../consumers/dead-letters.ts';
import type { Pipeline } from '../consumers/define-pipeline.ts';
import type { ConsumerObserver } from '../consumers/observer.ts';
import { createPipelineRunner, type PipelineRunnerOptions } from '../consumers/pipeline-runner.ts';
import { captureObserver, type Log } from '../metrics/capture-metrics.ts';
import { announcePipeline, consumerObserver } from '../metrics/consumer-metrics.ts';
import { LiveStatus } from '../metrics/live-status.ts';
import { createMetrics } from '../metrics/metrics.ts';
import { AgeHistory } from '../metrics/page/age-history.ts';
import { ChangeSample } from '../metrics/page/change-sample.ts';
import { openTracing } from '../metrics/open-tracing.ts';
import { FreshetError } from '../runtime/errors.ts';
import { type PostgresConfig, connect } from '../runtime/postgres.ts';
import type { Tracing } from '../runtime/tracing.ts';
import { migrateTarget } from '../sinks/schema.ts';
import { sinkFailure } from '../sinks/sink-error.ts';
import { createKafka } from '../topics/kafka.ts';
import { createRegistry, type SchemaRegistryPort } from '../topics/registry.ts';
import { controlPlace } from './control-place.ts';
import { isDivisible } from './pipelines.ts';
import { type ConsumerThread, consumeTogether, threadsBeside } from './threads/consumer-thread.ts';
import { readVersion } from './version.ts';

const HOUR_MS = 3_600_000;

export type LatencyListener = (pipeline: string, samplesMs: readonly number[]) => void;

/** Wires the roles of one process: what each needs from the config, and who hears what they tell. */
export class Engine {
  readonly config: Config;
  readonly metrics = createMetrics();
  readonly status = new LiveStatus();
  /** For people who look at the status page. */
  readonly ages = new AgeHistory();
  readonly changes: ChangeSample;
  readonly log: Log;
  readonly #latencies: LatencyListener;
  /** One for all roles: what a capture of this process registers, its pipelines need not ask for. */
  readonly #registry: SchemaRegistryPort;
  /** Beside this one. */
  readonly #threads: readonly ConsumerThread[];
  #tracing: Promise<Tracing> | null = null;

  constructor(config: Config, log: Log, latencies: LatencyListener = () => {}) {
    this.config = config;
    this.changes = new ChangeSample(config.personalColumns);
    this.log = log;
    this.#registry = createRegistry(config.registry);
    this.#latencies = latencies;
    this.#threads = threadsBeside(config);
  }

  /** Creates what Freshet and the pipelines need in their targets. */
  async migrate(pipelines: readonly Pipeline[]): Promise<void> {
    for (const [target, needs] of Map.groupBy(pipelines, (pipeline) => this.targetOf(pipeline))) {
      try {
        await using client = await connect(target, 'migrate');
        await migrateTarget(client, needs);
      } catch (error) {
        throw sinkFailure(error);
      }
      for (const pipeline of needs) await pipeline.prepare?.(target);
    }
  }

  /** The database that a pipeline writes to. */
  targetOf(pipeline: Pipeline): PostgresConfig {
    return pipeline.writesBack ? this.sourceOf(pipeline).writeBack : this.config.target;
  }

  async capture(source: SourceConfig, signal: AbortSignal): Promise<void> {
    const tracing = await this.#openTracing();
    const dependencies = { ...this.#captureDependencies(source), tracing };
    try {
      await runCapture(this.#captureConfig(source), dependencies, signal);
    } finally {
      await tracing?.flush();
    }
  }

  /** Captures until the signal, for one refresh: see `CaptureConfig.transient`. */
  async captureOnce(source: SourceConfig, signal: AbortSignal): Promise<void> {
    const config = { ...this.#captureConfig(source), transient: true };
    await runCapture(config, this.#captureDependencies(source), signal);
  }

  /** Ends what `captureOnce` left at the source. */
  async dropTransientSlot(source: SourceConfig): Promise<boolean> {
    if (source.mode === 'snapshot-only') return false;
    return dropTransientSlot(this.#captureConfig(source), this.#captureDependencies(source));
  }

  /** See `repartition`. */
  async repartition(
    source: SourceConfig,
    request: RepartitionRequest,
    grow: (ends: PartitionEnds) => Promise<void>,
  ): Promise<void> {
    await repartition(this.#captureConfig(source), this.#captureDependencies(source), request, grow);
  }

  /** Runs one pipeline, on as many threads as are configured; waits for topics that a capture has not made yet. */
  async consume(pipeline: Pipeline, signal: AbortSignal): Promise<void> {
    announcePipeline(this.metrics, this.status, pipeline.name);
    const observer = consumerObserver(this.metrics, this.status, this.log, this.#latencies, this.changes);
    const threads = isDivisible(pipeline) ? this.#threads : [];
    const written = { rows: 0 };
    const ofThreads: ConsumerObserver = {
      ...observer,
      written: (name, table, rows, unchanged) => {
        written.rows += rows;
        observer.written(name, table, rows, unchanged);
      },
    };
    const here = (stop: AbortSignal): Promise<void> => this.runMember(pipeline, observer, { written }, stop);
    await consumeTogether(here, threads, pipeline.name, ofThreads, signal);
  }

  /** Runs one member of the pipeline's group, on this thread. `part`: what it is among the members of this process. */
  async runMember(
    pipeline: Pipeline,
    observer: ConsumerObserver,
    part: Pick<PipelineRunnerOptions, 'isFurther' | 'written'>,
    signal: AbortSignal,
  ): Promise<void> {
    const source = this.sourceOf(pipeline);
    const { kafka, consumers } = this.config;
    const tracing = await this.#openTracing();
    const runner = createPipelineRunner({
      pipeline,
      kafka,
      registry: this.#registry,
      target: this.targetOf(pipeline),
      prefix: source.prefix,
      control: controlPlace(this.config, source),
      settings: {
        maxBatchRecords: consumers.maxBatchRecords,
        maxBatchBytes: consumers.maxBatchBytes,
        batchTargetMs: consumers.batchTargetMs,
        poolSize: consumers.connections,
        refreshOwedAfterMs: consumers.refreshOwedAfterMs,
        letterContent: letterContent(this.config),
        deadLetterRetentionMs: consumers.deadLetters.retentionHours * HOUR_MS,
      },
      observer,
      tracing,
      ...part,
    });
    try {
      await runner.run(signal);
    } finally {
      await tracing?.flush();
    }
  }

  /** The configured source that has every table the pipeline reads; what is posted goes under the first one's prefix. */
  sourceOf(pipeline: Pipeline): SourceConfig {
    const source = this.#findSource(pipeline);
    if (source !== undefined) return source;
    const tables = Object.values(pipeline.sources).map(({ table }) => formatTable(table));
    throw new FreshetError(
      'CONFIG_INVALID',
      `pipeline "${pipeline.name}" reads ${tables.join(', ')}, which no source captures`,
      {
        cure: 'Add the tables to sources[].tables of one source.',
      },
    );
  }

  /** Whether a source is configured that `sourceOf` gives. */
  hasSource(pipeline: Pipeline): boolean {
    return this.#findSource(pipeline) !== undefined;
  }

  #findSource(pipeline: Pipeline): SourceConfig | undefined {
    if (pipeline.posted) return this.config.sources[0];
    const tables = Object.values(pipeline.sources).map(({ table }) => formatTable(table));
    return this.config.sources.find((each) => {
      const listed = new Set(each.tables.map(formatTable));
      return tables.every((table) => listed.has(table));
    });
  }

  async #openTracing(): Promise<Tracing | undefined> {
    const { endpoint, sampleRatio } = this.config.tracing;
    if (endpoint === undefined) return undefined;
    this.#tracing ??= openTracing({ endpoint, sampleRatio, version: readVersion() });
    return this.#tracing;
  }

  #captureDependencies(source: SourceConfig): CaptureDependencies {
    const { kafka } = this.config;
    return {
      kafka: createKafka(kafka),
      kafkaConfig: kafka,
      registry: this.#registry,
      observer: captureObserver(source, this.metrics, this.status, this.log),
    };
  }

  #captureConfig(source: SourceConfig): CaptureConfig {
    const { topics, snapshot, stream } = this.config;
    const { transactionTimeoutMs, slotTimeoutMs, watchMs, ...streamSettings } = stream;
    const { retentionHours, ...topicSettings } = topics;
    return {
      ...source,
      snapshotOnly: source.mode === 'snapshot-only',
      topics: { ...topicSettings, retentionMs: retentionHours * HOUR_MS },
      snapshot,
      stream: streamSettings,
      transactionTimeoutMs,
      slotTimeoutMs,
      watchMs,
    };
  }
}

/** Personal columns are masked in dead letters as well, whatever their table is. */
function letterContent({ consumers, personalColumns }: Config): LetterContent {
  const { deadLetters } = consumers;
  const personal = personalColumns.map((name) => name.split('.').at(-1) ?? name);
  return { ...deadLetters, maskedColumns: [...deadLetters.maskedColumns, ...personal] };
}
