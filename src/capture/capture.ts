import { setTimeout as sleep } from 'node:timers/promises';
import { type ErrorCode, FreshetError } from '../runtime/errors.ts';
import { backoffMs } from '../runtime/backoff.ts';
import { errorMessage, isConnectionLoss } from '../runtime/postgres.ts';
import type { CaptureConfig, CaptureDependencies } from './capture-config.ts';
import { Lease } from './lease.ts';
import { runSession } from './session.ts';

const STEADY_MS = 30_000;
const GAPS: ReadonlySet<ErrorCode> = new Set(['SLOT_LOST', 'PUBLICATION_CHANGED', 'TOPIC_CHANGED']);

/**
 * Captures one source until the signal: acquires the lease, connects, and after a lost connection
 * begins again from the checkpoint. Throws what only an operator can cure.
 */
export async function runCapture(
  config: CaptureConfig,
  dependencies: CaptureDependencies,
  signal: AbortSignal,
): Promise<void> {
  const failures = new Failures(config, dependencies, signal);
  while (!signal.aborted) {
    try {
      await using lease = await Lease.acquire(config, dependencies);
      await holdLease(config, dependencies, lease, signal, failures);
    } catch (error) {
      await failures.pause(error);
    }
  }
}

/** A lost source connection alone keeps the lease: a fenced capture must not come back and fence its successor. */
async function holdLease(
  config: CaptureConfig,
  dependencies: CaptureDependencies,
  lease: Lease,
  signal: AbortSignal,
  failures: Failures,
): Promise<void> {
  while (!signal.aborted) {
    try {
      await runSession(config, dependencies, lease, signal);
    } catch (error) {
      if (lease.isBroken) throw error;
      await failures.pause(error);
    }
  }
}

class Failures {
  readonly #dependencies: CaptureDependencies;
  readonly #signal: AbortSignal;
  readonly #closesGaps: boolean;
  #count = 0;
  #lastAt = 0;

  constructor(config: CaptureConfig, dependencies: CaptureDependencies, signal: AbortSignal) {
    this.#closesGaps = config.onSlotLoss === 'refresh';
    this.#dependencies = dependencies;
    this.#signal = signal;
  }

  /** Waits before the next try; throws what trying again cannot cure. */
  async pause(error: unknown): Promise<void> {
    if (this.#signal.aborted) return;
    const known = classify(error);
    // What a running capture found is judged at the next start, which closes the gap where that is configured.
    const isClosed = this.#closesGaps && GAPS.has(known.code);
    if (known.action !== 'retry' && !isClosed) throw known;
    if (Date.now() - this.#lastAt > STEADY_MS) this.#count = 0;
    this.#lastAt = Date.now();
    const ms = backoffMs(this.#count++);
    this.#dependencies.observer.log('warn', `${known.message}; tried again in ${Math.round(ms)} ms`);
    await sleep(ms, undefined, { signal: this.#signal }).catch(() => {});
  }
}

function classify(error: unknown): FreshetError {
  if (error instanceof FreshetError) return error;
  const code = isConnectionLoss(error) ? 'CONNECTION' : 'INTERNAL';
  return new FreshetError(code, errorMessage(error), { cause: error });
}
