import { setTimeout as sleep } from 'node:timers/promises';
import { BrokerError, UnreachableError } from './broker-error.ts';

export interface Patience {
  readonly ms: number;
  /** What is worth another try. */
  readonly isPassing: (error: unknown) => boolean;
}

const FIRST_MS = 1;
const GROWTH = 1.5;
/** The markers of the transaction before are written within milliseconds; what lasts is asked less often. */
const SHORT_CAP_MS = 20;
const SHORT_TRIES = 50;
const LONG_CAP_MS = 200;

/** Tries until it is done, the error is final or the patience over. `attempt` gets the number of tries before. */
export async function persistently<T>(
  patience: Patience,
  attempt: (tries: number) => Promise<T>,
): Promise<T> {
  const deadline = performance.now() + patience.ms;
  for (let tries = 0; ; tries++) {
    try {
      return await attempt(tries);
    } catch (error) {
      if (!patience.isPassing(error) || performance.now() > deadline) throw error;
    }
    await sleep(pauseMs(tries));
  }
}

export function isPassingRefusal(error: unknown): boolean {
  return error instanceof BrokerError && error.isRetriable;
}

/** Nothing was asked, or the broker said not now. */
export function isPassing(error: unknown): boolean {
  return error instanceof UnreachableError || isPassingRefusal(error);
}

function pauseMs(tries: number): number {
  return tries < SHORT_TRIES ? Math.min(SHORT_CAP_MS, FIRST_MS * GROWTH ** tries) : LONG_CAP_MS;
}
