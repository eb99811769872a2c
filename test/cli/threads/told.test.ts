import { describe, expect, it } from 'vitest';
import { retell, tellingObserver, type Told } from '../../../src/cli/threads/told.ts';
import type { AppliedChange, Arrival, ConsumerObserver } from '../../../src/consumers/observer.ts';

const ARRIVAL: Arrival = { totalMs: 9, sourceMs: 1, topicMs: 2, pipelineMs: 3, sinkMs: 4 };
const CHANGE: AppliedChange = {
  table: 'public.products',
  kind: 'upsert',
  key: { id: 12n },
  row: { id: 12n, photo: Buffer.from('x'), at: new Date(0) },
  committedMs: 5,
};

/** What one observer is told, and what one behind a thread's border hears of it. */
function hear(act: (observer: ConsumerObserver) => void, clock: () => number = () => 0): unknown[] {
  const crossed: Told[] = [];
  act(tellingObserver((told) => crossed.push(structuredClone(told)), clock));
  const heard: unknown[] = [];
  const listener = new Proxy({} as ConsumerObserver, {
    get:
      (_, name) =>
      (...args: unknown[]) =>
        heard.push([
          name,
          ...args.map((arg) => (typeof arg === 'function' ? (arg as (most: number) => unknown)(1) : arg)),
        ]),
  });
  for (const told of crossed) retell(listener, told);
  return heard;
}

describe('what a thread tells', () => {
  it('is heard as it was told, in its order', () => {
    const heard = hear((observer) => {
      observer.applied('p', 'public.a', 'patch', 3);
      observer.written('p', 'public.b', 2, 1);
      observer.skipped('p', 'owed', 4);
      observer.deadLetter('p', 'RECORD_INVALID');
      observer.refreshAsked('p', 5);
      observer.viewAge('p', 'daily', 1.5);
      observer.unresolved('p', 'brand', 6);
      observer.missing('p', 'brand', 7, 8);
      observer.retry('p', '40P01');
      observer.delivered('p', null, 0.5);
      observer.deliveryWaits('p', 'rate', 0.1);
      observer.deliveryCircuit('p', true);
      observer.arrived('p', 'public.a', [ARRIVAL]);
      observer.log('p', 'warn', 'slow');
    });
    expect(heard).toEqual([
      ['applied', 'p', 'public.a', 'patch', 3],
      ['written', 'p', 'public.b', 2, 1],
      ['skipped', 'p', 'owed', 4],
      ['deadLetter', 'p', 'RECORD_INVALID'],
      ['refreshAsked', 'p', 5],
      ['viewAge', 'p', 'daily', 1.5],
      ['unresolved', 'p', 'brand', 6],
      ['missing', 'p', 'brand', 7, 8],
      ['retry', 'p', '40P01'],
      ['delivered', 'p', null, 0.5],
      ['deliveryWaits', 'p', 'rate', 0.1],
      ['deliveryCircuit', 'p', true],
      ['arrived', 'p', 'public.a', [ARRIVAL]],
      ['log', 'p', 'warn', 'slow'],
    ]);
  });

  it('shows few of the changes, and no more than are asked for', () => {
    let now = 0;
    const tenASecond = (observer: ConsumerObserver): void => {
      for (; now < 1_000; now += 100)
        observer.changed?.('p', (most) => Array.from({ length: most }, () => CHANGE));
    };
    const shown = ['changed', 'p', [structuredClone(CHANGE)]];
    expect(hear(tenASecond, () => now)).toEqual([shown, shown, shown, shown]);
  });
});
