import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { FreshetError } from '../runtime/errors.ts';
import { errorMessage, sqlState } from '../runtime/postgres.ts';
import { HttpAccess, isLoopback } from './http-access.ts';

export interface HttpOptions {
  readonly host: string;
  /** 0: any free port */
  readonly port: number;
  /** What callers have to show; null: nothing, which only loopback allows. */
  readonly token: string | null;
}

interface HttpCall {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly url: URL;
}

/** What is served at one path, matched exactly. */
export interface HttpRoute {
  readonly path: string;
  /** GET answers HEAD as well. */
  readonly methods: readonly ('GET' | 'POST')[];
  /** `token`: for callers who show the token, where there is one. `open`: the route looks after itself. */
  readonly access: 'token' | 'open';
  answer(call: HttpCall): void | Promise<void>;
}

/** Serves what the routes say, on loopback unless told otherwise. */
export class HttpServer implements AsyncDisposable {
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
  }

  /** Throws CONFIG_INVALID where other machines could ask without a token, PREFLIGHT where the port is taken. */
  static async listen(options: HttpOptions, routes: readonly HttpRoute[]): Promise<HttpServer> {
    if (options.token === null && !isLoopback(options.host)) throw tokenMissing(options.host);
    const router = new Router(routes, new HttpAccess(options.token));
    const server = createServer((request, response) => {
      router.answer(request, response).catch((error: unknown) => fail(response, error));
    });
    await new Promise<void>((resolve, reject) => {
      server.once('error', (error) => reject(listenError(error, options)));
      server.listen(options.port, options.host, resolve);
    });
    return new HttpServer(server);
  }

  get url(): string {
    const { address, port, family } = this.#server.address() as AddressInfo;
    return `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }
}

class Router {
  readonly #routes: ReadonlyMap<string, readonly HttpRoute[]>;
  readonly #access: HttpAccess;

  constructor(routes: readonly HttpRoute[], access: HttpAccess) {
    this.#routes = Map.groupBy(routes, ({ path }) => path);
    this.#access = access;
  }

  async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = URL.parse(request.url ?? '/', 'http://localhost');
    if (!this.#access.isNamedRightly(request)) {
      plain(response, 403, `${request.headers.host ?? ''} is not the name of this server: use 127.0.0.1\n`);
      return;
    }
    const method = request.method === 'HEAD' ? 'GET' : request.method;
    const here = this.#routes.get(url?.pathname ?? '') ?? [];
    const route = here.find(({ methods }) => methods.some((each) => each === method));
    if (url === null || here.length === 0) this.#notHere(response);
    else if (route === undefined) {
      response.setHeader('allow', here.flatMap(({ methods }) => methods).join(', '));
      plain(response, 405, `${request.method ?? ''} is not for this path\n`);
    } else if (route.access === 'open' || this.#access.allows(request))
      await route.answer({ request, response, url });
    else this.#refuse(request, response);
  }

  #notHere(response: ServerResponse): void {
    plain(response, 404, `not here: see ${[...this.#routes.keys()].slice(0, 12).join(', ')}\n`);
  }

  /** A person is led to where the token is asked for. */
  #refuse(request: IncomingMessage, response: ServerResponse): void {
    const wantsPage = request.method === 'GET' && (request.headers.accept ?? '').includes('text/html');
    if (wantsPage && this.#routes.has('/login')) response.writeHead(303, { location: '/login' }).end();
    else {
      response.setHeader('www-authenticate', 'Bearer');
      plain(response, 401, 'this needs the token: Authorization: Bearer …\n');
    }
  }
}

function plain(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8' }).end(text);
}

function fail(response: ServerResponse, error: unknown): void {
  if (response.headersSent) response.destroy();
  else plain(response, 500, errorMessage(error));
}

function tokenMissing(host: string): FreshetError {
  return new FreshetError(
    'CONFIG_INVALID',
    `http.host: "${host}" can be reached from other machines, and there is no token`,
    { cure: 'Set FRESHET_HTTP_TOKEN (or FRESHET_HTTP_TOKEN_FILE, or http.token), or leave http.host out.' },
  );
}

function listenError(error: Error, options: HttpOptions): FreshetError {
  const inUse = sqlState(error) === 'EADDRINUSE';
  const what = inUse ? 'is in use' : `cannot be opened: ${errorMessage(error)}`;
  return new FreshetError('PREFLIGHT', `http.port: port ${options.port} on ${options.host} ${what}`, {
    cause: error,
    cure: 'Set http.port (or FRESHET_HTTP_PORT) to another port, or to 0 for any free one.',
  });
}
