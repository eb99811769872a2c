/** The Freshet process of a benchmark: does one job and tells its parent when it works and when it is done. */
import { consumeTogether, threadsBeside } from '../src/cli/threads/consumer-thread.ts';
import { runCapture } from '../src/capture/capture.ts';
import type { CaptureConfig } from '../src/capture/capture-config.ts';
import type { CaptureObserver } from '../src/capture/observer.ts';
import { formatTable } from '../src/change/table.ts';
import { type Config, parseConfig, resolveConfig } from '../src/config.ts';
import type { ConsumerObserver } from '../src/consumers/observer.ts';
import { createPipelineRunner } from '../src/consumers/pipeline-runner.ts';
import { transformPipeline } from '../src/consumers/transform/pipeline.ts';
import { upsertPipeline } from '../src/consumers/upsert/pipeline.ts';
import { captureObserver } from '../src/metrics/capture-metrics.ts';
import { consumerObserver } from '../src/metrics/consumer-metrics.ts';
import { LiveStatus } from '../src/metrics/live-status.ts';
import { createMetrics } from '../src/metrics/metrics.ts';
import { runTogether } from '../src/runtime/shutdown.ts';
import { createKafka } from '../src/topics/kafka.ts';
import { createRegistry, type SchemaRegistryPort } from '../src/topics/registry.ts';
import { serveJob } from './child-main.ts';
import type { Job, Report } from './freshet-messages.ts';

const HOUR_MS = 3_600_000;
const stop = new AbortController();

/** Counts what is committed against the goal. */
class Progress {
  readonly #job: Job;
  #rows = 0;
  #commits = 0;
  #commitMs = 0;
  #bytes = 0;
  #working = false;
  #done = false;
  readonly #finished = new Set<string>();

  constructor(job: Job) {
    this.#job = job;
  }

  working(): void {
    if (!this.#working) tell({ type: 'working', atMs: Date.now() });
    this.#working = true;
  }

  published(table: string, op: string, rows: number): void {
    const { until } = this.#job;
    if (until.kind === 'published' && until.table === table && until.op === op) this.#count(rows, until.rows);
  }

  committed(bytes: number, durationMs: number): void {
    this.#commits += 1;
    this.#commitMs += durationMs;
    this.#bytes += bytes;
  }

  applied(rows: number): void {
    const { until } = this.#job;
    if (until.kind === 'applied') this.#count(rows, until.rows);
  }

  finished(table: string): void {
    this.#finished.add(table);
    if (this.#job.until.kind === 'snapshots' && this.#finished.size === this.#job.tables.length) this.#end();
  }

  #count(rows: number, goal: number): void {
    this.#rows += rows;
    if (this.#rows >= goal) this.#end();
  }

  /** After this turn of the loop, so that the commit that reached the goal is counted. */
  #end(): void {
    if (this.#done) return;
    this.#done = true;
    const atMs = Date.now();
    setImmediate(() =>
      tell({ type: 'done', atMs, commits: this.#commits, commitMs: this.#commitMs, bytes: this.#bytes }),
    );
  }
}

async function run(job: Job): Promise<void> {
  const progress = new Progress(job);
  const config = configOf(job);
  const tasks = [];
  if (job.tables.length > 0) tasks.push((signal: AbortSignal) => capture(config, progress, signal));
  if (job.consume !== false) tasks.push((signal: AbortSignal) => consume(job, config, progress, signal));
  await runTogether(stop.signal, tasks);
}

function configOf({ urls, slot, prefix, tables, partitions, settings }: Job): Config {
  const listed = tables.length === 0 ? ['public.products'] : tables.map(formatTable);
  const source = { name: 'bench', slot, publication: slot, prefix, tables: listed };
  const sections: Record<string, Record<string, number | string>> = { topics: { partitions } };
  for (const [path, value] of Object.entries(settings)) {
    const [section = '', name = ''] = path.split('.');
    sections[section] = { ...sections[section], [name]: value };
  }
  return resolveConfig(parseConfig({ sources: [source], ...sections }, '--set', {}), {}, urls);
}

async function capture(config: Config, progress: Progress, signal: AbortSignal): Promise<void> {
  const { topics, snapshot, stream, kafka } = config;
  const [source] = config.sources;
  if (source === undefined) throw new Error('no source');
  const { transactionTimeoutMs, slotTimeoutMs, watchMs } = stream;
  const settings: CaptureConfig = {
    ...source,
    topics: { ...topics, retentionMs: topics.retentionHours * HOUR_MS },
    snapshot,
    stream,
    transactionTimeoutMs,
    slotTimeoutMs,
    watchMs,
  };
  const product = captureObserver({ name: 'bench', tables: [] }, createMetrics(), new LiveStatus(), log);
  const observer: CaptureObserver = {
    ...product,
    connected: (...told) => {
      product.connected(...told);
      progress.working();
    },
    published: (table, op, rows) => {
      product.published(table, op, rows);
      progress.published(table, op, rows);
    },
    committed: (commit) => {
      product.committed(commit);
      progress.committed(commit.bytes, commit.durationMs);
    },
    progress: (plan) => {
      product.progress(plan);
      if (plan.finishedAt !== null) progress.finished(formatTable(plan.request.table));
    },
  };
  const registry = createRegistry(config.registry);
  await runCapture(settings, { kafka: createKafka(kafka), kafkaConfig: kafka, registry, observer }, signal);
}

async function consume(job: Job, config: Config, progress: Progress, signal: AbortSignal): Promise<void> {
  const product = consumerObserver(createMetrics(), new LiveStatus(), log, () => {});
  const observer: ConsumerObserver = {
    ...product,
    applied: (pipeline, table, op, changes) => {
      product.applied(pipeline, table, op, changes);
      progress.applied(changes);
    },
  };
  const { kafka, target, consumers } = config;
  const registry = firstUse(createRegistry(config.registry), () => progress.working());
  const settings = { maxBatchRecords: consumers.maxBatchRecords, poolSize: consumers.connections };
  const pipeline = job.consume === 'transform' ? transformPipeline(config.transform) : upsertPipeline;
  const runner = createPipelineRunner({
    pipeline,
    kafka,
    registry,
    target,
    prefix: job.prefix,
    settings,
    observer,
  });
  const here = (stop: AbortSignal): Promise<void> => runner.run(stop);
  await consumeTogether(here, threadsBeside(config), pipeline.name, observer, signal);
}

/** The pipeline asks for a schema when its first batch has come: joining the group is start-up. */
function firstUse(registry: SchemaRegistryPort, used: () => void): SchemaRegistryPort {
  return {
    register: (subject, schema) => registry.register(subject, schema),
    schemaById: (id) => {
      used();
      return registry.schemaById(id);
    },
  };
}

function log(level: string, message: string): void {
  if (level !== 'info') process.stderr.write(`freshet ${level}: ${message}\n`);
}

function tell(report: Report): void {
  process.send?.(report);
}

serveJob(stop, run, tell);
tell({ type: 'booted' });
