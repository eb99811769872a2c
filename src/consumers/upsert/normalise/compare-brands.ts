import { buildBrandDictionary, type BrandDictionary } from './brand-dictionary.ts';
import { type BrandForm, parseBrand } from './brand-key.ts';
import { COMPANY_WORDS, EVERYDAY_WORDS, LINE_WORDS, PLACE_WORDS, TRADE_WORDS } from './brand-words.ts';
import { isDescriptor } from './canonical-brand.ts';
import { editDistance, nonBrandOf } from './non-brand.ts';
import { americanKey, bareHost, transliteratedKey, withoutPossessive } from './spelling-conventions.ts';

/** A judgement about two spellings; `confidence` is in it, not in `same`: 0.5 is a coin, 1 is certainty. */
export interface BrandComparison {
  readonly same: boolean;
  readonly confidence: number;
  readonly reason: string;
}

type Rule = (a: BrandForm, b: BrandForm, dictionary: BrandDictionary) => BrandComparison | null;

/** Shorter names have too many near neighbours: Nivea and Nivia, Sony and Sona are four companies. */
const MIN_SLIP_LENGTH = 7;
const BUILT_IN = buildBrandDictionary();
const LEAD_INS: ReadonlySet<string> = new Set(['the', 'by', 'from']);

/**
 * Judges whether two spellings name one brand. The first rule that knows an answer gives it; what no
 * rule knows is "not the same", with low confidence where the names are close.
 */
export function compareBrands(a: string, b: string, dictionary: BrandDictionary = BUILT_IN): BrandComparison {
  const [first, second] = [parseBrand(a), parseBrand(b)];
  for (const rule of RULES) {
    const judgement = rule(first, second, dictionary) ?? null;
    if (judgement !== null) return judgement;
  }
  return different(0.9, 'different names');
}

const RULES: readonly Rule[] = [
  byEmptiness,
  byKey,
  byAlias,
  byLostBytes,
  byNonBrand,
  byDomain,
  byLeadIn,
  byConvention,
  byPossessive,
  byNumber,
  byLongForm,
  byWordSlip,
  byPlural,
  bySlip,
];

function byEmptiness(a: BrandForm, b: BrandForm): BrandComparison | null {
  return a.key === '' || b.key === '' ? different(0.5, 'a side holds no letter or digit') : null;
}

function byKey(a: BrandForm, b: BrandForm): BrandComparison | null {
  if (a.key !== b.key || a.lost || b.lost) return null;
  return same(0.97, 'differ only in case, spacing, punctuation, accents, trade-mark sign or legal form');
}

function byAlias(a: BrandForm, b: BrandForm, { aliases }: BrandDictionary): BrandComparison | null {
  const [nameA, nameB] = [aliases.get(a.key), aliases.get(b.key)];
  if (nameA === undefined && nameB === undefined) return null;
  if (nameA === null || nameB === null) return different(0.95, 'one is declared to be no brand');
  const [keyA, keyB] = [
    nameA === undefined ? a.key : parseBrand(nameA).key,
    nameB === undefined ? b.key : parseBrand(nameB).key,
  ];
  return keyA === keyB ? same(0.95, 'alias') : null;
}

function byLostBytes(a: BrandForm, b: BrandForm): BrandComparison | null {
  if (!a.lost && !b.lost) return null;
  return a.key === b.key ? same(0.6, 'equal but for lost bytes') : different(0.6, 'bytes are lost');
}

function byNonBrand(a: BrandForm, b: BrandForm): BrandComparison | null {
  const nonBrand = nonBrandOf(a.key) ?? nonBrandOf(b.key);
  return nonBrand === null ? null : different(0.85, `a ${nonBrand.kind}, not a brand`);
}

function byDomain(a: BrandForm, b: BrandForm): BrandComparison | null {
  const [hostA, hostB] = [bareHost(a.written), bareHost(b.written)];
  if (hostA === null && hostB === null) return null;
  return parseBrand(hostA ?? a.written).key === parseBrand(hostB ?? b.written).key
    ? same(0.85, 'one is the web address of the other')
    : null;
}

/** "The Jewelbox" and "by Jewelbox" are "Jewelbox". */
function byLeadIn(a: BrandForm, b: BrandForm): BrandComparison | null {
  const bare = ({ words, key }: BrandForm) => (LEAD_INS.has(words[0] ?? '') ? words.slice(1).join('') : key);
  return bare(a) === bare(b) && bare(a) !== '' ? same(0.85, 'differ in the article or in "by"') : null;
}

function byConvention(a: BrandForm, b: BrandForm): BrandComparison | null {
  if (americanKey(a.words) === americanKey(b.words)) return same(0.85, 'British and American spelling');
  const umlauts = transliteratedKey(a.written) === b.key || transliteratedKey(b.written) === a.key;
  return umlauts ? same(0.8, 'with and without umlauts') : null;
}

/** "Kellogg's" and "Kellogg"; without the apostrophe nobody can tell: BlackBerry makes phones, Blackberrys clothes. */
function byPossessive(a: BrandForm, b: BrandForm): BrandComparison | null {
  const [bareA, bareB] = [withoutPossessive(a.written), withoutPossessive(b.written)];
  if (bareA === null && bareB === null) return null;
  const key = parseBrand(bareA ?? a.written).key;
  if (key !== parseBrand(bareB ?? b.written).key) return null;
  return EVERYDAY_WORDS.has(key) ? null : same(0.7, 'with and without the possessive');
}

function byNumber(a: BrandForm, b: BrandForm): BrandComparison | null {
  const numbers = (form: BrandForm) => (form.key.match(/\p{N}+/gu) ?? []).join(' ');
  return numbers(a) === numbers(b) ? null : different(0.95, 'different numbers');
}

