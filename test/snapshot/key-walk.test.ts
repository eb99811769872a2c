import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { KeyWalk, type WalkRange, type WalkState } from '../../src/snapshot/key-walk.ts';

const START: WalkState = { cursor: null, planned: false, open: [] };
const restarted = (walk: KeyWalk): KeyWalk =>
  new KeyWalk(JSON.parse(JSON.stringify(walk.state)) as WalkState);

function take(walk: KeyWalk): WalkRange {
  const range = walk.take();
  if (range === null) throw new Error('nothing to read');
  return range;
}

const fixed = (after: string | null, upTo: string) => ({
  after: after === null ? null : [after],
  upTo: [upTo],
  isFixed: true,
});
const left = (after: string | null, upTo: string | null) => ({
  after: after === null ? null : [after],
  upTo: upTo === null ? null : [upTo],
  isFixed: false,
});

describe('a walk along the keys of a table', () => {
  it('fixes one range after the other', () => {
    const walk = new KeyWalk(START);
    const range = take(walk);
    expect(range).toEqual(left(null, null));
    expect(walk.take()).toBeNull();
    expect(walk.fix(range, ['10'], false)).toEqual(fixed(null, '10'));
    expect(walk.take()).toEqual(left('10', null));
  });

  it('reads a dropped range again with the bounds of its first read', () => {
    const walk = new KeyWalk(START);
    walk.giveBack(walk.fix(take(walk), ['10'], false));
    expect(walk.take()).toEqual(fixed(null, '10'));
  });

  it('gives a range back that was never read', () => {
    const walk = new KeyWalk(START);
    walk.giveBack(take(walk));
    expect(walk.take()).toEqual(left(null, null));
  });

  it('goes on from its checkpoint: open ranges first, finished ones never', () => {
    const walk = new KeyWalk(START);
    const first = walk.fix(take(walk), ['10'], false);
    walk.fix(take(walk), ['20'], false);
    walk.finish(first);
    const again = restarted(walk);
    expect(again.take()).toEqual(fixed('10', '20'));
    expect(again.take()).toEqual(left('20', null));
  });

  it('leaves the last range without an upper bound, and planned again where it was not published', () => {
    const walk = new KeyWalk(START);
    walk.finish(walk.fix(take(walk), ['10'], false));
    const last = walk.fix(take(walk), ['20'], true);
    expect(last).toEqual(left('10', null));
    expect(walk.take()).toBeNull();
    expect(walk.state).toEqual({ planned: false, cursor: ['10'], open: [] });
    walk.giveBack(last);
    expect(walk.take()).toEqual(left('10', null));
  });

  it('of an empty table is done once that is published', () => {
    const walk = new KeyWalk(START);
    const range = walk.fix(take(walk), null, true);
    expect(walk.isDone).toBe(false);
    walk.finish(range);
    expect(walk.isDone).toBe(true);
  });

  it('goes on in several parts at once, whose ends are fixed by their bounds', () => {
    const walk = new KeyWalk(START);
    walk.finish(walk.fix(take(walk), ['10'], false));
    walk.split([['20'], ['30']]);
    const [one, two, three] = [take(walk), take(walk), take(walk)];
    expect([one, two, three]).toEqual([left('10', '20'), left('20', '30'), left('30', null)]);
    expect(walk.take()).toBeNull();
    expect(walk.fix(two, ['25'], false)).toEqual(fixed('20', '25'));
    expect(walk.fix(one, ['17'], true)).toEqual(fixed('10', '20'));
    // The part that was read least is next.
    expect(walk.fix(three, ['35'], false)).toEqual(fixed('30', '35'));
    expect([walk.take(), walk.take(), walk.take()]).toEqual([left('25', '30'), left('35', null), null]);
    expect(walk.state).toEqual({
      cursor: ['25'],
      planned: false,
      open: [fixed('20', '25'), fixed('10', '20'), fixed('30', '35')].map(({ after, upTo }) => ({
        after,
        upTo,
      })),
      parts: [
        { after: ['25'], upTo: ['30'] },
        { after: ['35'], upTo: null },
      ],
    });
  });

  /** Numbers for steps; the walk is over keys 1 to 40. */
  const steps = fc.array(fc.nat(999), { minLength: 20, maxLength: 200 });

  it('reads every key, and none twice without a reason, whatever the order and whoever restarts', () => {
    fc.assert(
      fc.property(
        steps,
        fc.uniqueArray(fc.integer({ min: 1, max: 39 }), { maxLength: 4 }),
        (numbers, points) => {
          const table = new Table(points);
          for (const number of numbers) table.step(number);
          table.end();
          expect(table.isDone).toBe(true);
          expect(table.missing).toEqual([]);
          expect(table.twice).toEqual([]);
        },
      ),
    );
  });
});

