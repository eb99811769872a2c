import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { Engine } from '../src/cli/engine.ts';
import { workOnScores } from '../src/cli/score/work.ts';
import type { BenchContext } from './bench-context.ts';
import { type Figures, percentile } from './figures.ts';
import { scoreConfig, startRoles } from './score-roles.ts';

const RATE = 50;
const SECONDS = 10;
const ANSWER = JSON.stringify({
  choices: [{ index: 0, message: { role: 'assistant', content: '{"score": 5, "reasons": ["bench"]}' } }],
});

/** How the endpoint answers; `hanging`: never. */
const WAYS = ['good', 'hanging'] as const;

/**
 * What the INSERT of a message takes, as a webhook does it, while capture, pipeline and worker run beside
 * it: with an endpoint that answers, and with one that takes requests and says nothing.
 */
export async function insertsBesideEndpoint(context: BenchContext): Promise<Figures> {
  const figures: Record<string, number> = {};
  for (const way of WAYS) {
    const times = await insertTimes(context, way);
    figures[`insert.${way}.p50_ms`] = percentile(times, 0.5);
    figures[`insert.${way}.p99_ms`] = percentile(times, 0.99);
    figures[`insert.${way}.max_ms`] = times.at(-1) ?? Number.NaN;
  }
  return figures;
}

async function insertTimes(context: BenchContext, way: (typeof WAYS)[number]): Promise<number[]> {
  await using endpoint = await startEndpoint(way);
  const config = scoreConfig(context, { endpoint: { url: endpoint.url, model: 'bench' } });
  const engine = new Engine(config, () => {});
  const stop = new AbortController();
  const signal = AbortSignal.any([stop.signal, context.signal]);
  try {
    const { ended } = await startRoles(engine, signal);
    const working = workOnScores(engine, signal);
    working.catch(() => {});
    const times = await insertMessages(context, way);
    if (endpoint.requests() === 0) throw new Error('the endpoint was not asked');
    stop.abort();
    await Promise.all([ended, working]);
    return times.toSorted((a, b) => a - b);
  } finally {
    stop.abort();
    await context.forget(config.sources[0]?.slot ?? '');
  }
}

async function insertMessages({ source, signal }: BenchContext, way: string): Promise<number[]> {
  const times: number[] = [];
  const startedAt = performance.now();
  for (let n = 0; n < RATE * SECONDS; n++) {
    signal.throwIfAborted();
    const at = performance.now();
    await source.query(
      `INSERT INTO messages SELECT $1, id, 'inbound', 'Can you call me today?', clock_timestamp()
         FROM leads WHERE id = $2`,
      [`${way}-${n}`, `l${String(n + 1).padStart(8, '0')}`],
    );
    times.push(performance.now() - at);
    await sleep(Math.max(0, startedAt + ((n + 1) * 1_000) / RATE - performance.now()));
  }
  return times;
}

async function startEndpoint(way: (typeof WAYS)[number]) {
  let requests = 0;
  const server = createServer((request, response) => {
    requests += 1;
    request.resume();
    if (way === 'good') response.writeHead(200, { 'content-type': 'application/json' }).end(ANSWER);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/v1`,
    requests: () => requests,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
