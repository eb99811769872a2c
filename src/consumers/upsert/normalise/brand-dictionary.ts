import { FreshetError } from '../../../runtime/errors.ts';
import { brandKey, parseBrand } from './brand-key.ts';
import { WELL_KNOWN_ALIASES, WELL_KNOWN_SPELLINGS } from './brand-words.ts';

/** One row of the table that people edit. A null canonical declares the variant to be no brand. */
export interface BrandAlias {
  readonly variant: string;
  readonly canonical: string | null;
}

/** What is known about single brands: the only state of the brand rules. Immutable once built. */
export interface BrandDictionary {
  /** What people (or the built-in table) said about a key; null: no brand. */
  readonly aliases: ReadonlyMap<string, string | null>;
  /** The canonical spelling of a key. */
  readonly spellings: ReadonlyMap<string, string>;
}

/**
 * Builds the dictionary. People's `aliases` win over the built-in ones, and `spellings` over the
 * built-in spellings; a spelling that only differs in form (case, spaces) from an earlier one of
 * `spellings` is ignored. Aliases of aliases are followed to their end.
 * Throws CONFIG_INVALID, naming the row, on a variant without a letter or digit and on a circle.
 */
export function buildBrandDictionary(
  aliases: Iterable<BrandAlias> = [],
  spellings: Iterable<string> = [],
): BrandDictionary {
  const given = keyAliases(WELL_KNOWN_ALIASES.map(([variant, canonical]) => ({ variant, canonical })));
  for (const [key, alias] of keyAliases(aliases)) given.set(key, alias);
  const known = new Map<string, string>();
  for (const spelling of [...spellings, ...WELL_KNOWN_SPELLINGS]) addSpelling(known, spelling);
  const resolved = new Map<string, string | null>();
  for (const [key, alias] of given) resolved.set(key, followAlias(alias, given));
  for (const canonical of Array.from(resolved.values())) {
    if (canonical !== null && !resolved.has(brandKey(canonical)))
      resolved.set(brandKey(canonical), canonical);
  }
  return { aliases: resolved, spellings: known };
}

/**
 * The most frequent spelling of every key among brand values and their counts; ties go to the one
 * with capitals inside or at its start, then to code point order, so that the order of rows is irrelevant.
 */
export function learnSpellings(counts: Iterable<readonly [value: string, count: number]>): string[] {
  const byKey = new Map<string, Map<string, number>>();
  for (const [value, count] of counts) {
    const { key, written, lost } = parseBrand(value);
    if (key === '' || lost) continue;
    const spellings = byKey.get(key) ?? new Map<string, number>();
    spellings.set(written, (spellings.get(written) ?? 0) + count);
    byKey.set(key, spellings);
  }
  return [...byKey.values()].map(mostFrequent).toSorted(byCodePoint);
}

function mostFrequent(spellings: ReadonlyMap<string, number>): string {
  const ranked = [...spellings].toSorted(
    ([a, countA], [b, countB]) => countB - countA || capitalRank(a) - capitalRank(b) || byCodePoint(a, b),
  );
  return ranked[0]?.[0] ?? '';
}

/** Mixed case says most about how a maker writes itself, all lower case least. */
function capitalRank(spelling: string): number {
  if (/\p{Lu}/u.test(spelling) && /\p{Ll}/u.test(spelling)) return 0;
  return /\p{Lu}/u.test(spelling) ? 1 : 2;
}

function byCodePoint(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function addSpelling(known: Map<string, string>, spelling: string): void {
  const { key, written } = parseBrand(spelling);
  if (key !== '' && brandKey(written) === key && !known.has(key)) known.set(key, written);
}

function keyAliases(aliases: Iterable<BrandAlias>): Map<string, BrandAlias> {
  const byKey = new Map<string, BrandAlias>();
  for (const alias of aliases) {
    const key = brandKey(alias.variant);
    if (key === '' || (alias.canonical !== null && brandKey(alias.canonical) === '')) {
      throw new FreshetError(
        'CONFIG_INVALID',
        `brand alias "${alias.variant}" → "${alias.canonical}" has a side without a letter or digit`,
        {
          cure: 'Give both sides a name; leave the canonical side NULL where the variant is no brand.',
        },
      );
    }
    byKey.set(key, alias);
  }
  return byKey;
}

function followAlias(start: BrandAlias, given: ReadonlyMap<string, BrandAlias>): string | null {
  const seen = new Set([brandKey(start.variant)]);
  let current = start;
  while (current.canonical !== null) {
    const key = brandKey(current.canonical);
    const next = given.get(key);
    if (
      next === undefined ||
      next === current ||
      (next.canonical !== null && brandKey(next.canonical) === key)
    ) {
      return next?.canonical ?? current.canonical;
    }
    if (seen.has(key)) {
      throw new FreshetError(
        'CONFIG_INVALID',
        `brand alias "${start.variant}" leads back to "${current.canonical}"`,
        {
          cure: 'Remove one alias of the circle.',
        },
      );
    }
    seen.add(key);
    current = next;
  }
  return null;
}
