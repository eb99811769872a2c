import { boundedMemo } from './bounded-memo.ts';
import { wordsOf } from './brand-key.ts';
import { categoryStems, nameKey } from './category-words.ts';
import { repairText } from './repair-text.ts';

/** No category path has more levels (the catalogue plan's "depth ≤ 4"). */
export const MAX_DEPTH = 4;
/** Between the levels of a path, as text. */
const LEVEL_SEPARATOR = ' > ';

/** What a path is cleaned of besides its own flaws. */
export interface PathOwner {
  /** The product's name; null where it is unknown. */
  readonly name: string | null;
  /** Spellings of the product's brand, as written or canonical. */
  readonly brands: readonly string[];
}

export type PathReviewReason = 'only-own-name' | 'no-path';

/** A cleaned path. `levels` is empty where nothing but the product's own name was there; then `review` says so. */
export interface CategoryPath {
  readonly levels: readonly string[];
  /** Levels taken out because the path was deeper than `MAX_DEPTH`, outermost first. */
  readonly dropped: readonly string[];
  readonly review: PathReviewReason | null;
}

const NOBODY: PathOwner = { name: null, brands: [] };
/** The first of these that occurs separates the whole text; "A / B" only where no other does. */
const SEPARATORS = [/\s*-*[>»›→]+\s*/u, /\s*\|+\s*/, /\s*::+\s*/, /\s+\/+\s+/, /\s+\\+\s+/, /\t+/];
const PLACEHOLDER = /^(?:n\/?a|none|null|undefined|uncategori[sz]ed|unknown|-+|\.+)$/i;
/** A shop's internal id in the place of a name, like "abcat0208011" or "pcmcat209400050001". */
const CATEGORY_CODE = /^(?:[a-z]*cat)?\d{5,}$/i;
/** Letters, digits and signs that mean nothing here, single spaces inside: there is nothing to clean. */
const PLAIN_LEVEL = /^[A-Za-z0-9'(),.+-](?:[A-Za-z0-9'(),.+-]| (?! |$))*$/;
const TRUNCATED = /\s*(?:\.{2,}|…)$/u;
/** Shorter beginnings than this are shared by chance: "Rings" also begins "Rings of Saturn". */
const MIN_SHARED_LETTERS = 12;
const MIN_SHARED_WORDS = 3;

/**
 * Brings a source's category path into at most four levels, without the product's own name, brand
 * levels ("Jeans" › "YK Jeans"), repeated levels, ids and placeholders. Cleaning a cleaned path changes
 * nothing. Input: one text in any of the common forms, a JSON array as text, or the levels.
 */
export function normaliseCategoryPath(
  source: string | readonly string[] | null,
  owner: PathOwner = NOBODY,
): CategoryPath {
  const levels = parseCategoryPath(source);
  const name = owner.name === null ? null : new NameForm(owner.name);
  const brandKeys = owner.brands.map(nameKey).filter((key) => key !== '');
  const clean = cleanLevels(levels, { name, brandKeys });
  const { kept, dropped } = limitDepth(clean);
  if (kept.length > 0) return { levels: kept, dropped, review: null };
  return { levels: [], dropped: [], review: levels.length === 0 ? 'no-path' : 'only-own-name' };
}

/** "A > B > C". */
export function formatCategoryPath(levels: readonly string[]): string {
  return levels.join(LEVEL_SEPARATOR);
}

/** The levels of a path as the source wrote them, outermost first. Of several paths in one value, the first. */
export function parseCategoryPath(source: string | readonly string[] | null): readonly string[] {
  if (source === null) return [];
  return typeof source === 'string' ? parseText(source) : readParts(source);
}

const parseText = boundedMemo((source) => readParts(partsOf(repairText(source).text)));

function readParts(parts: readonly string[]): readonly string[] {
  const [only] = parts;
  const raw = parts.length === 1 && only !== undefined ? splitPath(only) : firstPath(parts);
  return raw
    .map(cleanLevel)
    .filter((level) => level !== '' && !PLACEHOLDER.test(level) && !CATEGORY_CODE.test(level));
}

function partsOf(text: string): readonly string[] {
  if (!text.startsWith('[')) return [text];
  try {
    const parsed: unknown = JSON.parse(text);
    if (Array.isArray(parsed) && parsed.every((part): part is string => typeof part === 'string'))
      return parsed;
  } catch {
    // Not JSON: a name that begins with a bracket.
  }
  return [text];
}

/** ["A > B", "A > C"] holds two paths, ["A", "B"] one. */
function firstPath(parts: readonly string[]): readonly string[] {
  const whole = parts.find((part) => splitPath(part).length > 1 && /[>»›→]/u.test(part));
  return whole === undefined ? parts : splitPath(whole);
}

function splitPath(text: string): string[] {
  const separator = SEPARATORS.find((candidate) => candidate.test(text));
  return separator === undefined ? [text] : text.split(separator);
}

