import { boundedMemo } from './bounded-memo.ts';
import type { BrandDictionary } from './brand-dictionary.ts';
import { brandKey, parseBrand, type BrandForm } from './brand-key.ts';
import { COMPANY_WORDS, EVERYDAY_WORDS, PLACE_WORDS, TRADE_WORDS } from './brand-words.ts';
import { nonBrandOf, type NonBrandKind } from './non-brand.ts';

type BrandReviewReason = 'lost-bytes' | 'ambiguous-word' | 'long-form' | 'too-long';

/** A value that people should look at: nothing was guessed, `brand` says what was done meanwhile. */
export interface BrandReview {
  readonly value: string;
  readonly reason: BrandReviewReason;
  /** Canonical names that it may stand for; may be empty. */
  readonly candidates: readonly string[];
}

/** What becomes of one value of the brand field. `name` is null exactly where no brand is certain. */
export type BrandDecision =
  | {
      readonly name: string;
      readonly key: string;
      /** The value in its own spelling, cleaned. */
      readonly written: string;
      /** alias: people or the built-in table said so; known: a known spelling; form: derived from the key alone. */
      readonly reason: 'alias' | 'known' | 'form';
      readonly review: BrandReview | null;
    }
  | {
      readonly name: null;
      readonly reason: 'missing' | 'no-letters' | 'alias' | 'undecided' | NonBrandKind;
      readonly review: BrandReview | null;
    };

/** Longer values are sentences, not names: the longest brand of the sample catalogue has 5 words. */
const MAX_WORDS = 8;
const MAX_LETTERS = 60;

/**
 * The canonical brand of one value: a pure function of the value and the dictionary. All values of
 * one key get the same name, and the canonical name is its own canonical name. Order of the rules:
 * alias, lost bytes, no brand at all, known spelling, stable form of the key.
 */
export function canonicalBrand(raw: string | null, dictionary: BrandDictionary): BrandDecision {
  if (raw === null || raw.trim() === '') return { name: null, reason: 'missing', review: null };
  let decisions = DECISIONS.get(dictionary);
  if (decisions === undefined) {
    decisions = boundedMemo((value) => decideBrand(value, dictionary));
    DECISIONS.set(dictionary, decisions);
  }
  return decisions(raw);
}

/** Catalogues repeat few brands often; a dictionary that is no longer used takes its decisions with it. */
const DECISIONS = new WeakMap<BrandDictionary, (raw: string) => BrandDecision>();

function decideBrand(raw: string, dictionary: BrandDictionary): BrandDecision {
  const form = parseBrand(raw);
  const { key, written } = form;
  const alias = form.lost ? undefined : dictionary.aliases.get(key);
  if (alias === null) return { name: null, reason: 'alias', review: null };
  if (alias !== undefined)
    return { name: alias, key: brandKey(alias), written, reason: 'alias', review: null };
  const refusal = refuse(raw, form, dictionary);
  if (refusal !== null) return refusal;
  const known = dictionary.spellings.get(key);
  const review = longFormReview(raw, form, dictionary);
  if (known !== undefined) return { name: known, key, written, reason: 'known', review };
  return { name: stableForm(key), key, written, reason: 'form', review };
}

function refuse(raw: string, form: BrandForm, dictionary: BrandDictionary): BrandDecision | null {
  if (form.lost) return undecided(raw, 'lost-bytes', spellingOf(form.key, dictionary));
  if (form.key === '') return { name: null, reason: 'no-letters', review: null };
  const nonBrand = nonBrandOf(form.key);
  if (nonBrand !== null) {
    return nonBrand.certain
      ? { name: null, reason: nonBrand.kind, review: null }
      : undecided(raw, 'ambiguous-word', []);
  }
  return form.words.length > MAX_WORDS || form.key.length > MAX_LETTERS
    ? undecided(raw, 'too-long', [])
    : null;
}

function undecided(value: string, reason: BrandReviewReason, candidates: readonly string[]): BrandDecision {
  return { name: null, reason: 'undecided', review: { value, reason, candidates } };
}

function spellingOf(key: string, dictionary: BrandDictionary): string[] {
  const name = dictionary.aliases.get(key) ?? dictionary.spellings.get(key);
  return name === undefined || name === null ? [] : [name];
}

/** "Griffin Technology" beside a known "Griffin": very likely one brand, but that is for people to say. */
function longFormReview(
  value: string,
  { words }: BrandForm,
  dictionary: BrandDictionary,
): BrandReview | null {
  let end = words.length;
  while (end > 1 && isDescriptor(words[end - 1] ?? '')) end--;
  if (end === words.length) return null;
  const stem = words.slice(0, end).join('');
  if (EVERYDAY_WORDS.has(stem)) return null;
  const candidates = nonBrandOf(stem) === null ? spellingOf(stem, dictionary) : [];
  return candidates.length === 0 ? null : { value, reason: 'long-form', candidates };
}

/** A word that says what a company is, what it sells or where, not who it is. */
export function isDescriptor(word: string): boolean {
  return COMPANY_WORDS.has(word) || TRADE_WORDS.has(word) || PLACE_WORDS.has(word);
}

/**
 * A spelling that depends on the key alone, for brands that no dictionary knows: "FashBlush" and "Fash
 * Blush" must meet, and only the letters are common to both. Up to three letters are taken for an
 * abbreviation. Learn spellings (`learnSpellings`) to get the makers' own.
 */
function stableForm(key: string): string {
  const letters = Array.from(key);
  const display =
    letters.length <= 3 ? key.toUpperCase() : (letters[0] ?? '').toUpperCase() + letters.slice(1).join('');
  return brandKey(display) === key ? display : key;
}
