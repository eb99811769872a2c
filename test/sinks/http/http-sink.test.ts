import { describe, expect, it } from 'vitest';
import type { Delivery } from '../../../src/sinks/http/delivery.ts';
import { HttpSink, type HttpSinkOptions } from '../../../src/sinks/http/http-sink.ts';
import { type Behaviour, ItemsApi } from '../../support/items-api.ts';

/** Times that a busy machine keeps as well: nothing here may end because a request was slow. */
const FAST = {
  firstPauseMs: 1,
  timeoutMs: 30_000,
  patienceMs: 60_000,
  breaker: { failures: 100, openMs: 50 },
};
/** The pause after the first request that fails is longer than all of the patience. */
const IMPATIENT = { firstPauseMs: 5_000, patienceMs: 4_500 };

function sink(api: ItemsApi, options: Partial<HttpSinkOptions> = {}): HttpSink {
  return new HttpSink({ url: api.url, ...FAST, ...options });
}

const upserts = (count: number): Delivery[] =>
  Array.from({ length: count }, (_, i) => ({ key: `k${i}`, version: 'v1', op: 'upsert', body: { n: i } }));

/** The first requests get these answers, all others are taken. */
const first =
  (...behaviours: readonly (Behaviour | undefined)[]) =>
  (request: number): Behaviour | undefined =>
    behaviours[request];

