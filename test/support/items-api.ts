import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { json } from 'node:stream/consumers';
import { listenHere, type LocalServer } from './local-server.ts';

interface SentItem {
  readonly idempotency_key: string;
  readonly key: string;
  readonly version: string;
  readonly op: 'upsert' | 'delete';
  readonly data: Record<string, unknown> | null;
}

/**
 * What the API does to one request: a status for all of it; a status for each item by its key; or one of the ways
 * in which a server fails. `-after-taking`: everything is taken, and nobody hears of it.
 */
export type Behaviour =
  | { readonly status: number; readonly retryAfter?: string; readonly body?: string }
  | { readonly items: (item: SentItem) => number }
  | 'reset'
  | 'reset-after-taking'
  | 'hang'
  | 'hang-in-the-body'
  | 'cut-in-the-body'
  | 'no-http';

/** An items API on this machine that keeps the highest version of each key, and misbehaves as it is told. */
export class ItemsApi implements AsyncDisposable {
  readonly items = new Map<string, { readonly version: string; readonly data: SentItem['data'] }>();
  readonly requests: {
    readonly atMs: number;
    readonly idempotencyKey: string;
    readonly items: readonly SentItem[];
  }[] = [];
  /** Asked for each request, by its number from 0; undefined takes everything. */
  behaviour: (request: number, items: readonly SentItem[]) => Behaviour | undefined = () => undefined;
  /** Items that were applied, doubles and older ones left out. */
  applied = 0;
  readonly #server: LocalServer;
  readonly #versions = new Map<string, string>();

  private constructor(server: LocalServer) {
    this.#server = server;
  }

  static async start(): Promise<ItemsApi> {
    const server = createServer();
    const api = new ItemsApi(await listenHere(server));
    server.on('request', (request, response) => {
      void api.#answer(request, response).catch(() => response.destroy());
    });
    return api;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#server.port}/v1/items:upsert`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server[Symbol.asyncDispose]();
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { items } = (await json(request)) as { items: SentItem[] };
    const behaviour = this.behaviour(this.requests.length, items);
    const idempotencyKey = String(request.headers['idempotency-key']);
    this.requests.push({ atMs: performance.now(), idempotencyKey, items });
    switch (behaviour) {
      case undefined:
        return this.#results(response, items, () => 200);
      case 'reset':
        return void request.socket.resetAndDestroy();
      case 'reset-after-taking':
        for (const item of items) this.#take(item);
        return void request.socket.resetAndDestroy();
      case 'hang':
        return;
      case 'hang-in-the-body':
        return void response.writeHead(200, { 'content-length': '100' }).write('{"results":[');
      case 'cut-in-the-body':
        response.writeHead(200, { 'content-length': '100' }).write('{"results":[');
        return void setTimeout(() => request.socket.destroy(), 5);
      case 'no-http':
        return void request.socket.end('SSH-2.0-OpenSSH\r\n');
      default:
        if ('items' in behaviour) return this.#results(response, items, behaviour.items);
        response.writeHead(
          behaviour.status,
          behaviour.retryAfter === undefined ? {} : { 'retry-after': behaviour.retryAfter },
        );
        response.end(behaviour.body ?? '');
    }
  }

  #results(response: ServerResponse, items: readonly SentItem[], statusOf: (item: SentItem) => number): void {
    const results = items.map((item) => {
      const status = statusOf(item);
      if (status < 300) this.#take(item);
      return status < 300 ? { status } : { status, error: `item ${item.key} is not welcome` };
    });
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ results }));
  }

  #take({ key, version, op, data }: SentItem): void {
    if ((this.#versions.get(key) ?? '') >= version) return;
    this.#versions.set(key, version);
    this.applied += 1;
    if (op === 'delete') this.items.delete(key);
    else this.items.set(key, { version, data });
  }
}
