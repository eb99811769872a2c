import { boundedMemo } from './bounded-memo.ts';
import { fold } from './brand-key.ts';

const WORD = /[\p{L}\p{N}\p{M}]+/gu;
const ASCII = /^[\u0001-\u007f]*$/;
const NOT_ASCII_WORD = /[^a-z0-9]+/g;
const EMPTY_WORDS = new Set([
  'and',
  'n',
  'of',
  'for',
  'the',
  'a',
  'an',
  'in',
  'with',
  'to',
  'by',
  'on',
  'all',
  'other',
  'others',
]);
const IRREGULAR: Readonly<Record<string, string>> = {
  women: 'woman',
  womens: 'woman',
  men: 'man',
  mens: 'man',
  kids: 'child',
  kid: 'child',
  children: 'child',
  childrens: 'child',
  mice: 'mouse',
  knives: 'knife',
  shelves: 'shelf',
  scarves: 'scarf',
  batteries: 'battery',
  jewellery: 'jewelry',
  jewelery: 'jewelry',
  colour: 'color',
  colours: 'color',
  aluminium: 'aluminum',
  pyjamas: 'pajama',
  pyjama: 'pajama',
  pajamas: 'pajama',
  accessories: 'accessory',
  dresses: 'dress',
  glass: 'glass',
  glasses: 'glass',
  shoes: 'shoe',
  movies: 'movie',
  cookies: 'cookie',
  ties: 'tie',
  series: 'series',
  bras: 'bra',
  gps: 'gps',
  tees: 'tshirt',
};

/** The words of a category name that carry meaning, in their singular, in order; "&" and "for" are left out. */
export const categoryStems: (text: string) => readonly string[] = boundedMemo(readStems);

function readStems(text: string): readonly string[] {
  const plain = fold(text)
    .replace(/['’`´]/g, '')
    .replace(/\bt[ -]?shirts?\b/g, ' tshirt ')
    .replace(/\be[ -]?books?\b/g, ' ebook ');
  const stems: string[] = [];
  for (const word of plain.match(WORD) ?? []) {
    if (!EMPTY_WORDS.has(word)) stems.push(stemOf(word));
  }
  return stems;
}

/** A plain English singular; a word that ends like a plural and is none only has to meet itself. */
export function stemOf(word: string): string {
  const irregular = IRREGULAR[word];
  if (irregular !== undefined) return irregular;
  if (word.length <= 3 || !word.endsWith('s') || /(?:ss|us|is)$/.test(word)) return word;
  if (/(?:ch|sh|x|z|ss)es$/.test(word)) return word.slice(0, -2);
  return word.endsWith('ies') ? `${word.slice(0, -3)}y` : word.slice(0, -1);
}

/** Letters and digits only, folded: equal for names that differ in case, spacing, punctuation or accents. */
export function nameKey(text: string): string {
  const folded = fold(text);
  return ASCII.test(folded) ? folded.replace(NOT_ASCII_WORD, '') : (folded.match(WORD) ?? []).join('');
}