const KEYS = Array.from({ length: 40 }, (_, i) => i + 1);

/** A walk, the ranges that are being read, and how often each key was in a range that was finished. */
class Table {
  #walk = new KeyWalk(START);
  #taken: WalkRange[] = [];
  #fixed: WalkRange[] = [];
  readonly #points: string[][];
  readonly #times = new Map<number, number>();
  /** An older Freshet went on, which knows of no parts. */
  #hasForgotten = false;

  constructor(points: readonly number[]) {
    this.#points = points.toSorted((a, b) => a - b).map((point) => [String(point)]);
  }

  get isDone(): boolean {
    return this.#walk.isDone;
  }

  get missing(): number[] {
    return KEYS.filter((key) => !this.#times.has(key));
  }

  /** Which keys were read again without a reason. */
  get twice(): number[] {
    if (this.#hasForgotten) return [];
    return KEYS.filter((key) => (this.#times.get(key) ?? 0) > 1);
  }

  step(number: number): void {
    const choice = Math.floor(number / 20);
    const kind = number % 20;
    if (kind < 6) this.#take();
    else if (kind < 12) this.#read(choice);
    else if (kind < 17) this.#finish(choice);
    else if (kind < 18) this.#giveBack(choice);
    else this.#restart(choice % 8 === 0);
  }

  /** Reads what is left. */
  end(): void {
    for (let i = 0; i < 500 && !this.#walk.isDone; i++) {
      this.#take();
      this.#read(0);
      this.#finish(0);
    }
  }

  #take(): void {
    const range = this.#walk.take();
    if (range !== null) this.#taken.push(range);
  }

  #read(choice: number): void {
    const range = this.#pick(this.#taken, choice);
    if (range === undefined) return;
    const keys = KEYS.filter((key) => isIn(range, key));
    const rows = keys.slice(0, 3);
    const last = rows.at(-1);
    const read = this.#walk.fix(range, last === undefined ? null : [String(last)], keys.length <= 3);
    this.#fixed.push(read);
    const after = Number(read.upTo?.[0]);
    // As the scheduler does: behind the first read of the first range.
    if (range.after === null && !range.isFixed && read.isFixed)
      this.#walk.split(this.#points.filter(([point]) => Number(point) > after));
  }

  #finish(choice: number): void {
    const range = this.#pick(this.#fixed, choice);
    if (range === undefined) return;
    this.#walk.finish(range);
    for (const key of KEYS) if (isIn(range, key)) this.#times.set(key, (this.#times.get(key) ?? 0) + 1);
  }

  #giveBack(choice: number): void {
    const range = this.#pick(choice % 2 === 0 ? this.#fixed : this.#taken, choice);
    if (range !== undefined) this.#walk.giveBack(range);
  }

  #restart(asOlder: boolean): void {
    const { parts, ...known } = this.#walk.state;
    if (asOlder && parts !== undefined) this.#hasForgotten = true;
    this.#walk = asOlder ? new KeyWalk(known) : restarted(this.#walk);
    this.#taken = [];
    this.#fixed = [];
  }

  #pick(ranges: WalkRange[], choice: number): WalkRange | undefined {
    const [range] = ranges.splice(choice % Math.max(1, ranges.length), 1);
    return range;
  }
}

function isIn({ after, upTo }: WalkRange, key: number): boolean {
  return (after === null || key > Number(after[0])) && (upTo === null || key <= Number(upTo[0]));
}
