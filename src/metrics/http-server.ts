import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { FreshetError } from '../runtime/errors.ts';
import { errorMessage, sqlState } from '../runtime/postgres.ts';
import type { LiveStatus } from './live-status.ts';
import type { Metrics } from './metrics.ts';

export interface HttpOptions {
  readonly host: string;
  /** 0: any free port */
  readonly port: number;
}

/** Serves /metrics, /healthz, /readyz and /status. Loopback unless told otherwise. */
export class HttpServer implements AsyncDisposable {
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
  }

  /** Throws PREFLIGHT where the port is taken. */
  static async listen(options: HttpOptions, metrics: Metrics, status: LiveStatus): Promise<HttpServer> {
    const server = createServer((request, response) => {
      answer(request, response, metrics, status).catch((error: unknown) => {
        response.writeHead(500, { 'content-type': 'text/plain' }).end(errorMessage(error));
      });
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

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  metrics: Metrics,
  status: LiveStatus,
): Promise<void> {
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    response.writeHead(405, { allow: 'GET, HEAD' }).end();
    return;
  }
  switch (new URL(request.url ?? '/', 'http://localhost').pathname) {
    case '/metrics':
      response
        .writeHead(200, { 'content-type': metrics.registry.contentType })
        .end(await metrics.registry.metrics());
      return;
    case '/healthz':
      response.writeHead(200, { 'content-type': 'text/plain' }).end('ok\n');
      return;
    case '/readyz':
      response
        .writeHead(status.isReady ? 200 : 503, { 'content-type': 'text/plain' })
        .end(status.isReady ? 'ready\n' : 'starting\n');
      return;
    case '/status':
      response.writeHead(200, { 'content-type': 'application/json' }).end(`${JSON.stringify(status)}\n`);
      return;
    default:
      response
        .writeHead(404, { 'content-type': 'text/plain' })
        .end('not here: see /metrics, /healthz, /readyz, /status\n');
  }
}

function listenError(error: Error, options: HttpOptions): FreshetError {
  const inUse = sqlState(error) === 'EADDRINUSE';
  const what = inUse ? 'is in use' : `cannot be opened: ${errorMessage(error)}`;
  return new FreshetError('PREFLIGHT', `http.port: port ${options.port} on ${options.host} ${what}`, {
    cause: error,
    cure: 'Set http.port (or FRESHET_HTTP_PORT) to another port, or to 0 for any free one.',
  });
}
