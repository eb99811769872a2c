import type pg from 'pg';
import type { Config, Environment, LoadedConfig, SourceConfig } from '../config.ts';
import type { DemoExample, ExampleDatabases } from '../demo/example.ts';
import { demoExamples } from '../demo/examples.ts';
import { ownExample } from '../demo/own-example.ts';
import { type EmbeddedServices, startServices } from '../embedded/services.ts';
import type { Pipeline } from '../consumers/define-pipeline.ts';
import { consumerGroup, topicsOf } from '../consumers/pipeline-runner.ts';
import { HttpServer } from '../metrics/http-server.ts';
import type { LiveStatus } from '../metrics/live-status.ts';
import type { Log } from '../metrics/capture-metrics.ts';
import { isFreshetError } from '../runtime/errors.ts';
import { connect } from '../runtime/postgres.ts';
import { runTogether } from '../runtime/shutdown.ts';
import { waitUntilCaughtUp } from './caught-up.ts';
import {
  type DemoReport,
  type ExampleResult,
  lagOf,
  pipelineReport,
  reportLines,
  round,
  thingsToTry,
} from './demo-report.ts';
import { untilSettled } from './demo-settled.ts';
import { DEMO_SOURCE, demoConfig } from './demo-config.ts';
import { embeddingTasks } from './embeddings.ts';
import { Engine } from './engine.ts';
import { watchFreshness } from './freshness/freshness-watch.ts';
import { httpRoutes } from './http-routes.ts';
import { configuredPipelines, pipelineNamed } from './pipelines.ts';
import type { Progress } from './progress.ts';
import { enqueueDemoLeads } from './score/demo-backfill.ts';
import { workOnScores } from './score/work.ts';
import type { Terminal } from './terminal.ts';

export interface DemoSettings {
  readonly parsed: LoadedConfig;
  readonly env: Environment;
  /** Where real data lies; null: generated rows. */
  readonly dataFolder: string | null;
  readonly generatedRows: number;
  readonly terminal: Terminal;
  readonly log: Log;
  readonly signal: AbortSignal;
}

const SEED = 20_261_121;
const BACKFILL_TIMEOUT_MS = 3_600_000;

/** Services, source, target and the engine of the demo, ready to run. */
export async function createDemo(settings: DemoSettings): Promise<Demo> {
  const startedAt = performance.now();
  const { parsed, terminal } = settings;
  const cacheDir = settings.env.FRESHET_CACHE_DIR;
  const services = await startServices({
    dataDir: parsed.dataDir,
    ...(cacheDir === undefined ? {} : { cacheDir }),
    onProgress: (service, state, detail) => {
      if (!terminal.json) terminal.note(`${service}: ${state}${detail === undefined ? '' : ` ${detail}`}`);
    },
  });
  try {
    settings.signal.throwIfAborted();
    const config = demoConfig(parsed, settings.dataFolder, settings.env, services.urls);
    const demo = new Demo(settings, services, config, startedAt);
    await demo.prepare();
    return demo;
  } catch (error) {
    await services.stop();
    throw error;
  }
}

export class Demo implements AsyncDisposable {
  readonly #settings: DemoSettings;
  readonly #services: EmbeddedServices;
  readonly #engine: Engine;
  readonly #shown: readonly ShownExample[];
  readonly #stop = new AbortController();
  readonly #startedAt: number;
  #running: Promise<void> = Promise.resolve();
  #server: HttpServer | null = null;
  #duplicates = 0;
  #startSeconds = 0;
  #backfillSeconds = 0;

