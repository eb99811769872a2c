import { createSeededRandom, type SeededRandom } from './seeded-random.ts';

/** Numbers of one item: under one seed, item n does not depend on how much the items before it drew. */
export class ItemRandom {
  readonly #random: SeededRandom;

  constructor(seed: number, item: number) {
    this.#random = createSeededRandom(
      Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b) ^ Math.imul(item + 1, 0xc2b2ae35),
    );
  }

  /** At least 0, below 1. */
  next(): number {
    return this.#random.next();
  }

  /** A whole number from `low` to `high`, both included. */
  integer(low: number, high: number): number {
    return low + this.#random.below(high - low + 1);
  }

  chance(share: number): boolean {
    return this.#random.next() < share;
  }

  pick<T>(items: readonly [T, ...T[]]): T {
    return this.#random.pick(items);
  }

  shuffle<T>(items: readonly T[]): T[] {
    return items
      .map((item) => [this.#random.next(), item] as const)
      .toSorted(([a], [b]) => a - b)
      .map(([, item]) => item);
  }
}
