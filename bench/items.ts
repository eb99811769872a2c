import { Agent, request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { text } from 'node:stream/consumers';
import { connect } from '../src/runtime/postgres.ts';
import type { BenchContext } from './bench-context.ts';
import { BenchChild } from './child-process.ts';
import { clearTarget, verify } from './end-to-end.ts';
import { type ContenderResult, type Figures, percentile, throughputFigures } from './figures.ts';
import type { ItemsOrder, ItemsReport } from './items-child.ts';
import { UsageMeter } from './process-usage.ts';

const ITEMS_PER_REQUEST = 500;
const CONNECTIONS = 4;
const POLL_MS = 250;
const TOKEN = 'the-token-of-the-benchmark';

/** `--rows` items posted in requests of 500 over four connections: until the last one is committed in the items. */
export async function benchItems(context: BenchContext): Promise<ContenderResult[]> {
  return context.interleave([{ name: 'freshet', run: () => runItems(context) }]);
}

async function runItems(context: BenchContext): Promise<Figures> {
  const { options, services, signal } = context;
  const prefix = context.freshName('items');
  await clearTarget(context);
  await using child = await BenchChild.start<ItemsOrder, ItemsReport>('items-child.ts', profileOf(context));
  try {
    child.send({
      type: 'run',
      job: { urls: services.urls, prefix, partitions: options.partitions, token: TOKEN },
    });
    const { url } = await child.report('listening', signal);
    const bodies = bodiesOf(options.rows);
    const bytes = bodies.reduce((sum, body) => sum + body.length, 0);
    const meter = UsageMeter.start(context.tracked(child.pid));
    const startedAt = performance.now();
    const latencies = await postAll(url, bodies);
    const acceptedSeconds = (performance.now() - startedAt) / 1000;
    await untilApplied(context);
    const seconds = (performance.now() - startedAt) / 1000;
    const usage = meter.stop();
    await verify(context, options.rows);
    return {
      ...throughputFigures(options.rows, bytes / options.rows, seconds, usage),
      accepted_per_s: options.rows / acceptedSeconds,
      'request.p50_ms': percentile(latencies, 0.5),
      'request.p99_ms': percentile(latencies, 0.99),
    };
  } finally {
    await context.forget(prefix);
  }
}

function profileOf({ options: { profileDir } }: BenchContext): string[] {
  return profileDir === null ? [] : ['--cpu-prof', `--cpu-prof-dir=${profileDir}`];
}

function bodiesOf(rows: number): Buffer[] {
  const bodies: Buffer[] = [];
  for (let at = 0; at < rows; at += ITEMS_PER_REQUEST) {
    const items = Array.from({ length: Math.min(ITEMS_PER_REQUEST, rows - at) }, (_, i) => itemOf(at + i));
    bodies.push(Buffer.from(JSON.stringify({ items })));
  }
  return bodies;
}

function itemOf(n: number): object {
  const brand = `Brand ${n % 500} Inc.`;
  return {
    key: `sku-${n}`,
    data: {
      name: `${brand} thing number ${n}`,
      brand,
      category_path: ['Home & Kitchen', `Shelf ${n % 40}`, `Things ${n % 200}`],
      description: `A thing that is good for ${n % 97} purposes, and made of ${n % 13} parts. `.repeat(3),
      image_url: `https://shop.example/images/${n}.jpg`,
      price: (n % 10_000) / 100,
      currency: 'USD',
      availability: 'in stock',
      updated_at: '2026-01-02T03:04:05Z',
    },
  };
}

/** Milliseconds of each request, sorted. */
async function postAll(url: string, bodies: readonly Buffer[]): Promise<number[]> {
  const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS });
  const latencies: number[] = [];
  const left = bodies.entries();
  await Promise.all(
    Array.from({ length: CONNECTIONS }, async () => {
      for (const [index, body] of left) {
        const startedAt = performance.now();
        await post(agent, url, body, `request-${index}`);
        latencies.push(performance.now() - startedAt);
      }
    }),
  );
  agent.destroy();
  return latencies.toSorted((a, b) => a - b);
}

function post(agent: Agent, url: string, body: Buffer, key: string): Promise<void> {
  const headers = {
    'content-type': 'application/json',
    'content-length': body.length,
    authorization: `Bearer ${TOKEN}`,
    'idempotency-key': key,
  };
  return new Promise((resolve, reject) => {
    const sent = request(url, { method: 'POST', agent, headers }, (response) => {
      text(response).then((answer) => {
        if (response.statusCode === 200) resolve();
        else reject(new Error(`the items API answered ${response.statusCode}: ${answer.slice(0, 300)}`));
      }, reject);
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

async function untilApplied({ options, services, signal }: BenchContext): Promise<void> {
  const target = await connect({ url: services.urls.targetUrl }, 'bench');
  try {
    for (;;) {
      signal.throwIfAborted();
      const { rows } = await target.query<{ n: string }>('SELECT count(*) AS n FROM items');
      if (Number(rows[0]?.n) >= options.rows) return;
      await sleep(POLL_MS);
    }
  } finally {
    await target.end();
  }
}
