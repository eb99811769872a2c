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

function indexWords(): Map<string, readonly number[]> {
  const index = new Map<string, number[]>();
  for (const [number, topic] of TOPICS.entries()) {
    for (const raw of new Set(topic.words.split(' '))) {
      const word = fold(raw).replaceAll('-', '');
      const numbers = index.get(word);
      if (numbers === undefined) index.set(word, [number]);
      else if (!numbers.includes(number)) numbers.push(number);
    }
  }
  return index;
}
