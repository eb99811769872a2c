import { Engine } from '../../src/cli/engine.ts';
import { watchFreshness } from '../../src/cli/freshness/freshness-watch.ts';
import type { Config } from '../../src/config.ts';
import { upsertPipeline } from '../../src/consumers/upsert/pipeline.ts';
import type { FreshnessReport, PipelineReport } from '../../src/metrics/freshness-report.ts';
import { runTogether } from '../../src/runtime/shutdown.ts';
import type { Tasks } from './during.ts';
import { type Running, start } from './running.ts';
import type { Shop } from './shop.ts';
import { StallingProxy } from './stalling-proxy.ts';

/** Capture, `upsert` and watch of a shop, in this process; `config` as the pipeline and the watch see it. */
export class RunningShop implements AsyncDisposable {
  readonly engine: Engine;
  readonly #running: Running;

  constructor(config: Config) {
    const engine = new Engine(config, () => {});
    this.engine = engine;
    const [source] = config.sources;
    if (source === undefined) throw new Error('the config has no source');
    const scope = { sources: config.sources, pipelines: [upsertPipeline] };
    const tasks: Tasks = [
      (signal) => engine.capture(source, signal),
      (signal) => engine.consume(upsertPipeline, signal),
      (signal) => watchFreshness(engine, scope, signal),
    ];
    this.#running = start((signal) => runTogether(signal, tasks));
  }

  get report(): FreshnessReport | null {
    return this.engine.status.report;
  }

  get pipeline(): PipelineReport | undefined {
    return this.report?.pipelines[0];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#running[Symbol.asyncDispose]();
  }
}

/** The shop's config with a target that can be made to stand still. */
export async function throughProxy(
  shop: Shop,
): Promise<{ readonly proxy: StallingProxy; readonly config: Config }> {
  const url = new URL(shop.database.url);
  const proxy = await StallingProxy.open({ host: url.hostname, port: Number(url.port) });
  url.port = String(proxy.port);
  return { proxy, config: { ...shop.config, target: { url: url.href } } };
}
