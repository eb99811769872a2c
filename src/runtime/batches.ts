/** The values in order, in batches of at most so many and so many bytes; a larger value comes alone. */
export function inBatches<T>(
  values: readonly T[],
  limits: { readonly count: number; readonly bytes: number },
  bytesOf: (value: T) => number,
): T[][] {
  const batches: T[][] = [];
  let batch: T[] = [];
  let bytes = 0;
  for (const value of values) {
    const size = bytesOf(value);
    if (batch.length > 0 && (batch.length >= limits.count || bytes + size > limits.bytes)) {
      batches.push(batch);
      batch = [];
      bytes = 0;
    }
    batch.push(value);
    bytes += size;
  }
  if (batch.length > 0) batches.push(batch);
  return batches;
}
