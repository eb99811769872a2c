/** The process of the items benchmark: the items API and its pipeline, with the product's default settings. */
import { Engine } from '../src/cli/engine.ts';
import { ItemsApi } from '../src/cli/items-api.ts';
import { parseConfig, resolveConfig } from '../src/config.ts';
import { createPostedPipeline } from '../src/consumers/upsert/posted-pipeline.ts';
import type { ServiceUrls } from '../src/embedded/services.ts';
import { ITEMS_PATH } from '../src/items-api/items-routes.ts';
import { HttpServer } from '../src/metrics/http-server.ts';
import { serveJob } from './child-main.ts';

interface ItemsJob {
  readonly urls: ServiceUrls;
  readonly prefix: string;
  readonly partitions: number;
  readonly token: string;
}

export type ItemsOrder = { readonly type: 'run'; readonly job: ItemsJob } | { readonly type: 'stop' };
export type ItemsReport =
  | { readonly type: 'listening'; readonly url: string }
  | { readonly type: 'failed'; readonly message: string };

const stop = new AbortController();

async function run({ urls, prefix, partitions, token }: ItemsJob): Promise<void> {
  const input = {
    sources: [{ name: prefix, tables: ['public.products'] }],
    topics: { partitions },
    pipelines: ['items-api'],
  };
  const config = resolveConfig(parseConfig(input, 'the benchmark', {}), {}, urls);
  const engine = new Engine(
    { ...config, itemsApi: { ...config.itemsApi, tokens: [token] } },
    (level, message) => {
      if (level !== 'info') process.stderr.write(`${message}\n`);
    },
  );
  const pipeline = createPostedPipeline(null);
  await engine.migrate([pipeline]);
  await using api = await ItemsApi.open(engine, pipeline);
  await using server = await HttpServer.listen({ host: '127.0.0.1', port: 0, token: null }, api.routes);
  tell({ type: 'listening', url: `${server.url}${ITEMS_PATH}` });
  await engine.consume(pipeline, stop.signal);
}

function tell(report: ItemsReport): void {
  process.send?.(report);
}

serveJob(stop, run, tell);
