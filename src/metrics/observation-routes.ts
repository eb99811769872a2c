import type { HttpRoute } from './http-server.ts';
import type { LiveStatus } from './live-status.ts';
import type { Metrics } from './metrics.ts';

/** /metrics, /healthz, /readyz and /status. Health is open to everybody: it says nothing but yes or no. */
export function observationRoutes(metrics: Metrics, status: LiveStatus): HttpRoute[] {
  return [
    {
      path: '/metrics',
      methods: ['GET'],
      access: 'token',
      answer: async ({ response }) => {
        const text = await metrics.registry.metrics();
        response.writeHead(200, { 'content-type': metrics.registry.contentType }).end(text);
      },
    },
    {
      path: '/healthz',
      methods: ['GET'],
      access: 'open',
      answer: ({ response }) => {
        response.writeHead(200, { 'content-type': 'text/plain' }).end('ok\n');
      },
    },
    {
      path: '/readyz',
      methods: ['GET'],
      access: 'open',
      answer: ({ response }) => {
        const { isReady } = status;
        response
          .writeHead(isReady ? 200 : 503, { 'content-type': 'text/plain' })
          .end(isReady ? 'ready\n' : 'starting\n');
      },
    },
    {
      path: '/status',
      methods: ['GET'],
      access: 'token',
      answer: ({ response }) => {
        response.writeHead(200, { 'content-type': 'application/json' }).end(`${JSON.stringify(status)}\n`);
      },
    },
  ];
}
