import autocannon from 'autocannon';
import { expect, it } from 'vitest';
import { ItemsServerContext, TOKEN } from '../support/items-server.ts';

/** One kind of request that comes again and again, from all senders at once. */
interface Shot {
  readonly name: string;
  /** What every one of them has to be answered. */
  readonly status: number;
  /** What its items have to be answered, one by one. */
  readonly results?: readonly number[];
  /** The `n`th of its kind. The keys of its good items are of the shot: `keysOf`. */
  make(n: number): { readonly body: string | Buffer; readonly headers: Record<string, string> };
}

const REQUESTS = 600;
const SENDERS = 10;
const JSON_TYPE = { 'content-type': 'application/json' };
const BY_TOKEN = { ...JSON_TYPE, authorization: `Bearer ${TOKEN}` };
const STALE_MS = 400_000;

const item = (key: string, data: object = {}): object => ({ key, data: { name: `Thing ${key}`, ...data } });
const bodyOf = (...items: readonly object[]): string => JSON.stringify({ items });
const goodKey = (shot: string, n: number): string => `good ${shot} ${n}`;

function shotsAt(context: ItemsServerContext, replayed: ReturnType<Shot['make']>): readonly Shot[] {
  const wrong = bodyOf(item('wrong'));
  const tenMegabytes = bodyOf(item('wrong', { description: 'x'.repeat(10_000_000) }));
  const tenThousand = bodyOf(...Array.from({ length: 10_000 }, (_, i) => item(`wrong ${i}`)));
  const notUtf8 = Buffer.concat([
    Buffer.from(wrong.slice(0, -8)),
    Buffer.from([0xff, 0xfe]),
    Buffer.from('"}}]}'),
  ]);
  const signed = (body: string, at = new Date()) => ({
    body,
    headers: { ...JSON_TYPE, ...context.signature(body, { at }) },
  });
  return [
    {
      name: 'by token',
      status: 200,
      results: [202],
      make: (n) => ({ body: bodyOf(item(goodKey('by token', n))), headers: BY_TOKEN }),
    },
    {
      name: 'signed',
      status: 200,
      results: [202],
      make: (n) => signed(bodyOf(item(goodKey('signed', n)))),
    },
    {
      name: 'unknown fields',
      status: 207,
      results: [422, 202, 422],
      make: (n) => ({
        body: bodyOf(
          { ...item('wrong'), colour: 'red' },
          item(goodKey('unknown fields', n)),
          item('wrong', { size: 'XL' }),
        ),
        headers: BY_TOKEN,
      }),
    },
    { name: 'replayed', status: 200, results: [202], make: () => replayed },
    { name: 'unsigned', status: 401, make: () => ({ body: wrong, headers: JSON_TYPE }) },
    {
      name: 'signed for another body',
      status: 401,
      make: () => ({ ...signed(wrong), body: wrong.replace('wrong', 'wrung') }),
    },
    { name: 'stale', status: 401, make: () => signed(wrong, new Date(Date.now() - STALE_MS)) },
    { name: '10 MB', status: 413, make: () => ({ body: tenMegabytes, headers: BY_TOKEN }) },
    { name: '10,000 items', status: 413, make: () => ({ body: tenThousand, headers: BY_TOKEN }) },
    { name: 'invalid UTF-8', status: 400, make: () => ({ body: notUtf8, headers: BY_TOKEN }) },
    {
      name: 'a field beside the items',
      status: 400,
      make: () => ({ body: wrong.replace('{', '{"dry_run":true,'), headers: BY_TOKEN }),
    },
    { name: 'no JSON', status: 400, make: () => ({ body: `${wrong}]`, headers: BY_TOKEN }) },
  ];
}

/** How often each kind of request was answered, and what was unlike what it had to be. */
class Tally {
  readonly answered = new Map<string, number>();
  readonly unexpected: string[] = [];

  add({ name, status: wanted, results }: Shot, status: number, body: string): void {
    this.answered.set(name, (this.answered.get(name) ?? 0) + 1);
    const answer = JSON.parse(body) as { results?: readonly { status: number; error?: string }[] };
    const statuses = answer.results?.map((each) => each.status);
    const reasoned =
      answer.results?.every((each) => (each.status === 422) === (each.error !== undefined)) ?? true;
    if (status !== wanted || JSON.stringify(statuses) !== JSON.stringify(results) || !reasoned)
      this.unexpected.push(`${name}: ${status} ${body.slice(0, 200)}`);
  }
}

it('answers a storm of good and bad requests each as it has to, and takes what it accepted, and nothing else', async () => {
  await using context = await ItemsServerContext.open();
  const old = bodyOf(item('replayed', { price: '1' }));
  const replayed = { body: old, headers: { ...JSON_TYPE, ...context.signature(old) } };
  expect(await context.post(old, { token: null, headers: replayed.headers })).toMatchObject({ status: 200 });
  await context.postItems([item('replayed', { price: '2' })]);
  const shots = shotsAt(context, replayed);
  const made = new Map(shots.map(({ name }) => [name, 0]));
  const tally = new Tally();
  const storm = await autocannon({
    url: context.url,
    method: 'POST',
    connections: SENDERS,
    amount: REQUESTS,
    timeout: 60,
    requests: shots.map((shot) => ({
      setupRequest: (request) => {
        const n = made.get(shot.name) ?? 0;
        made.set(shot.name, n + 1);
        return { ...request, ...shot.make(n) };
      },
      onResponse: (status, body) => tally.add(shot, status, body),
    })),
  });
  expect(storm).toMatchObject({ errors: 0, timeouts: 0, requests: { total: REQUESTS } });
  expect(tally.unexpected).toEqual([]);
  expect(tally.answered).toEqual(new Map(shots.map(({ name }) => [name, REQUESTS / shots.length])));
  await context.settled();
  const good = ['by token', 'signed', 'unknown fields'].flatMap((name) =>
    Array.from({ length: REQUESTS / shots.length }, (_, n) => goodKey(name, n)),
  );
  const items = await context.items();
  expect(items.map(({ sku }) => sku)).toEqual([...good, 'replayed'].toSorted());
  expect(items.at(-1)).toMatchObject({ sku: 'replayed', price: '2' });
});
