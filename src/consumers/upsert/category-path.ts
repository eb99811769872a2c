import { cleanText } from './brand.ts';
import { boundedMemo } from './normalise/bounded-memo.ts';

/** Levels that an item keeps at most: the catalogue's rule. */
const MAX_DEPTH = 4;
const SEPARATOR = />>?/;

/**
 * "A > B > C" (or with ">>") as its levels from the root, at most four. A last level that is the
 * product's own name, or begins with it, is no category.
 */
export function normaliseCategoryPath(path: string | null, productName: string | null): readonly string[] {
  const levels = levelsOf(path ?? '');
  const last = levels.at(-1);
  const ends = last !== undefined && levels.length > 1 && isOwnName(last, productName);
  const depth = Math.min(MAX_DEPTH, ends ? levels.length - 1 : levels.length);
  return depth === levels.length ? levels : levels.slice(0, depth);
}

/** Thousands of products share a path. */
const levelsOf = boundedMemo((path): readonly string[] =>
  path.split(SEPARATOR).flatMap((level) => cleanText(level) ?? []),
);

/** Shops cut a long name at the level's end, with dots. */
function isOwnName(level: string, productName: string | null): boolean {
  const name = cleanText(productName)?.toLowerCase();
  const text = level.toLowerCase().replace(/\s*(?:\.{2,}|…)$/, '');
  return name !== undefined && text !== '' && (name === text || (text.length >= 8 && name.startsWith(text)));
}
