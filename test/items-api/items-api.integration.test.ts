import { connect } from 'node:net';
import { describe, expect, it } from 'vitest';
import { ItemsServerContext, TOKEN } from '../support/items-server.ts';

const item = (key: string, data: object = {}): object => ({ key, data: { name: `Thing ${key}`, ...data } });
const skus = async (context: ItemsServerContext): Promise<unknown[]> =>
  (await context.items()).map(({ sku }) => sku);

describe('the items API', () => {
  it('brings what it accepted into the items, by the rules of every other product', async () => {
    await using context = await ItemsServerContext.open();
    const posted = await context.postItems([
      item('a', { brand: 'HEWLETT-PACKARD Inc.', category_path: 'A > B > C > D > E', price: '12.50' }),
      item('b', { brand: 'Black', updated_at: '2026-01-02T03:04:05Z' }),
      item('gone'),
      { key: 'gone', op: 'delete' },
    ]);
    expect(posted).toMatchObject({
      status: 200,
      results: Array.from({ length: 4 }, () => ({ status: 202 })),
    });
    await context.settled();
    expect(await context.items()).toMatchObject([
      { sku: 'a', brand: 'HP', price: '12.50', category_path: expect.toSatisfy((path) => path.length <= 4) },
      { sku: 'b', brand: null, updated_at: new Date('2026-01-02T03:04:05Z') },
    ]);
  });

  it('refuses items one by one, each with its fault, and takes the others', async () => {
    await using context = await ItemsServerContext.open();
    const posted = await context.postItems([
      item('good'),
      item('more', { colour: 'red' }),
      { key: 'none' },
      item('price', { price: 'cheap' }),
    ]);
    expect(posted).toMatchObject({
      status: 207,
      results: [
        { status: 202 },
        { status: 422, error: 'data: unknown field "colour"' },
        { status: 422, error: expect.stringContaining('data: an upsert needs it') },
        { status: 422, error: expect.stringContaining('data.price') },
      ],
    });
    await context.settled();
    expect(await skus(context)).toEqual(['good']);
  });

  it('refuses bad requests with the right status, and none of their items comes in', async () => {
    await using context = await ItemsServerContext.open();
    const good = JSON.stringify({ items: [item('wrong')] });
    const signature = context.signature(good);
    const stale = context.signature(good, { at: new Date(Date.now() - 400_000) });
    const many = JSON.stringify({ items: Array.from({ length: 10_000 }, (_, i) => item(`wrong${i}`)) });
    const tenMegabytes = JSON.stringify({ items: [item('wrong', { description: 'x'.repeat(10_000_000) })] });
    const cases: [string, number, () => Promise<{ status: number }>][] = [
      ['unsigned', 401, () => context.post(good, { token: null })],
      ['another token', 401, () => context.post(good, { token: `${TOKEN}x` })],
      ['a stale timestamp', 401, () => context.post(good, { token: null, headers: stale })],
      [
        'a signature of another body',
        401,
        () => context.post(`${good} `, { token: null, headers: signature }),
      ],
      ['10 MB', 413, () => context.post(tenMegabytes)],
      ['10 MB in chunks', 413, () => inChunks(context, tenMegabytes)],
      ['10,000 items', 413, () => context.post(many)],
      ['no items', 400, () => context.postItems([])],
      [
        'invalid UTF-8',
        400,
        () => context.post(new Uint8Array([...Buffer.from(good.slice(0, -4)), 0xff, 0xfe])),
      ],
      ['no JSON', 400, () => context.post(`${good}]`)],
      ['nested beyond reason', 400, () => context.post('['.repeat(1_000_000))],
      ['a list', 400, () => context.post('[]')],
      ['an unknown field beside the items', 400, () => context.post(good.replace('{', '{"dry_run":true,'))],
      ['text', 415, () => context.post(good, { headers: { 'content-type': 'text/plain' } })],
      ['gzip', 415, () => context.post(good, { headers: { 'content-encoding': 'gzip' } })],
      [
        'an idempotency key without an end',
        400,
        () => context.post(good, { headers: { 'idempotency-key': 'k'.repeat(301) } }),
      ],
    ];
    const answers = [];
    for (const [name, , send] of cases) answers.push([name, (await send()).status]);
    expect(answers).toEqual(cases.map(([name, status]) => [name, status]));
    expect((await fetch(context.url)).status).toBe(405);
    expect((await fetch(new URL('/v1/items', context.url))).status).toBe(404);
    await context.settled();
    expect(await skus(context)).toEqual([]);
  });

  it('does a signed request once: a replay gets the same answer, and sets nothing back', async () => {
    await using context = await ItemsServerContext.open();
    const old = JSON.stringify({ items: [item('a', { price: '1' }), { key: '' }] });
    const headers = context.signature(old, { key: 1 });
    const first = await context.post(old, { token: null, headers });
    const newer = JSON.stringify({ items: [item('a', { price: '2' })] });
    await context.post(newer, { token: null, headers: context.signature(newer) });
    const replayed = await context.post(old, { token: null, headers });
    expect(replayed).toMatchObject({ status: 207, results: first.results });
    expect(replayed.headers.get('idempotent-replayed')).toBe('true');
    await context.settled();
    expect(await context.items()).toMatchObject([{ sku: 'a', price: '2' }]);
  });

  it('does a request with an idempotency key once, however many come at the same time', async () => {
    await using context = await ItemsServerContext.open();
    const body = [item('a')];
    const headers = { 'idempotency-key': 'order-7' };
    const answers = await Promise.all(Array.from({ length: 8 }, () => context.postItems(body, { headers })));
    expect(answers.every(({ status }) => status === 200 || status === 409)).toBe(true);
    const fresh = answers.filter((each) => each.status === 200 && !each.headers.has('idempotent-replayed'));
    expect(fresh).toHaveLength(1);
    expect(await context.postItems([item('b')], { headers })).toMatchObject({
      status: 422,
      detail: 'this id was used for another request',
    });
    await context.settled();
    expect(await skus(context)).toEqual(['a']);
  });

  it('leaves out an item that is not newer than the last version of its key, deletes included', async () => {
    await using context = await ItemsServerContext.open();
    const versioned = (key: string, version: string, price: string): object => ({
      ...item(key, { price }),
      version,
    });
    // Of one batch, and of later ones.
    await context.postItems([versioned('a', '2', '2'), versioned('a', '1', '1'), versioned('b', '1', '1')]);
    await context.postItems([{ key: 'b', op: 'delete', version: '3' }]);
    await context.settled();
    await context.postItems([versioned('a', '10', '10'), versioned('b', '2', '2')]);
    await context.settled();
    expect(await context.items()).toMatchObject([{ sku: 'a', price: '2' }]);
  });

  it('answers 429 while too much is being worked on, and takes more afterwards', async () => {
    await using context = await ItemsServerContext.open({ maxInFlightBytes: 2_000 });
    const slow = connect(Number(new URL(context.url).port), '127.0.0.1');
    const head = `POST /v1/items:upsert HTTP/1.1\r\nhost: 127.0.0.1\r\nauthorization: Bearer ${TOKEN}\r\ncontent-type: application/json\r\ncontent-length: 1900\r\n\r\n`;
    slow.write(head);
    const refused = async (): Promise<boolean> => {
      const { status, headers } = await context.postItems([item('a', { description: 'x'.repeat(200) })]);
      return status === 429 && headers.get('retry-after') === '1';
    };
    await expect.poll(refused, { timeout: 20_000 }).toBe(true);
    slow.destroy();
    await expect.poll(refused, { timeout: 20_000 }).toBe(false);
  });

  it('serves its OpenAPI document, and counts what it answered', async () => {
    await using context = await ItemsServerContext.open({ maxItems: 7 });
    await context.postItems([item('a'), { key: 1 }]);
    const document = await (await fetch(new URL('/v1/openapi.json', context.url))).json();
    expect(document).toMatchObject({ openapi: '3.1.0', paths: { '/v1/items:upsert': { post: {} } } });
    const text = await context.engine.metrics.registry.metrics();
    expect(text).toContain('freshet_items_api_requests_total{status="207"} 1');
    expect(text).toContain('freshet_items_api_items_total{outcome="accepted"} 1');
  });
});

/** Without a length that could be refused before it is sent. */
async function inChunks(context: ItemsServerContext, body: string): Promise<{ status: number }> {
  const stream = new Blob([body]).stream();
  const headers = { 'content-type': 'application/json', authorization: `Bearer ${TOKEN}` };
  return fetch(context.url, { method: 'POST', headers, body: stream, duplex: 'half' });
}
