import type { Clock } from '../runtime/clock.ts';
import type { StreamSettings } from './capture-config.ts';

/** Up to this part of a full batch a Kafka transaction costs the same, whatever it holds. */
const SMALL_SHARE = 0.1;

/** Keeps small Kafka transactions apart in time: what arrives between them shares one. */
export class CommitPace {
  readonly #clock: Clock;
  readonly #intervalMs: number;
  readonly #smallRecords: number;
  readonly #smallBytes: number;
  #nextAt = Number.NEGATIVE_INFINITY;

  constructor(clock: Clock, { commitIntervalMs = 0, batchRecords, batchBytes }: StreamSettings) {
    this.#clock = clock;
    this.#intervalMs = commitIntervalMs;
    this.#smallRecords = Math.min(Math.max(1, batchRecords * SMALL_SHARE), batchRecords - 1);
    this.#smallBytes = batchBytes * SMALL_SHARE;
  }

  isSmall(records: number, bytes: number): boolean {
    return records <= this.#smallRecords && bytes <= this.#smallBytes;
  }

  /** A transaction of this size begins. */
  begin(records: number, bytes: number): void {
    const isSmall = this.isSmall(records, bytes);
    this.#nextAt = isSmall ? this.#clock.now() + this.#intervalMs : Number.NEGATIVE_INFINITY;
  }

  /** Milliseconds until the next small one may begin. A clock that is set back does not make it wait longer. */
  get leftMs(): number {
    return Math.min(this.#nextAt - this.#clock.now(), this.#intervalMs);
  }
}
