import type { Lsn } from '../change/lsn.ts';
import type { CommitClock } from './commit-clock.ts';

/** Something that is published: all of it in `ends`, the position of the last record of each partition. */
export interface PublishedMark {
  readonly ends: readonly string[];
  /** Everything below it is published; null where the source has no stream. */
  readonly passed: Lsn | null;
  /** All that was committed before it is published; 0 where unknown. Unix milliseconds. */
  readonly throughMs: number;
}

interface OpenMark {
  readonly ends: readonly string[];
  passed: Lsn | null;
  throughMs: number;
}

const MOST_MARKS = 512;

/**
 * The commit time up to which one group has applied everything of one topic. Compares positions, never
 * offsets: a mark is reached when every partition stands at or behind its end.
 */
export class AppliedThrough {
  readonly #clock: CommitClock;
  /** Not reached yet, the oldest first. */
  #pending: OpenMark[] = [];
  #reached: OpenMark | null = null;
  /** The newest mark is what is published now: it grows older with nothing published behind it. */
  #isCurrent = false;

  constructor(clock: CommitClock) {
    this.#clock = clock;
  }

  /** What is published now. Null: rows are missing in the topic, so that nothing can be said from here on. */
  published(mark: PublishedMark | null): void {
    const newest = this.#newest;
    if (mark !== null && newest !== null && this.#isCurrent && sameEnds(newest.ends, mark.ends)) {
      newest.passed = mark.passed;
      newest.throughMs = Math.max(newest.throughMs, mark.throughMs);
      return;
    }
    if (newest !== null && this.#isCurrent) newest.throughMs = this.#throughOf(newest);
    this.#isCurrent = mark !== null;
    if (mark === null) return;
    this.#pending.push({ ...mark });
    if (this.#pending.length > MOST_MARKS) this.#thin();
  }

  /** `position`: the highest one that the group has applied in a partition, empty where there is none. */
  applied(position: (partition: number) => string): void {
    for (;;) {
      const [next] = this.#pending;
      if (next === undefined || !next.ends.every((end, partition) => position(partition) >= end)) return;
      this.#reached = next;
      this.#pending.shift();
    }
  }

  /** Unix milliseconds; null where nothing is known. */
  get throughMs(): number | null {
    if (this.#reached === null) return null;
    const ms = this.#isCurrent && this.isCaughtUp ? this.#throughOf(this.#reached) : this.#reached.throughMs;
    return ms === 0 ? null : ms;
  }

  /** Everything that was committed below it is applied; null where nothing is known, or the source has no stream. */
  get throughLsn(): Lsn | null {
    return this.#reached?.passed ?? null;
  }

  /** Everything that is known to be published is applied. */
  get isCaughtUp(): boolean {
    return this.#pending.length === 0 && this.#reached !== null;
  }

  get #newest(): OpenMark | null {
    return this.#pending.at(-1) ?? this.#reached;
  }

  #throughOf(mark: OpenMark): number {
    return mark.passed === null ? mark.throughMs : Math.max(mark.throughMs, this.#clock.through(mark.passed));
  }

  /** Leaving a mark out makes the answer older, never wrong; the newest one stays. */
  #thin(): void {
    const newest = this.#pending.length - 1;
    this.#pending = this.#pending.filter((_, index) => index % 2 === 0 || index === newest);
  }
}

function sameEnds(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((end, index) => end === b[index]);
}
