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

/** Of long texts with much behind them: some hundred kilobytes. */
const LONG_LIMIT = 4_000;
/** After so many texts it is judged whether they come again; after so many more where they did not, once more. */
const TRIAL = 4_096;
const REST = 16 * TRIAL;
const WORTH_IT = TRIAL / 4;

/**
 * The same where nobody knows whether texts come again: as long as fewer than a quarter do, nothing is remembered,
 * which would cost more than it saves.
 */
export function repeatedMemo<T>(compute: (text: string) => T): (text: string) => T {
  let computed = 0;
  let asked = 0;
  let isWorthIt = true;
  const remembered = boundedMemo((text) => {
    computed++;
    return compute(text);
  }, LONG_LIMIT);
  return (text) => {
    if (++asked === (isWorthIt ? TRIAL : REST)) {
      // Of what was not remembered nothing counts as computed: it is tried again.
      isWorthIt = asked - computed >= WORTH_IT;
      computed = 0;
      asked = 0;
    }
    return isWorthIt ? remembered(text) : compute(text);
  };
}
