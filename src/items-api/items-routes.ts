import { type ServerResponse, STATUS_CODES } from 'node:http';
import type { HttpRoute } from '../metrics/http-server.ts';
import type { ItemsEndpoint } from './items-endpoint.ts';
import type { Problem } from './problem.ts';
import { drain } from './request-body.ts';

interface ItemsRoutesOptions {
  readonly endpoint: Pick<ItemsEndpoint, 'handle'>;
  /** The OpenAPI document. */
  readonly document: object;
  readonly answered: (status: number, seconds: number) => void;
}

export const ITEMS_PATH = '/v1/items:upsert';

/** The endpoint looks after who is let in by itself: its callers are not those of the status page. */
export function itemsRoutes({ endpoint, document, answered }: ItemsRoutesOptions): HttpRoute[] {
  const text = JSON.stringify(document);
  return [
    {
      path: ITEMS_PATH,
      methods: ['POST'],
      access: 'open',
      async answer({ request, response }) {
        const startedAt = performance.now();
        const outcome = await endpoint.handle(request);
        // An answer that comes before the body was read would be lost with the connection.
        if (!request.complete) await drain(request);
        if ('body' in outcome) {
          if (outcome.repeated) response.setHeader('idempotent-replayed', 'true');
          send(response, outcome.status, 'application/json', outcome.body);
        } else sendProblem(response, outcome);
        answered(outcome.status, (performance.now() - startedAt) / 1000);
      },
    },
    {
      path: '/v1/openapi.json',
      methods: ['GET'],
      access: 'open',
      answer: ({ response }) => send(response, 200, 'application/json', text),
    },
  ];
}

function sendProblem(response: ServerResponse, { status, detail, retryAfterSeconds }: Problem): void {
  if (retryAfterSeconds !== null) response.setHeader('retry-after', String(retryAfterSeconds));
  if (status === 401) response.setHeader('www-authenticate', 'Bearer');
  const body = JSON.stringify({ title: STATUS_CODES[status] ?? 'Error', status, detail });
  send(response, status, 'application/problem+json', body);
}

function send(response: ServerResponse, status: number, type: string, body: string): void {
  response.writeHead(status, { 'content-type': type, 'content-length': Buffer.byteLength(body) }).end(body);
}
