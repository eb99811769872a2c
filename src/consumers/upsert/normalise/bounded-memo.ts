/**
 * Remembers the results of a pure function of one text. Holds at most `limit` of them, in two generations: a
 * result that is asked for again stays, while those that came once (names, whole paths) go.
 */
export function boundedMemo<T>(compute: (text: string) => T, limit = 20_000): (text: string) => T {
  let young = new Map<string, T>();
  let old = new Map<string, T>();
  return (text) => {
    const known = young.get(text);
    if (known !== undefined) return known;
    const result = old.get(text) ?? compute(text);
    if (young.size >= limit / 2) {
      old = young;
      young = new Map();
    }
    young.set(text, result);
    return result;
  };
}
