/**
 * Slips of the thumb in the few words that decide an opt-out. A variant is one swapped pair, one
 * doubled letter or one missing letter behind the first: slips that rarely give another real word
 * ("sending" never becomes "spending" or "lending", which a plain edit distance would accept).
 */
const LONG_WORDS = [
  'anymore',
  'calling',
  'contact',
  'contacting',
  'information',
  'message',
  'messages',
  'messaging',
  'number',
  'please',
  'receive',
  'receiving',
  'remove',
  'removed',
  'sending',
  'texting',
] as const;

/** "stop" is short: only slips that are no word of their own, and what people type for emphasis. */
const STOP_SLIPS = [
  'sotp',
  'stpo',
  'tsop',
  'sttop',
  'sstop',
  'stp',
  'st0p',
  'stahp',
  'stopo',
  'dtop',
  'atop',
] as const;
/** Real words that a slip of ours would swallow. */
const REAL_WORDS: ReadonlySet<string> = new Set(['atop', 'caling', 'massage', 'massages', 'pleas']);

const CORRECTIONS: ReadonlyMap<string, string> = buildCorrections();

/** The word as it was meant, or the word itself. Expects lower case without accents. */
export function correctTypo(word: string): string {
  if (word.startsWith('sto') && /^sto+p+$/.test(word)) return 'stop';
  const known = CORRECTIONS.get(word);
  if (known !== undefined) return known;
  if (!isUnsubscribe(word)) return word;
  return word.endsWith('d') ? 'unsubscribed' : 'unsubscribe';
}

function buildCorrections(): Map<string, string> {
  const corrections = new Map<string, string>();
  for (const word of LONG_WORDS) {
    for (const slip of slipsOf(word)) if (!REAL_WORDS.has(slip)) corrections.set(slip, word);
  }
  for (const slip of STOP_SLIPS) if (!REAL_WORDS.has(slip)) corrections.set(slip, 'stop');
  for (const word of LONG_WORDS) corrections.delete(word);
  return corrections;
}

function* slipsOf(word: string): Generator<string> {
  for (let i = 1; i < word.length; i++) {
    yield word.slice(0, i) + word.slice(i + 1);
    yield word.slice(0, i) + word.charAt(i) + word.slice(i);
    if (i + 1 < word.length) yield word.slice(0, i) + word.charAt(i + 1) + word.charAt(i) + word.slice(i + 2);
  }
}

/** Nobody spells "unsubscribe" reliably, and nothing else looks like it: two slips are allowed. */
function isUnsubscribe(word: string): boolean {
  if (word.length < 8 || word.length > 14 || !/^u(?:n|s|b)/.test(word)) return false;
  return ['unsubscribe', 'unsubscribed', 'unsubscribing'].some((target) => editDistance(word, target) <= 2);
}

/** Insertions, deletions, substitutions and swapped neighbours, each at cost 1. */
function editDistance(a: string, b: string): number {
  let beforePrevious: number[] = [];
  let previous = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const current = [i];
    for (let j = 1; j <= b.length; j++) {
      const cost = a[i - 1] === b[j - 1] ? 0 : 1;
      let best = Math.min(at(previous, j) + 1, at(current, j - 1) + 1, at(previous, j - 1) + cost);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        best = Math.min(best, at(beforePrevious, j - 2) + 1);
      }
      current.push(best);
    }
    beforePrevious = previous;
    previous = current;
  }
  return at(previous, b.length);
}

function at(row: readonly number[], index: number): number {
  return row[index] ?? Number.POSITIVE_INFINITY;
}
