import { expect, it } from 'vitest';
import { newEpoch } from '../../src/capture/new-epoch.ts';
import type { Clock } from '../../src/runtime/clock.ts';

/** A clock that stands, but for its sleepers. */
class SleepersClock implements Clock {
  #nowMs: number;

  constructor(nowMs: number) {
    this.#nowMs = nowMs;
  }

  now(): number {
    return this.#nowMs;
  }

  async sleep(ms: number): Promise<void> {
    this.#nowMs += ms;
  }
}

it.each([
  { what: 'none was there', last: null, wereOthers: false, nowMs: 7_300, epoch: 7, endsMs: 7_300 },
  { what: 'the last one is known', last: 9, wereOthers: true, nowMs: 7_300, epoch: 10, endsMs: 7_300 },
  { what: 'the last one is long gone', last: 3, wereOthers: true, nowMs: 7_300, epoch: 7, endsMs: 7_300 },
  { what: 'some are forgotten', last: null, wereOthers: true, nowMs: 7_300, epoch: 8, endsMs: 8_000 },
  {
    what: 'some are forgotten, at a second',
    last: null,
    wereOthers: true,
    nowMs: 7_000,
    epoch: 8,
    endsMs: 8_000,
  },
])(
  'a new epoch where $what is above each that was given',
  async ({ last, wereOthers, nowMs, epoch, endsMs }) => {
    const clock = new SleepersClock(nowMs);
    expect(await newEpoch(last, wereOthers, clock)).toBe(epoch);
    // Only now no earlier one can be of the same second.
    expect(clock.now()).toBe(endsMs);
  },
);
