import type { Lsn } from '../change/lsn.ts';

interface Reading {
  readonly ms: number;
  readonly lsn: Lsn;
}

const MOST_READINGS = 1_024;

/**
 * Turns WAL addresses into times, also where nobody commits: each reading says that all that was committed
 * before `ms` lies below `lsn`. Its `ms` must have been taken before its `lsn`.
 */
export class CommitClock {
  /** Both grow. */
  #readings: Reading[] = [];

  note(ms: number, lsn: Lsn): void {
    const last = this.#readings.at(-1);
    // A source that was restored, or whose clock was set back: what was read before says nothing any more.
    if (last !== undefined && (lsn < last.lsn || ms < last.ms)) this.#readings.length = 0;
    else if (last?.lsn === lsn) this.#readings.pop();
    this.#readings.push({ ms, lsn });
    if (this.#readings.length > MOST_READINGS) this.#thin();
  }

  /** A time before which all that was committed lies below `lsn`; 0 where none is known. */
  through(lsn: Lsn): number {
    return this.#readings.findLast((reading) => reading.lsn <= lsn)?.ms ?? 0;
  }

  /** Of what was read last. */
  get last(): Reading | null {
    return this.#readings.at(-1) ?? null;
  }

  /** WAL written in a second, over the readings of the last `windowMs`; null where there are none. */
  bytesPerSecond(windowMs: number): number | null {
    const { last } = this;
    const first = this.#readings.find(({ ms }) => ms >= (last?.ms ?? 0) - windowMs);
    if (last === null || first === undefined || first.ms === last.ms) return null;
    return (Number(last.lsn - first.lsn) * 1_000) / (last.ms - first.ms);
  }

  /** Leaving a reading out makes the answers older, never wrong. */
  #thin(): void {
    const recent = MOST_READINGS / 2;
    const cut = this.#readings.length - recent;
    this.#readings = this.#readings.filter((_, index) => index >= cut || index % 2 === 0);
  }
}
