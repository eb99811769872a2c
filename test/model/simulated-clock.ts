import type { Clock } from '../../src/runtime/clock.ts';

interface Timer {
  readonly at: number;
  readonly fire: () => void;
}

/** Time that passes only when a history says so. */
export class SimulatedClock implements Clock {
  #nowMs = 1_790_000_000_000;
  #timers: Timer[] = [];

  now(): number {
    return this.#nowMs;
  }

  sleep(ms: number, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = { at: this.#nowMs + ms, fire: resolve };
      this.#timers.push(timer);
      signal.addEventListener('abort', () => {
        this.#timers = this.#timers.filter((other) => other !== timer);
        resolve();
      });
    });
  }

  pass(ms: number): void {
    this.#nowMs += ms;
    const due = this.#timers.filter((timer) => timer.at <= this.#nowMs);
    this.#timers = this.#timers.filter((timer) => timer.at > this.#nowMs);
    for (const timer of due) timer.fire();
  }

  /** The process that slept is gone. */
  forget(): void {
    this.#timers = [];
  }
}
