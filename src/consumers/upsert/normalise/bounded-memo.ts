/**
 * Remembers the results of a pure function of one text. Holds at most `limit` of them and forgets all
 * at once when full: catalogues repeat a few thousand values, so a smarter order would not pay.
 */
export function boundedMemo<T>(compute: (text: string) => T, limit = 20_000): (text: string) => T {
  const results = new Map<string, T>();
  return (text) => {
    const known = results.get(text);
    if (known !== undefined) return known;
    const result = compute(text);
    if (results.size >= limit) results.clear();
    results.set(text, result);
    return result;
  };
}
