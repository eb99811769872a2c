import type pg from 'pg';
import { type Config, type ParsedConfig, resolveConfig } from '../config.ts';
import { generateProducts } from '../demo/generated-products.ts';
import { readCatalog } from '../demo/catalog-source.ts';
import { percentile } from '../demo/percentile.ts';
import { RandomWrites } from '../demo/random-writes.ts';
import { countProducts, createSourceTables, loadProducts } from '../demo/source-tables.ts';
import { verifyCatalog } from '../demo/verify-catalog.ts';
import { type EmbeddedServices, startServices } from '../embedded/services.ts';
import type { Pipeline } from '../consumers/define-pipeline.ts';
import { consumerGroup } from '../consumers/pipeline-runner.ts';
import { HttpServer } from '../metrics/http-server.ts';
import type { LiveStatus } from '../metrics/live-status.ts';
import type { Log } from '../metrics/capture-metrics.ts';
import { isFreshetError } from '../runtime/errors.ts';
import { connect } from '../runtime/postgres.ts';
import { runTogether } from '../runtime/shutdown.ts';
import { waitUntilCaughtUp } from './caught-up.ts';
import { Engine } from './engine.ts';
import { configuredPipelines } from './pipelines.ts';
import type { Progress } from './progress.ts';
import type { Terminal } from './terminal.ts';

export interface DemoSettings {
  readonly parsed: ParsedConfig;
  readonly cacheDir: string | undefined;
  /** Where real data lies; null: generated products. */
  readonly dataFolder: string | null;
  readonly generatedRows: number;
  readonly terminal: Terminal;
  readonly log: Log;
  readonly signal: AbortSignal;
}

interface LagMs {
  readonly p50: number;
  readonly p99: number;
}

/** What `demo --once --json` prints. */
export interface DemoReport {
  readonly rows: {
    readonly source: number;
    readonly snapshot: number;
    readonly stream: number;
    readonly duplicates: number;
  };
  readonly seconds: { readonly start: number; readonly backfill: number };
  /** From commit at the source to commit at the target, of the streamed changes. */
  readonly lag_ms: LagMs;
  readonly mismatches: number;
  readonly dead_letters: number;
  readonly pipelines: Readonly<Record<string, object>>;
}

const SOURCE = 'shop';
const SEED = 20_261_121;
const WRITES = 1_000;
const BACKFILL_TIMEOUT_MS = 3_600_000;

