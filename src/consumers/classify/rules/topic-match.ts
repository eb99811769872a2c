import { type Role, roleStart, type SignalSet } from '../signals.ts';
import { TOPICS_BY_BEGINNING, TOPICS_BY_WORD } from '../tokens/index-of-topics.ts';
import { joinWords, type Words } from '../words.ts';

const MAX_WORDS = 12;
const MAX_PHRASE = 4;
/** A name with a small number behind it: `terms2`. */
const NUMBERED = /^(\D{4,})\d{1,2}$/;
const NO_TOPICS: readonly number[] = [];

/** Topics that the words as a whole name: `privacy-policy`, `PrivacyPolicy`, also numbered: `terms2`. */
export function topicsOf(words: Words): readonly number[] {
  const name = words.joined;
  if (name === '') return NO_TOPICS;
  const topics = TOPICS_BY_WORD.get(name);
  if (topics !== undefined) return topics;
  const last = name.charCodeAt(name.length - 1);
  if (last > 57 || last < 48) return NO_TOPICS;
  const bare = NUMBERED.exec(name)?.[1];
  return bare === undefined ? NO_TOPICS : (TOPICS_BY_WORD.get(bare) ?? NO_TOPICS);
}

export function addTopics(topics: readonly number[], role: Role, signals: SignalSet): void {
  const start = roleStart(role);
  for (const topic of topics) signals.add(start + topic);
}

type Found = (topics: readonly number[], covered: number, atEnd: boolean) => void;

/** `found` gets the topics of each phrase among the first words, how many words it covers, and whether it ends them. */
export function eachPhrase(words: Words, found: Found): void {
  const list = words.list;
  const end = Math.min(list.length, MAX_WORDS);
  for (let i = 0; i < end;) i += longestPhrase(list, i, end, found);
}

function longestPhrase(list: readonly string[], from: number, end: number, found: Found): number {
  let phrase = '';
  let best: readonly number[] | undefined;
  let length = 0;
  for (let to = from; to < end && to - from < MAX_PHRASE; to++) {
    phrase = to === from ? (list[to] ?? '') : phrase + list[to];
    const topics = TOPICS_BY_BEGINNING.get(phrase);
    if (topics === undefined) break;
    if (topics.length > 0) {
      best = topics;
      length = to - from + 1;
    }
  }
  if (best === undefined) return 1;
  found(best, length, from + length === list.length);
  return length;
}

/** Ids around a name are no part of it: `51-history`, `contact-us-2`. */
export function withoutNumbers(words: Words): Words {
  const list = words.list;
  if (list.length < 2 || (!isNumber(list[0]) && !isNumber(list.at(-1)))) return words;
  const rest = list.slice(isNumber(list[0]) ? 1 : 0, isNumber(list.at(-1)) ? -1 : undefined);
  return { list: rest, joined: joinWords(rest) };
}

function isNumber(word: string | undefined): boolean {
  return word !== undefined && /^\d+$/.test(word);
}