  constructor(settings: DemoSettings, services: EmbeddedServices, config: Config, startedAt: number) {
    this.#settings = settings;
    this.#services = services;
    this.#startedAt = startedAt;
    const pipelines = configuredPipelines(config);
    const known = new Set(demoExamples.map((example) => example.pipeline));
    const own = pipelines.filter(({ name }) => !known.has(name)).map(ownExample);
    this.#shown = [...demoExamples, ...own].map((example) => ({
      example,
      pipeline: pipelineNamed(pipelines, example.pipeline),
      rows: 0,
      latenciesMs: [],
    }));
    this.#engine = new Engine(config, settings.log, (pipeline, samples) =>
      this.#shown.find(({ example }) => example.pipeline === pipeline)?.latenciesMs.push(...samples),
    );
  }

  get status(): LiveStatus {
    return this.#engine.status;
  }

  /** Tables and rows, where a former run has not left them. */
  async prepare(): Promise<void> {
    const { terminal, dataFolder, generatedRows } = this.#settings;
    const data = { folder: dataFolder, generatedRows, seed: SEED };
    await this.#withSource(async (client) => {
      for (const shown of this.#shown) {
        const { example } = shown;
        await example.createTables(client);
        const { rows, duplicates, existing } = await example.fill(client, data);
        shown.rows = rows;
        this.#duplicates += duplicates;
        const name = `${example.pipeline}: ${rows} source rows`;
        if (existing) terminal.note(`${name} are there from before`);
        if (duplicates > 0) terminal.note(`${name}; ${duplicates} whose key came before were left out`);
      }
    });
    await this.#engine.migrate(this.#pipelines);
    await this.#withDatabases(async (databases) => {
      for (const { example } of this.#shown) await example.prepare?.(databases);
    });
    this.#server = await this.#listen();
    this.#startSeconds = (performance.now() - this.#startedAt) / 1_000;
  }

  /** Starts capture and pipelines, and waits until everything is applied. */
  async backfill(progress: Progress): Promise<void> {
    const startedAt = performance.now();
    const since = new Date();
    const examples = this.#shown.map(({ example }) => example);
    progress.phase('backfill', this.#sourceRows);
    const signal = AbortSignal.any([this.#settings.signal, this.#stop.signal]);
    const scope = { sources: [this.#source], pipelines: this.#pipelines };
    this.#running = runTogether(signal, [
      (stop) => this.#engine.capture(this.#source, stop),
      ...this.#shown.map(
        ({ pipeline }) =>
          (stop: AbortSignal) =>
            this.#engine.consume(pipeline, stop),
      ),
      (stop) => workOnScores(this.#engine, stop),
      ...embeddingTasks(this.#engine),
      (stop) => watchFreshness(this.#engine, scope, stop),
    ]);
    await this.#orFailure(this.#snapshotFinished());
    await this.#orFailure(this.#withDatabases((both) => untilSettled(examples, both, since, signal)));
    await this.#orFailure(this.#snapshotFinished());
    await this.#caughtUp();
    await this.#orFailure(enqueueDemoLeads(this.#engine, this.#settings.signal));
    this.#backfillSeconds = (performance.now() - startedAt) / 1_000;
  }

  /** Random inserts, updates and deletes; then source and target are compared. */
  async writeAndVerify(progress: Progress): Promise<{ report: DemoReport; text: string }> {
    progress.phase('random writes');
    for (const { latenciesMs } of this.#shown) latenciesMs.length = 0;
    const streamedBefore = this.#streamed();
    const seed = SEED + Math.floor(Date.now() / 1_000);
    await this.#withSource(async (client) => {
      for (const { example } of this.#shown) await example.write(client, seed, this.#settings.signal);
    });
    await this.#caughtUp();
    progress.phase('comparing source and target');
    const stream = this.#streamed() - streamedBefore;
    const results = await this.#results();
    const report = this.#report(results, stream);
    return {
      report,
      text: reportLines(
        report,
        results.map(({ lines }) => lines),
      ),
    };
  }

  /** Prints what there is to try, and waits for Ctrl-C. */
  async stayUp(progress: Progress): Promise<void> {
    progress.phase('comparing source and target');
    const results = await this.#results();
    const mismatches = sum(results, (result) => result.mismatches);
    const seconds = this.#backfillSeconds.toFixed(1);
    progress.note(`backfill: ${this.#sourceRows} rows in ${seconds} s, ${mismatches} mismatches`);
    for (const line of results.flatMap(({ lines }) => lines)) progress.note(line);
    progress.note(this.#thingsToTry());
    progress.phase('live');
    await this.#running;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#running.catch(() => {});
    await this.#server?.[Symbol.asyncDispose]();
    await this.#services.stop();
  }

  get #source(): SourceConfig {
    const [source] = this.#engine.config.sources;
    if (source === undefined) throw new Error('the demo has no source');
    return source;
  }

  get #pipelines(): Pipeline[] {
    return this.#shown.map(({ pipeline }) => pipeline);
  }

  get #sourceRows(): number {
    return sum(this.#shown, ({ rows }) => rows);
  }

  #thingsToTry(): string {
    const ofExamples = this.#shown.map(({ example }) => example.toTry(this.#services.urls));
    return thingsToTry(ofExamples, this.#server?.url ?? '');
  }

  async #listen(): Promise<HttpServer> {
    const { http } = this.#engine.config;
    try {
      return await HttpServer.listen(http, httpRoutes(this.#engine, this.#pipelines));
    } catch (error) {
      if (!isFreshetError(error, 'PREFLIGHT')) throw error;
      return HttpServer.listen({ ...http, port: 0 }, httpRoutes(this.#engine, this.#pipelines));
    }
  }

  async #snapshotFinished(): Promise<void> {
    const live = this.status.source(DEMO_SOURCE);
    while (!live.connected) await pause(this.#settings.signal);
    while ([...live.refreshes.values()].some((refresh) => !refresh.finished))
      await pause(this.#settings.signal);
  }

  async #caughtUp(): Promise<void> {
    const { prefix } = this.#source;
    await using target = await connect(this.#engine.config.target, 'demo');
    // Of a pipeline that writes back the positions are at the source.
    await using writtenBack = await connect(this.#source.writeBack, 'demo');
    await this.#withSource((source) =>
      this.#orFailure(
        waitUntilCaughtUp({
          source,
          sourceName: DEMO_SOURCE,
          groups: this.#shown.map(({ pipeline }) => ({
            name: consumerGroup(prefix, pipeline),
            topics: topicsOf(prefix, pipeline),
            target: pipeline.writesBack ? writtenBack : target,
          })),
          status: this.status,
          timeoutMs: BACKFILL_TIMEOUT_MS,
          signal: this.#settings.signal,
        }),
      ),
    );
  }

  /** A role that ends meanwhile must not leave us waiting. */
  async #orFailure(work: Promise<void>): Promise<void> {
    const ended = this.#running.then(() => {
      this.#settings.signal.throwIfAborted();
      throw new Error('capture and pipelines ended too early');
    });
    ended.catch(() => {});
    await Promise.race([work, ended]);
  }

  #streamed(): number {
    const { published, refreshed } = this.status.source(DEMO_SOURCE);
    return published - refreshed;
  }

  #report(results: readonly ExampleResult[], stream: number): DemoReport {
    const live = this.status.source(DEMO_SOURCE);
    return {
      rows: {
        source: this.#sourceRows,
        snapshot: live.refreshed,
        stream,
        duplicates: this.#duplicates,
      },
      seconds: { start: round(this.#startSeconds), backfill: round(this.#backfillSeconds) },
      lag_ms: lagOf(results.flatMap(({ latenciesMs }) => latenciesMs)),
      mismatches: sum(results, ({ mismatches }) => mismatches),
      dead_letters: live.rejected + sum(results, ({ status }) => status.deadLetters),
      pipelines: Object.fromEntries(
        results.map((result): [string, object] => [result.pipeline, pipelineReport(result)]),
      ),
    };
  }

  async #results(): Promise<ExampleResult[]> {
    const results: ExampleResult[] = [];
    const differ = (message: string): void => this.#settings.log('error', message);
    await this.#withDatabases(async (databases) => {
      for (const { example, rows, latenciesMs } of this.#shown) {
        const inspection = await example.inspect(databases, differ, this.#engine.config);
        const status = this.status.pipeline(example.pipeline);
        results.push({ pipeline: example.pipeline, rows, latenciesMs, status, ...inspection });
      }
    });
    return results;
  }

  async #withDatabases(work: (databases: ExampleDatabases) => Promise<void>): Promise<void> {
    await using target = await connect(this.#engine.config.target, 'demo');
    await this.#withSource((source) => work({ source, target }));
  }

  async #withSource(work: (client: pg.Client) => Promise<void>): Promise<void> {
    await using client = await connect(this.#source.connection, 'demo');
    await work(client);
  }
}

interface ShownExample {
  readonly example: DemoExample;
  readonly pipeline: Pipeline;
  rows: number;
  readonly latenciesMs: number[];
}

async function pause(signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  await new Promise((resolve) => setTimeout(resolve, 20));
}

function sum<T>(items: readonly T[], of: (item: T) => number): number {
  return items.reduce((total, item) => total + of(item), 0);
}
