import { setTimeout as sleep } from 'node:timers/promises';
import { backoffMs } from '../../runtime/backoff.ts';
import { isFreshetError } from '../../runtime/errors.ts';
import type { Conversation, LeadScorer, ScoreResult } from './scorer.ts';

/**
 * While the endpoint is away every job of this process waits, for a pause that grows with each failure,
 * rather than using up its tries one after the other.
 */
export class PausingScorer implements LeadScorer {
  readonly version: string;
  readonly billed: boolean;
  readonly #inner: LeadScorer;
  readonly #pauseMs: (failures: number) => number;
  #failures = 0;
  #quietUntil = 0;

  constructor(inner: LeadScorer, pauseMs: (failures: number) => number = backoffMs) {
    this.version = inner.version;
    this.billed = inner.billed;
    this.#inner = inner;
    this.#pauseMs = pauseMs;
  }

  async score(conversation: Conversation, signal: AbortSignal): Promise<ScoreResult> {
    for (let left = this.#left(); left > 0; left = this.#left()) await sleep(left, undefined, { signal });
    try {
      const result = await this.#inner.score(conversation, signal);
      this.#failures = 0;
      return result;
    } catch (error) {
      if (isFreshetError(error, 'SCORER_UNAVAILABLE')) {
        this.#quietUntil = performance.now() + this.#pauseMs(this.#failures);
        this.#failures += 1;
      }
      throw error;
    }
  }

  #left(): number {
    return Math.ceil(this.#quietUntil - performance.now());
  }
}
