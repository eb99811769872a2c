import type { Topic } from '../topic.ts';
import { fold } from '../words.ts';
import { ACCOUNT } from './account.ts';
import { COMMERCE } from './commerce.ts';
import { COMPANY } from './company.ts';
import { EDITORIAL } from './editorial.ts';
import { LEARNING } from './learning.ts';
import { LEGAL } from './legal.ts';
import { MARKETING } from './marketing.ts';
import { REFERENCE } from './reference.ts';

/** All topics. A word may belong to several: each of them has its say. */
export const TOPICS: readonly Topic[] = [
  ...LEGAL,
  ...ACCOUNT,
  ...COMPANY,
  ...EDITORIAL,
  ...REFERENCE,
  ...MARKETING,
  ...LEARNING,
  ...COMMERCE,
];

/** Topic numbers by word, diacritics and hyphens of the tables removed. */
export const TOPICS_BY_WORD: ReadonlyMap<string, readonly number[]> = indexWords();

/**
 * The same for every beginning of a word too, with no topics: whoever joins words to a phrase can stop
 * at the first text that is not in here.
 */
export const TOPICS_BY_BEGINNING: ReadonlyMap<string, readonly number[]> = indexBeginnings();

function indexBeginnings(): Map<string, readonly number[]> {
  const none: readonly number[] = [];
  const index = new Map<string, readonly number[]>();
  for (const word of TOPICS_BY_WORD.keys()) {
    for (let length = 1; length < word.length; length++) index.set(word.slice(0, length), none);
  }
  for (const [word, topics] of TOPICS_BY_WORD) index.set(word, topics);
  return index;
}

function indexWords(): Map<string, readonly number[]> {
  const index = new Map<string, number[]>();
  for (const [number, topic] of TOPICS.entries()) {
    for (const raw of new Set(topic.words.split(' ').filter((word) => word !== ''))) {
      const word = fold(raw).replaceAll('-', '');
      const numbers = index.get(word);
      if (numbers === undefined) index.set(word, [number]);
      else if (!numbers.includes(number)) numbers.push(number);
    }
  }
  return index;
}