describe('an HTTP sink', { timeout: 90_000 }, () => {
  it('sends items in batches, by count and by bytes, with an idempotency key per item and request', async () => {
    await using api = await ItemsApi.start();
    const large: Delivery = { key: 'large', version: 'v1', op: 'upsert', body: { text: 'x'.repeat(2_000) } };
    const refusals = await sink(api, { itemsPerRequest: 3, bytesPerRequest: 1_000 }).deliver([
      ...upserts(4),
      large,
      { key: 'k0', version: 'v2', op: 'delete', body: null },
    ]);
    expect(refusals).toEqual([]);
    expect(api.requests.map(({ items }) => items.map(({ idempotency_key: key }) => key))).toEqual([
      ['k0:v1', 'k1:v1', 'k2:v1'],
      ['k3:v1'],
      ['large:v1'],
      ['k0:v2'],
    ]);
    expect([...api.items.keys()]).toEqual(['k1', 'k2', 'k3', 'large']);
    expect(api.items.get('k1')?.data).toEqual({ n: 1 });
  });

  it.each<[string, Behaviour]>([
    ['500', { status: 500 }],
    ['503 without a body', { status: 503 }],
    ['408', { status: 408 }],
    ['a reset connection', 'reset'],
    ['a reset when all was taken', 'reset-after-taking'],
    ['a body that is cut', 'cut-in-the-body'],
    ['no HTTP at all', 'no-http'],
  ])('sends again after %s, with the same keys, and each item is taken once', async (_, behaviour) => {
    await using api = await ItemsApi.start();
    api.behaviour = first(behaviour, behaviour);
    expect(await sink(api).deliver(upserts(3))).toEqual([]);
    expect(api.applied).toBe(3);
    expect(new Set(api.requests.map(({ idempotencyKey }) => idempotencyKey)).size).toBe(1);
    expect(api.requests).toHaveLength(3);
  });

  it.each(['hang', 'hang-in-the-body'] as const)(
    'sends again after a %s, with the same keys, and each item is taken once',
    async (behaviour) => {
      await using api = await ItemsApi.start();
      api.behaviour = first(behaviour);
      expect(await sink(api, { timeoutMs: 700 }).deliver(upserts(3))).toEqual([]);
      expect(api.applied).toBe(3);
      expect(new Set(api.requests.map(({ idempotencyKey }) => idempotencyKey)).size).toBe(1);
      expect(api.requests.length).toBeGreaterThan(1);
    },
  );

  it.each([
    ['seconds', () => '1'],
    ['a date', () => new Date(Date.now() + 1_900).toUTCString()],
  ])('waits as long as Retry-After says (%s), whoever wants to send', async (_, retryAfter) => {
    await using api = await ItemsApi.start();
    const shared = sink(api);
    api.behaviour = (request) => (request === 0 ? { status: 429, retryAfter: retryAfter() } : undefined);
    const answers: unknown[] = [];
    shared.watch({ request: (status) => answers.push(status), waits: () => {}, circuit: () => {} });
    const delivered = shared.deliver(upserts(1));
    await expect.poll(() => answers, { timeout: 30_000 }).toContain(429);
    await Promise.all([delivered, shared.deliver(upserts(2))]);
    const [asked = 0, ...others] = api.requests.map(({ atMs }) => atMs);
    expect(Math.min(...others) - asked).toBeGreaterThan(850);
  });

  it('sends again only the items that were put off, and tells of those that were refused', async () => {
    await using api = await ItemsApi.start();
    const status: Record<string, number> = { k1: 422, k2: 503, k3: 429 };
    api.behaviour = (request) => (request === 0 ? { items: ({ key }) => status[key] ?? 200 } : undefined);
    const refusals = await sink(api).deliver(upserts(5));
    expect(refusals).toMatchObject([
      { delivery: { key: 'k1' }, status: 422, message: 'item k1 is not welcome' },
    ]);
    expect(api.requests.map(({ items }) => items.map(({ key }) => key))).toEqual([
      ['k0', 'k1', 'k2', 'k3', 'k4'],
      ['k2', 'k3'],
    ]);
    expect(api.applied).toBe(4);
  });

  it.each([400, 413, 422])('finds the item that makes a whole request be refused (%i)', async (status) => {
    await using api = await ItemsApi.start();
    api.behaviour = (_, items) =>
      items.some(({ key }) => key === 'k5') ? { status, body: 'no' } : undefined;
    const refusals = await sink(api).deliver(upserts(8));
    expect(refusals).toMatchObject([{ delivery: { key: 'k5' }, status, message: 'no' }]);
    expect([...api.items.keys()].toSorted()).toEqual(['k0', 'k1', 'k2', 'k3', 'k4', 'k6', 'k7']);
  });

  it('takes a delete of what is not there for done', async () => {
    await using api = await ItemsApi.start();
    api.behaviour = () => ({ items: () => 404 });
    expect(await sink(api).deliver([{ key: 'a', version: '1', op: 'delete', body: null }])).toEqual([]);
    expect(await sink(api).deliver(upserts(1))).toMatchObject([{ status: 404 }]);
  });

  it.each([401, 403, 404, 405])(
    'stops where nobody is let in (%i), and says nothing of the query',
    async (status) => {
      await using api = await ItemsApi.start();
      api.behaviour = () => ({ status, body: 'who are you?' });
      const secret = new HttpSink({ ...FAST, url: `${api.url}?token=hush` });
      const failure = await secret.deliver(upserts(1)).catch((error: unknown) => error);
      expect(failure).toMatchObject({
        code: 'PREFLIGHT',
        message: expect.stringMatching(/^127\.0\.0\.1:\d+\/v1\/items:upsert answered 40\d: who are you\?$/),
      });
    },
  );

  it('gives up after its patience, to be called again', async () => {
    await using api = await ItemsApi.start();
    api.behaviour = () => ({ status: 500 });
    await expect(sink(api, IMPATIENT).deliver(upserts(2))).rejects.toMatchObject({
      code: 'CONNECTION',
      message: expect.stringContaining('it answered 500, 2 items are left'),
    });
    api.behaviour = () => ({ status: 429, retryAfter: '3600' });
    await expect(sink(api).deliver(upserts(1))).rejects.toMatchObject({ code: 'CONNECTION' });
  });

  it('refuses an answer that does not fit its request', async () => {
    await using api = await ItemsApi.start();
    api.behaviour = () => ({ status: 200, body: '{"results":[{"status":200}]}' });
    await expect(sink(api, IMPATIENT).deliver(upserts(2))).rejects.toMatchObject({
      code: 'CONNECTION',
      message: expect.stringContaining('not one result for each of 2 items'),
    });
  });

  it('keeps to its rate', async () => {
    await using api = await ItemsApi.start();
    const slow = sink(api, { requestsPerMinute: 600, itemsPerRequest: 1 });
    const waits: string[] = [];
    slow.watch({ request: () => {}, waits: (reason) => waits.push(reason), circuit: () => {} });
    const startedAt = performance.now();
    await slow.deliver(upserts(4));
    expect((api.requests.at(-1)?.atMs ?? 0) - startedAt).toBeGreaterThan(290);
    expect(waits).toContain('rate');
  });

  it('leaves a failing endpoint alone for a while, then tries with one request', async () => {
    await using api = await ItemsApi.start();
    api.behaviour = first({ status: 500 }, { status: 500 }, { status: 500 });
    const careful = sink(api, { breaker: { failures: 2, openMs: 300 } });
    const heard: unknown[] = [];
    careful.watch({
      request: (status) => heard.push(status),
      waits: () => {},
      circuit: (isOpen) => heard.push(isOpen),
    });
    await careful.deliver(upserts(1));
    expect(heard).toEqual([500, false, 500, true, 500, true, 200, false]);
    const [, second = 0, third = 0, fourth = 0] = api.requests.map(({ atMs }) => atMs);
    expect(third - second).toBeGreaterThan(280);
    expect(fourth - third).toBeGreaterThan(280);
    expect(api.requests).toHaveLength(4);
  });
});
