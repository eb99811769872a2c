import { setTimeout as sleep } from 'node:timers/promises';
import { backoffMs } from '../runtime/backoff.ts';
import { errorMessage } from '../runtime/postgres.ts';
import { sinkErrorCode } from '../sinks/sink-error.ts';
import type { LaneReport } from './lane-report.ts';

/** Short enough that a pause does not hold up a stop of the group, or of a rebalance. */
const LONGEST_PAUSE_MS = 5_000;

/** Reports a failure that is going to be tried again, and waits; shorter where the signal comes. */
export async function pauseBeforeRetry(
  attempt: number,
  failure: unknown,
  report: LaneReport,
  signal: AbortSignal,
  longestMs = LONGEST_PAUSE_MS,
): Promise<void> {
  report.retry(sinkErrorCode(failure), errorMessage(failure), attempt);
  await sleep(Math.min(backoffMs(attempt), longestMs), undefined, { signal }).catch(() => {});
}
