const FIRST_MS = 100;
const CAP_MS = 10_000;

/** Pause before try number `attempt` (from 0): doubles to a cap, with jitter so that many do not come back at once. */
export function backoffMs(attempt: number, random: () => number = Math.random): number {
  const full = Math.min(CAP_MS, FIRST_MS * 2 ** Math.min(attempt, 20));
  return full / 2 + (full / 2) * random();
}
