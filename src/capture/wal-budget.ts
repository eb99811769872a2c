import type { SlotStatus } from '../source/slot.ts';

/** Of the WAL that the slot may keep: below the first share left refreshes wait, above the second they go on. */
const HOLD_BELOW = 0.3;
const GO_ON_ABOVE = 0.5;

/**
 * Whether refreshes must wait, so that all of the publishing goes to the stream: a slot that falls too far
 * behind is lost, with every table's history. Changes from one to the other only by a wide margin.
 */
export class WalBudget {
  /** WAL that a refresh may make the slot keep; null: only the server's own limit counts. Bytes. */
  readonly #most: number | null;
  #isTight = false;

  constructor(most: number | null) {
    this.#most = most;
  }

  get isTight(): boolean {
    return this.#isTight;
  }

  /** True where it has just changed. */
  look({ retainedBytes, safeBytes }: Pick<SlotStatus, 'retainedBytes' | 'safeBytes'>): boolean {
    const shares = [
      safeBytes === null ? 1 : safeBytes / Math.max(1, safeBytes + retainedBytes),
      this.#most === null ? 1 : 1 - retainedBytes / this.#most,
    ];
    const left = Math.min(...shares);
    const before = this.#isTight;
    this.#isTight = left < (before ? GO_ON_ABOVE : HOLD_BELOW);
    return this.#isTight !== before;
  }
}