/** "BMS" and "BMS Lifestyle": the rest of the longer name decides. */
function byLongForm(a: BrandForm, b: BrandForm, { spellings }: BrandDictionary): BrandComparison | null {
  const [short, long] = a.key.length < b.key.length ? [a, b] : [b, a];
  const rest = restAfter(short.key, long);
  if (rest === null) return null;
  if (rest.some((word) => LINE_WORDS.has(word)))
    return different(0.7, `"${rest.join(' ')}" is a line of goods, kept apart`);
  if (rest[0] === 'by' && rest.length > 1 && short.key.length >= 3 && !EVERYDAY_WORDS.has(short.key))
    return same(0.7, 'with and without its maker');
  if (!rest.every(isDescriptor)) return different(0.7, `"${rest.join(' ')}" makes another name of it`);
  if (Array.from(short.key).length < 3 && !spellings.has(short.key))
    return different(0.55, 'too short a beginning to tell');
  if (EVERYDAY_WORDS.has(short.key)) return different(0.55, 'many names begin with this word');
  if (rest.every((word) => COMPANY_WORDS.has(word))) return same(0.8, 'short and long form of a company');
  const places = rest.every((word) => PLACE_WORDS.has(word));
  return same(0.65, places ? 'with and without its place' : 'with and without its trade');
}

function restAfter(prefix: string, { words, written }: BrandForm): string[] | null {
  const split = [words, camelWords(written)];
  for (const parts of split) {
    let taken = '';
    for (const [i, word] of parts.entries()) {
      taken += word;
      if (taken === prefix && i + 1 < parts.length) return parts.slice(i + 1);
    }
  }
  return null;
}

/** "PopSockets" → pop, sockets. */
function camelWords(written: string): string[] {
  return [...parseBrand(written.replace(/(\p{Ll})(\p{Lu})/gu, '$1 $2')).words];
}

/** "Laadli Bouitique" and "Laadli Boutique": a slip in a trade word leaves the name itself untouched. */
function byWordSlip(a: BrandForm, b: BrandForm): BrandComparison | null {
  if (a.words.length !== b.words.length || a.words.length < 2) return null;
  const differing = a.words.flatMap((word, i) => (word === b.words[i] ? [] : [i]));
  const [at] = differing;
  if (differing.length !== 1 || at === undefined || at === 0) return null;
  const [wordA, wordB] = [a.words[at] ?? '', b.words[at] ?? ''];
  if (!isTradeLike(wordA) && !isTradeLike(wordB)) return null;
  const limit = Math.max(wordA.length, wordB.length) >= 7 ? 2 : 1;
  const near = Math.min(wordA.length, wordB.length) >= 5 && editDistance(wordA, wordB, limit) <= limit;
  return near ? same(0.8, `"${wordA}" and "${wordB}" are one word`) : null;
}

function isTradeLike(word: string): boolean {
  return COMPANY_WORDS.has(word) || TRADE_WORDS.has(word);
}

/** "Gift Studio" and "Gift Studios". A single word is left alone. */
function byPlural(a: BrandForm, b: BrandForm): BrandComparison | null {
  const [wordsA, wordsB] = [camelWords(a.written), camelWords(b.written)];
  if (Math.min(wordsA.length, wordsB.length) < 2) return null;
  const [lastA, lastB] = [wordsA.at(-1) ?? '', wordsB.at(-1) ?? ''];
  const headsEqual = wordsA.slice(0, -1).join('') === wordsB.slice(0, -1).join('');
  const plural = (one: string, many: string) =>
    one.length >= 4 && (many === `${one}s` || many === `${one}es`);
  return headsEqual && (plural(lastA, lastB) || plural(lastB, lastA))
    ? same(0.7, 'singular and plural')
    : null;
}

/** Slips of the pen inside long names: swapped or doubled letters; one letter off beside a well-known name. */
function bySlip(a: BrandForm, b: BrandForm, { spellings }: BrandDictionary): BrandComparison | null {
  const distance = editDistance(a.key, b.key, 2);
  if (distance > 2) return null;
  const long = Math.min(a.key.length, b.key.length) >= MIN_SLIP_LENGTH;
  const edges = a.key[0] === b.key[0] && a.key.at(-1) === b.key.at(-1);
  if (long && edges && distance === 1) {
    if (a.key.length === b.key.length && sorted(a.key) === sorted(b.key))
      return same(0.75, 'two letters swapped');
    if (undoubled(a.words) === undoubled(b.words)) return same(0.75, 'a doubled letter');
  }
  const oneKnown = BUILT_IN.spellings.has(a.key) !== BUILT_IN.spellings.has(b.key);
  const bothKnown = spellings.has(a.key) && spellings.has(b.key);
  const tosiba = Math.max(a.key.length, b.key.length) >= MIN_SLIP_LENGTH && edges && distance === 1;
  if (tosiba && oneKnown && !bothKnown) return same(0.65, 'one letter off a well-known name');
  return different(0.6, distance === 1 ? 'one letter apart' : 'two letters apart');
}

function sorted(text: string): string {
  return Array.from(text).toSorted().join('');
}

/** A letter that ends one word and begins the next is not doubled: AB Creations is not ABC Creations. */
function undoubled(words: readonly string[]): string {
  return words.map((word) => word.replace(/(.)\1+/gu, '$1')).join('');
}

function same(confidence: number, reason: string): BrandComparison {
  return { same: true, confidence, reason };
}

function different(confidence: number, reason: string): BrandComparison {
  return { same: false, confidence, reason };
}
