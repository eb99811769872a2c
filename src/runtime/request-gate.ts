import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Spaces out the requests of one process: at most `perMinute` of them, evenly, and none while the
 * endpoint asked for quiet. Waiting requests go in the order in which they came.
 */
export class RequestGate {
  readonly #intervalMs: number;
  readonly #now: () => number;
  #nextAt = 0;
  #quietUntil = 0;

  /** `perMinute` of Infinity sets no limit. `now` gives milliseconds that never go backwards. */
  constructor(perMinute: number, now: () => number = () => performance.now()) {
    if (!(perMinute > 0)) throw new RangeError(`A rate of ${perMinute} requests a minute would send none`);
    this.#intervalMs = 60_000 / perMinute;
    this.#now = now;
  }

  /** Resolves with the milliseconds waited, when a request may go out. Rejects when `signal` aborts. */
  async pass(signal: AbortSignal): Promise<number> {
    const asked = this.#now();
    const slot = Math.max(asked, this.#nextAt, this.#quietUntil);
    this.#nextAt = slot + this.#intervalMs;
    await waitUntil(slot, this.#now, signal);
    // The endpoint may have asked for quiet while this request was waiting.
    while (this.#quietUntil > this.#now()) await waitUntil(this.#quietUntil, this.#now, signal);
    return this.#now() - asked;
  }

  /** No request for so long, whoever wanted to send it. */
  quiet(milliseconds: number): void {
    this.#quietUntil = Math.max(this.#quietUntil, this.#now() + milliseconds);
  }
}

async function waitUntil(time: number, now: () => number, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  const left = time - now();
  if (left <= 0) return;
  try {
    await sleep(Math.ceil(left), undefined, { signal });
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  }
}
