import { setTimeout as sleep } from 'node:timers/promises';
import type { Pool } from 'pg';
import { pausedSince } from '../sinks/paused-groups.ts';

const POLL_MS = 1_000;

/**
 * Runs the work whenever the group is not paused. A pause ends it as a stop would: batches that have begun
 * are finished, and the membership is given up. A target that is away says nothing about a pause.
 */
export async function unlessPaused(
  pool: Pool,
  group: string,
  signal: AbortSignal,
  tell: (message: string) => void,
  work: (signal: AbortSignal) => Promise<void>,
): Promise<void> {
  while (!signal.aborted) {
    await untilPaused(pool, group, false, signal);
    if (signal.aborted) return;
    const over = new AbortController();
    const either = AbortSignal.any([signal, over.signal]);
    const watching = untilPaused(pool, group, true, either).then(() => {
      if (!either.aborted) tell('paused');
      over.abort();
    });
    try {
      await work(either);
    } finally {
      over.abort();
      await watching;
    }
    if (signal.aborted) return;
    await untilPaused(pool, group, false, signal);
    if (!signal.aborted) tell('resumed');
  }
}

/** Returns once the group is paused, or is not; or when the signal comes. */
async function untilPaused(pool: Pool, group: string, wanted: boolean, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const since = await pausedSince(pool, group).catch(() => undefined);
    if (since !== undefined && (since !== null) === wanted) return;
    if (since === undefined && !wanted) return;
    await sleep(POLL_MS, undefined, { signal }).catch(() => {});
  }
}
