import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import type { FreshnessReport } from '../../../src/metrics/freshness-report.ts';
import type { LetterGroup } from '../../../src/metrics/page/page-events.ts';
import { exampleReport } from '../../page/example-report.ts';
import { ServedPage } from '../../support/served-page.ts';

interface Heard {
  readonly name: string;
  readonly data: unknown;
}

const LETTER: LetterGroup = {
  pipeline: 'upsert',
  table: 'public.products',
  code: 'RECORD_INVALID',
  letters: 2,
  cause: 'price: expected a number',
  since: '2026-11-21T09:00:00.000Z',
  command: 'freshet dlq retry --pipeline upsert',
};

/** The events until one is wanted no more. */
async function* listen(url: string): AsyncGenerator<Heard> {
  const stop = new AbortController();
  try {
    const response = await fetch(url, { signal: stop.signal });
    let text = '';
    const decoder = new TextDecoder();
    for await (const bytes of response.body as unknown as AsyncIterable<Uint8Array>) {
      const parts = (text + decoder.decode(bytes, { stream: true })).split('\n\n');
      text = parts.pop() ?? '';
      for (const part of parts) {
        const [, name = '', data = ''] = /^event: (.*)\ndata: (.*)$/.exec(part) ?? [];
        yield { name, data: JSON.parse(data) };
      }
    }
  } finally {
    stop.abort();
  }
}

async function take(url: string, enough: (heard: readonly Heard[]) => boolean): Promise<Heard[]> {
  const heard: Heard[] = [];
  for await (const each of listen(url)) {
    heard.push(each);
    if (enough(heard)) break;
  }
  return heard;
}

async function until(reached: () => boolean): Promise<void> {
  while (!reached()) await sleep(10);
}

describe('the event stream', () => {
  it('tells the past first, then the figures again and again', async () => {
    await using served = await ServedPage.open();
    served.ages.note(exampleReport());
    const heard = await take(
      `${served.url}/events`,
      (each) => each.filter(({ name }) => name === 'now').length === 3,
    );
    expect(heard[0]).toMatchObject({
      name: 'past',
      data: { version: '1.2.3', ages: { upsert: [[expect.any(Number), 0.6]] } },
    });
    const times = heard.filter(({ name }) => name === 'now').map(({ data }) => (data as FreshnessReport).at);
    expect(new Set(times).size).toBe(3);
  });

  it('does nothing while nobody looks', async () => {
    await using served = await ServedPage.open();
    expect([served.asked, served.changes.isWatched]).toEqual([0, false]);
    await take(`${served.url}/events`, ({ length }) => length > 4);
    expect(served.asked).toBeGreaterThan(0);
    await until(() => !served.changes.isWatched);
    const before = served.asked;
    await sleep(1_500);
    expect(served.asked).toBe(before);
  });

  it('tells of dead letters when they change', async () => {
    await using served = await ServedPage.open();
    const heard = take(
      `${served.url}/events`,
      (each) => each.filter(({ name }) => name === 'letters').length === 2,
    );
    await until(() => served.asked > 1);
    served.letters = [LETTER];
    expect((await heard).filter(({ name }) => name === 'letters').map(({ data }) => data)).toEqual([
      [],
      [LETTER],
    ]);
  });

  it('shows changes to who watches, and the last ones to who comes later', async () => {
    await using served = await ServedPage.open();
    const offer = (): void =>
      served.changes.offer('upsert', () => [
        {
          table: 'public.products',
          kind: 'upsert',
          key: { sku: 'a' },
          row: { price: '1.00' },
          committedMs: null,
        },
      ]);
    const first = take(
      `${served.url}/events`,
      (each) => each.filter(({ name }) => name === 'changes').length === 2,
    );
    await until(() => served.changes.isWatched);
    offer();
    await first;
    const later = await take(`${served.url}/events`, (each) => each.some(({ name }) => name === 'changes'));
    expect(later.find(({ name }) => name === 'changes')?.data).toMatchObject([{ pipeline: 'upsert', id: 1 }]);
  });

  it('has room for thirty-two', async () => {
    await using served = await ServedPage.open();
    const stop = new AbortController();
    const { signal } = stop;
    const all = await Promise.all(
      Array.from({ length: 33 }, () => fetch(`${served.url}/events`, { signal })),
    );
    expect(all.filter(({ status }) => status === 503)).toHaveLength(1);
    stop.abort();
  });
});