/** A level never holds what would separate two: its text parses back into itself. */
function cleanLevel(raw: string): string {
  if (PLAIN_LEVEL.test(raw)) return raw;
  let level = repairText(raw).text;
  for (let before = ''; before !== level;) {
    before = level;
    level = level
      .replace(/[>»›→|\\]+/gu, '/')
      .replace(/::+/g, ':')
      .replace(/\s*\/+\s*/g, '/')
      .replace(/^[[/]+|\/+$/g, '')
      .trim();
    level = repairText(level).text;
  }
  return level;
}

/** A name as the rules see it; worked out once per product, and only as far as it is asked for. */
class NameForm {
  readonly text: string;
  #key: string | null = null;
  #words: readonly string[] | null = null;

  constructor(name: string) {
    this.text = repairText(name).text;
  }

  get key(): string {
    return (this.#key ??= nameKey(this.text));
  }

  get words(): readonly string[] {
    return (this.#words ??= wordsOf(this.text));
  }
}

interface LevelForm {
  readonly key: string;
  readonly words: readonly string[];
  readonly cut: boolean;
}

const levelForm = boundedMemo((level): LevelForm => {
  const { key, words } = new NameForm(level.replace(TRUNCATED, ''));
  return { key, words, cut: TRUNCATED.test(level) };
});

/** What a level is held against. */
interface Owner {
  readonly name: NameForm | null;
  readonly brandKeys: readonly string[];
}

/** Level by level, each held against those that were kept: a second run meets the same and changes nothing. */
function cleanLevels(levels: readonly string[], owner: Owner): string[] {
  const kept: string[] = [];
  for (const level of levels) {
    const rest = isOwn(level, owner) ? '' : withoutBrand(level, kept, owner);
    if (rest !== '' && !isOwn(rest, owner) && !repeats(rest, kept)) kept.push(rest);
  }
  return kept;
}

function isOwn(level: string, { name }: Owner): boolean {
  return name !== null && isNamed(level, name);
}

/** Made of the same words as an outer level: "Plant Containers & Sets" › "Plant Container Sets". */
function repeats(level: string, outer: readonly string[]): boolean {
  const key = stemKey(level) || level;
  return outer.some((parent) => (stemKey(parent) || parent) === key);
}

/**
 * Whether a level is the product's name: equal, cut off ("… Bangle..."), or with a variant added
 * ("… Mug (Black, Pack of 2)"), or a rewording that shares nearly all words.
 */
export function isOwnName(level: string, name: string): boolean {
  return isNamed(level, new NameForm(name));
}

function isNamed(level: string, name: NameForm): boolean {
  // The usual case, and one that would fill the memory of forms with names.
  if (level === name.text) return name.key !== '';
  const { key, words, cut } = levelForm(level);
  if (key === '' || name.key === '') return false;
  if (key === name.key || (cut && (name.key.startsWith(key) || key.startsWith(name.key)))) return true;
  if (name.words.length >= 2 && key.startsWith(name.key)) return true;
  if (words.length >= MIN_SHARED_WORDS && name.key.startsWith(key)) return true;
  return sharesBeginning(words, name.words, cut) || sharesWords(words, name.words);
}

/** A cut level whose beginning is the name's: the rest was shortened or reworded by the source. */
function sharesBeginning(words: readonly string[], nameWords: readonly string[], cut: boolean): boolean {
  let same = 0;
  while (same < words.length && words[same] === nameWords[same]) same++;
  const letters = words.slice(0, same).join('').length;
  if (cut) return same >= 1 && letters >= 3;
  return same >= MIN_SHARED_WORDS && letters >= MIN_SHARED_LETTERS && same >= words.length - 2;
}

function sharesWords(words: readonly string[], nameWords: readonly string[]): boolean {
  if (words.length < MIN_SHARED_WORDS + 1) return false;
  const inName = new Set(nameWords);
  return words.filter((word) => inName.has(word)).length >= 0.8 * words.length;
}

/**
 * "Showpieces" › "Heeran Art Showpieces": the level repeats an outer one behind the product's brand or
 * the beginning of its name, and goes. Where the rest is a category of its own, the brand alone goes.
 * The outermost level is the shop's department and never holds a brand.
 */
function withoutBrand(level: string, outer: readonly string[], owner: Owner): string {
  if (outer.length === 0) return level;
  const { heads, whole } = headsOf(level);
  for (const { head, rest } of heads) {
    const isBrand = owner.brandKeys.includes(head);
    if (!isBrand && owner.name?.key.startsWith(head) !== true) continue;
    if (outer.some((parent) => stemKey(parent) === stemKey(rest))) return '';
    if (isBrand) return withoutBrand(rest, outer, owner);
  }
  return owner.brandKeys.includes(whole) ? '' : level;
}

/** All ways to cut a level into the beginning, which may be a brand, and a rest that still says something. */
const headsOf = boundedMemo((level) => {
  const words = level.split(' ');
  const heads = words.slice(1).map((_, i) => {
    const rest = words
      .slice(i + 1)
      .join(' ')
      .replace(/^[\s/&-]+/, '');
    return { head: nameKey(words.slice(0, i + 1).join(' ')), rest };
  });
  return {
    heads: heads.filter(({ head, rest }) => head !== '' && stemKey(rest) !== ''),
    whole: nameKey(level),
  };
});

const stemKey = boundedMemo((text) => [...new Set(categoryStems(text))].toSorted().join(' '));

/**
 * Takes levels out of a deep path until four are left. The outermost and the innermost stay: they say
 * the department and the thing. Of the levels between, first goes the outermost that only announces
 * its child ("Dresses & Skirts" over "Dresses"), else the one just above the innermost.
 */
function limitDepth(levels: readonly string[]): { kept: string[]; dropped: string[] } {
  const kept = [...levels];
  const dropped: string[] = [];
  while (kept.length > MAX_DEPTH) {
    const announcing = kept.findIndex(
      (level, i) => i > 0 && i < kept.length - 1 && announces(level, kept[i + 1] ?? ''),
    );
    dropped.push(...kept.splice(announcing === -1 ? kept.length - 2 : announcing, 1));
  }
  return { kept, dropped: levels.filter((level) => dropped.includes(level)) };
}

function announces(level: string, child: string): boolean {
  const stems = new Set(categoryStems(level));
  const childStems = categoryStems(child);
  return childStems.length > 0 && childStems.every((stem) => stems.has(stem));
}
