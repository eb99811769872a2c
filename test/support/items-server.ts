import { randomBytes, randomUUID } from 'node:crypto';
import { Webhook } from 'standardwebhooks';
import { Engine } from '../../src/cli/engine.ts';
import { httpRoutes } from '../../src/cli/http-routes.ts';
import { ItemsApi } from '../../src/cli/items-api.ts';
import type { ConfigInput } from '../../src/config-schema.ts';
import { createPostedPipeline } from '../../src/consumers/upsert/posted-pipeline.ts';
import { ITEMS_PATH } from '../../src/items-api/items-routes.ts';
import { HttpServer } from '../../src/metrics/http-server.ts';
import { start } from './running.ts';
import { openShop, type Shop } from './shop.ts';

interface PostOptions {
  readonly headers?: Readonly<Record<string, string>>;
  readonly token?: string | null;
}

interface Posted {
  readonly status: number;
  readonly headers: Headers;
  readonly results: readonly { readonly status: number; readonly error?: string }[];
  readonly detail: string;
}

export const TOKEN = 'a-token-of-a-test';

/** The items API with its pipeline, on a target of its own. */
export class ItemsServerContext implements AsyncDisposable {
  readonly shop: Shop;
  readonly engine: Engine;
  readonly url: string;
  readonly keys: readonly Buffer[];
  readonly #running: AsyncDisposableStack;

  private constructor(
    shop: Shop,
    engine: Engine,
    url: string,
    keys: readonly Buffer[],
    running: AsyncDisposableStack,
  ) {
    this.shop = shop;
    this.engine = engine;
    this.url = url;
    this.keys = keys;
    this.#running = running;
  }

  static async open(settings: ConfigInput['itemsApi'] = {}): Promise<ItemsServerContext> {
    await using starting = new AsyncDisposableStack();
    const shop = starting.use(await openShop(0, { itemsApi: settings, topics: { partitions: 3 } }));
    const keys = [randomBytes(32), randomBytes(32)];
    const itemsApi = { ...shop.config.itemsApi, tokens: [TOKEN], signingKeys: keys };
    const engine = new Engine({ ...shop.config, itemsApi }, () => {});
    const pipeline = createPostedPipeline(null);
    await engine.migrate([pipeline]);
    const api = starting.use(await ItemsApi.open(engine, pipeline));
    const here = { host: '127.0.0.1', port: 0, token: null };
    const server = starting.use(
      await HttpServer.listen(here, [...httpRoutes(engine, [pipeline]), ...api.routes]),
    );
    const consuming = start((signal) => engine.consume(pipeline, signal));
    starting.defer(() => consuming.stop());
    return new ItemsServerContext(shop, engine, `${server.url}${ITEMS_PATH}`, keys, starting.move());
  }

  async post(
    body: string | Uint8Array<ArrayBuffer>,
    { headers = {}, token = TOKEN }: PostOptions = {},
  ): Promise<Posted> {
    const response = await fetch(this.url, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        ...(token === null ? {} : { authorization: `Bearer ${token}` }),
        ...headers,
      },
      body,
    });
    const answer = (await response.json()) as Partial<Posted>;
    const { results = [], detail = '' } = answer;
    return { status: response.status, headers: response.headers, results, detail };
  }

  postItems(items: readonly object[], options: PostOptions = {}): Promise<Posted> {
    return this.post(JSON.stringify({ items }), options);
  }

  /** Headers by which a body is let in. */
  signature(
    body: string,
    { key = 0, at = new Date(), id = `msg_${randomUUID()}` } = {},
  ): Record<string, string> {
    const webhook = new Webhook((this.keys[key] ?? Buffer.alloc(0)).toString('base64'));
    return {
      'webhook-id': id,
      'webhook-timestamp': String(Math.floor(at.getTime() / 1000)),
      'webhook-signature': webhook.sign(id, at, body),
    };
  }

  /** The items as they stand. */
  async items(): Promise<Record<string, unknown>[]> {
    const { rows } = await this.shop.database.pool.query<Record<string, unknown>>(
      'SELECT * FROM public.items ORDER BY sku COLLATE "C"',
    );
    return rows;
  }

  /** Everything that was accepted before is in the items when this resolves. */
  async settled(): Promise<void> {
    const marker = `~${randomUUID()}`;
    const skus = Array.from({ length: 40 }, (_, i) => `${marker}${i}`);
    await this.postItems(skus.map((key) => ({ key, data: {} })));
    const { pool } = this.shop.database;
    const seen = async (): Promise<number> =>
      (await pool.query('SELECT FROM public.items WHERE starts_with(sku, $1)', [marker])).rowCount ?? 0;
    while ((await seen()) < skus.length) await new Promise((resolve) => setTimeout(resolve, 20));
    await pool.query('DELETE FROM public.items WHERE starts_with(sku, $1)', [marker]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#running[Symbol.asyncDispose]();
  }
}
