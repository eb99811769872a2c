import type { BrandDictionary } from './brand-dictionary.ts';
import { brandKey, parseBrand } from './brand-key.ts';
import { isDescriptor } from './canonical-brand.ts';
import { compareBrands } from './compare-brands.ts';

/** Two names that are very likely one brand. Nothing merges them until people make it an alias. */
export interface ProposedMerge {
  readonly variant: string;
  readonly canonical: string;
  readonly confidence: number;
  readonly reason: string;
}

/**
 * Looks for pairs of names that are spelled alike ("Insginia" and "Insignia") or are each other's short
 * form ("Griffin Technology" and "Griffin"). `counts` says how often each name occurs: the rarer one is
 * the variant. Only near names are compared, so that thousands take a second, not hours.
 */
export function proposeMerges(
  counts: ReadonlyMap<string, number>,
  dictionary: BrandDictionary,
): ProposedMerge[] {
  const buckets = new Map<string, string[]>();
  for (const name of [...counts.keys()].toSorted()) {
    for (const clue of cluesOf(name)) buckets.set(clue, [...(buckets.get(clue) ?? []), name]);
  }
  const found = new Map<string, ProposedMerge>();
  for (const names of buckets.values()) {
    for (const [i, a] of names.entries()) {
      for (const b of names.slice(i + 1)) propose(a, b, counts, dictionary, found);
    }
  }
  return [...found.values()].toSorted(
    (a, b) => b.confidence - a.confidence || (a.variant < b.variant ? -1 : 1),
  );
}

function propose(
  a: string,
  b: string,
  counts: ReadonlyMap<string, number>,
  dictionary: BrandDictionary,
  found: Map<string, ProposedMerge>,
): void {
  const pair = JSON.stringify([a, b]);
  if (found.has(pair) || brandKey(a) === brandKey(b)) return;
  const { same, confidence, reason } = compareBrands(a, b, dictionary);
  if (!same) return;
  const [variant, canonical] = (counts.get(a) ?? 0) < (counts.get(b) ?? 0) ? [a, b] : [b, a];
  found.set(pair, { variant, canonical, confidence, reason });
}

/** What near names have in common: the key less any one letter, and the name less its descriptors. */
function cluesOf(name: string): ReadonlySet<string> {
  const { key, words } = parseBrand(name);
  const clues = new Set([key]);
  for (let i = 0; i < key.length; i++) clues.add(key.slice(0, i) + key.slice(i + 1));
  let end = words.length;
  while (end > 1 && isDescriptor(words[end - 1] ?? '')) end--;
  return clues.add(words.slice(0, end).join(''));
}
