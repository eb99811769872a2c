import type { Clock } from '../runtime/clock.ts';
import { nextEpoch } from './merge-state.ts';

const SECOND_MS = 1_000;

/**
 * The epoch of a capture that begins anew. `last`: null where none is known; `wereOthers`: whether there were some
 * nevertheless. The newest of those may be of the present second: another one is waited for.
 */
export async function newEpoch(last: number | null, wereOthers: boolean, clock: Clock): Promise<number> {
  const startedMs = clock.now();
  if (last !== null || !wereOthers) return nextEpoch(last, startedMs);
  const epoch = Math.floor(startedMs / SECOND_MS) + 1;
  const never = new AbortController().signal;
  while (clock.now() < epoch * SECOND_MS) await clock.sleep(epoch * SECOND_MS - clock.now(), never);
  return epoch;
}
