/** The value below which the share `p` (0 to 1) of the samples lies, nearest rank; 0 without samples. */
export function percentile(samples: readonly number[], p: number): number {
  const sorted = [...samples].toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.ceil(p * sorted.length) - 1)] ?? sorted[0] ?? 0;
}