/** Services, source, target and the engine of the demo, ready to run. */
export async function createDemo(settings: DemoSettings): Promise<Demo> {
  const startedAt = performance.now();
  const { parsed, cacheDir, terminal } = settings;
  const services = await startServices({
    dataDir: parsed.dataDir,
    ...(cacheDir === undefined ? {} : { cacheDir }),
    onProgress: (service, state, detail) => {
      if (!terminal.json) terminal.note(`${service}: ${state}${detail === undefined ? '' : ` ${detail}`}`);
    },
  });
  try {
    settings.signal.throwIfAborted();
    const source = { name: SOURCE, tables: ['public.products'], onSlotLoss: 'stop' as const };
    const config = resolveConfig(
      { ...parsed, sources: [source] },
      { FRESHET_CACHE_DIR: cacheDir },
      services.urls,
    );
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
  readonly #pipelines: readonly Pipeline[];
  readonly #stop = new AbortController();
  readonly #startedAt: number;
  readonly #latencies = new Map<string, number[]>();
  #running: Promise<void> = Promise.resolve();
  #server: HttpServer | null = null;
  #duplicates = 0;
  #sourceRows = 0;
  #startSeconds = 0;
  #backfillSeconds = 0;

  constructor(settings: DemoSettings, services: EmbeddedServices, config: Config, startedAt: number) {
    this.#settings = settings;
    this.#services = services;
    this.#startedAt = startedAt;
    this.#pipelines = configuredPipelines(config);
    this.#engine = new Engine(config, settings.log, (pipeline, samples) =>
      this.#latencies.get(pipeline)?.push(...samples),
    );
  }

  get status(): LiveStatus {
    return this.#engine.status;
  }

  /** Tables and rows, where a former run has not left them. */
  async prepare(): Promise<void> {
    const { terminal } = this.#settings;
    await this.#withSource(async (client) => {
      await createSourceTables(client);
      this.#sourceRows = await countProducts(client);
      if (this.#sourceRows > 0) terminal.note(`source: ${this.#sourceRows} products are there from before`);
      else this.#sourceRows = await loadProducts(client, this.#products());
    });
    if (this.#duplicates > 0)
      terminal.note(`source: ${this.#duplicates} rows with a sku that came before were left out`);
    await this.#engine.migrate(this.#pipelines);
    this.#server = await this.#listen();
    this.#startSeconds = (performance.now() - this.#startedAt) / 1_000;
  }

  /** Starts capture and pipelines, and waits until everything is applied. */
  async backfill(progress: Progress): Promise<void> {
    const startedAt = performance.now();
    progress.phase('backfill', this.#sourceRows);
    const [source] = this.#engine.config.sources;
    if (source === undefined) return;
    const signal = AbortSignal.any([this.#settings.signal, this.#stop.signal]);
    this.#running = runTogether(signal, [
      (stop) => this.#engine.capture(source, stop),
      ...this.#pipelines.map((pipeline) => (stop: AbortSignal) => this.#engine.consume(pipeline, stop)),
    ]);
    await this.#orFailure(this.#snapshotFinished());
    await this.#caughtUp();
    this.#backfillSeconds = (performance.now() - startedAt) / 1_000;
  }

  /** 1,000 random inserts, updates and deletes; then source and target are compared. */
  async writeAndVerify(progress: Progress): Promise<DemoReport> {
    progress.phase('1,000 random writes');
    for (const pipeline of this.#pipelines) this.#latencies.set(pipeline.name, []);
    const publishedBefore = this.status.source(SOURCE).published;
    await this.#withSource(async (client) => {
      const { rows } = await client.query<{ sku: string }>('SELECT sku FROM public.products ORDER BY sku');
      const skus = rows.map((row) => row.sku);
      const seed = SEED + Math.floor(Date.now() / 1_000);
      for (const { sql, params } of new RandomWrites({ seed, count: WRITES, skus })) {
        this.#settings.signal.throwIfAborted();
        await client.query(sql, [...params]);
      }
    });
    await this.#caughtUp();
    progress.phase('comparing source and target');
    return this.#report(this.status.source(SOURCE).published - publishedBefore);
  }

  /** Prints what there is to try, and waits for Ctrl-C. */
  async stayUp(progress: Progress): Promise<void> {
    progress.phase('comparing source and target');
    const mismatches = await this.#mismatches();
    const { sourceUrl, targetUrl } = this.#services.urls;
    progress.note(
      `backfill: ${this.#sourceRows} rows in ${this.#backfillSeconds.toFixed(1)} s, ${mismatches} mismatches\n`,
    );
    progress.note(
      [
        'Three things to try:',
        `1. Change a row, and see it arrive within a second:`,
        `   psql '${sourceUrl}' -c "UPDATE products SET price = price + 1, manufacturer = 'ACME™ Inc.' WHERE sku = (SELECT min(sku) FROM products) RETURNING sku"`,
        `   psql '${targetUrl}' -c "SELECT sku, brand, price FROM items WHERE sku = (SELECT min(sku) FROM items)"`,
        `2. Look at the metrics: ${this.#server?.url ?? ''}/metrics, or /status`,
        '3. Stop with Ctrl-C; the next start goes on from here.',
      ].join('\n'),
    );
    progress.phase('live');
    await this.#running;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#running.catch(() => {});
    await this.#server?.[Symbol.asyncDispose]();
    await this.#services.stop();
  }

  #products(): ReturnType<typeof readCatalog> | ReturnType<typeof generateProducts> {
    const { dataFolder, generatedRows } = this.#settings;
    if (dataFolder === null) return generateProducts(generatedRows, SEED);
    return readCatalog(dataFolder, () => (this.#duplicates += 1));
  }

  async #listen(): Promise<HttpServer> {
    const { http } = this.#engine.config;
    try {
      return await HttpServer.listen(http, this.#engine.metrics, this.status);
    } catch (error) {
      if (!isFreshetError(error, 'PREFLIGHT')) throw error;
      return HttpServer.listen({ ...http, port: 0 }, this.#engine.metrics, this.status);
    }
  }

  async #snapshotFinished(): Promise<void> {
    const live = this.status.source(SOURCE);
    while (!live.connected) await pause(this.#settings.signal);
    while ([...live.refreshes.values()].some((refresh) => !refresh.finished))
      await pause(this.#settings.signal);
  }

  async #caughtUp(): Promise<void> {
    const prefix = this.#engine.config.sources[0]?.prefix ?? SOURCE;
    const target = await connect(this.#engine.config.target, 'demo');
    try {
      await this.#withSource((source) =>
        this.#orFailure(
          waitUntilCaughtUp({
            source,
            sourceName: SOURCE,
            target,
            groups: this.#pipelines.map((pipeline) => consumerGroup(prefix, pipeline)),
            status: this.status,
            timeoutMs: BACKFILL_TIMEOUT_MS,
            signal: this.#settings.signal,
          }),
        ),
      );
    } finally {
      await target.end();
    }
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

  async #report(streamed: number): Promise<DemoReport> {
    const live = this.status.source(SOURCE);
    const mismatches = await this.#mismatches();
    const samples = [...this.#latencies.values()].flat();
    const pipelines = this.#pipelines.map(({ name }) => {
      const { applied, written, unchanged, deadLetters, retries } = this.status.pipeline(name);
      const lag_ms = lagOf(this.#latencies.get(name) ?? []);
      return [name, { applied, written, unchanged, dead_letters: deadLetters, retries, lag_ms, mismatches }];
    });
    const deadLetters = this.#pipelines.reduce(
      (sum, { name }) => sum + this.status.pipeline(name).deadLetters,
      live.rejected,
    );
    return {
      rows: {
        source: this.#sourceRows,
        snapshot: live.published - streamed,
        stream: streamed,
        duplicates: this.#duplicates,
      },
      seconds: { start: round(this.#startSeconds), backfill: round(this.#backfillSeconds) },
      lag_ms: lagOf(samples),
      mismatches,
      dead_letters: deadLetters,
      pipelines: Object.fromEntries(pipelines) as Record<string, object>,
    };
  }

  async #mismatches(): Promise<number> {
    const target = await connect(this.#engine.config.target, 'verify');
    try {
      let mismatches = 0;
      await this.#withSource(async (source) => {
        mismatches = await verifyCatalog(source, target, (sku, what) =>
          this.#settings.log('error', `${sku}: ${what}`),
        );
      });
      return mismatches;
    } finally {
      await target.end();
    }
  }

  async #withSource(work: (client: pg.Client) => Promise<void>): Promise<void> {
    const [source] = this.#engine.config.sources;
    if (source === undefined) return;
    const client = await connect(source.connection, 'demo');
    try {
      await work(client);
    } finally {
      await client.end();
    }
  }
}

async function pause(signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  await new Promise((resolve) => setTimeout(resolve, 20));
}

function lagOf(samples: readonly number[]): LagMs {
  return { p50: round(percentile(samples, 0.5)), p99: round(percentile(samples, 0.99)) };
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
