/** To the millisecond. `startedAt`: of `performance.now()`. */
export function secondsSince(startedAt: number): number {
  return Math.round(performance.now() - startedAt) / 1_000;
}
