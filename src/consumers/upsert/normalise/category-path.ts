import { boundedMemo, repeatedMemo } from './bounded-memo.ts';
import { categoryStems, nameKey } from './category-words.ts';
import { isNamed, type LevelForm, levelForm, NameForm, stemKey } from './level-form.ts';
import { isSound, repairText } from './repair-text.ts';

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

const NONE: readonly string[] = [];
const NOBODY: PathOwner = { name: null, brands: [] };
/** The first of these that occurs separates the whole text; "A / B" only where no other does. */
const SEPARATORS = [/\s*-*[>»›→]+\s*/u, /\s*\|+\s*/, /\s*::+\s*/, /\s+\/+\s+/, /\s+\\+\s+/, /\t+/] as const;
const PLACEHOLDER = /^(?:n\/?a|none|null|undefined|uncategori[sz]ed|unknown|-+|\.+)$/i;
/** A shop's internal id in the place of a name, like "abcat0208011" or "pcmcat209400050001". */
const CATEGORY_CODE = /^(?:[a-z]*cat)?\d{5,}$/i;
/** Letters, digits and signs that mean nothing here, single spaces inside: there is nothing to clean. */
const PLAIN_LEVEL = /^[A-Za-z0-9'(),.+-](?:[A-Za-z0-9'(),.+-]| (?! |$))*$/;

/**
 * Brings a source's category path into at most four levels, without the product's own name, brand
 * levels ("Jeans" › "YK Jeans"), repeated levels, ids and placeholders. Cleaning a cleaned path changes
 * nothing. Input: one text in any of the common forms, a JSON array as text, or the levels.
 */
export function normaliseCategoryPath(
  source: string | readonly string[] | null,
  owner: PathOwner = NOBODY,
): CategoryPath {
  const name = owner.name === null ? null : new NameForm(owner.name);
  const { forms, texts } = formsOf(source);
  const levels = forms.length > 1 && isOnlyName(source, name) ? [] : forms;
  const brandKeys = owner.brands.map(brandLetters);
  const kept = cleanLevels(levels, { name, brandKeys });
  const clean = kept === forms ? texts : textsOf(kept);
  if (clean.length > MAX_DEPTH) return { ...limitDepth(clean), review: null };
  if (clean.length > 0) return { levels: clean, dropped: NONE, review: null };
  return { levels: NONE, dropped: NONE, review: forms.length === 0 ? 'no-path' : 'only-own-name' };
}

/** "Acme 56m / 1000m Binoculars": a name may hold what separates levels elsewhere, though hardly ever ">". */
function isOnlyName(source: string | readonly string[] | null, name: NameForm | null): boolean {
  if (name === null || source === null) return false;
  // Nearly all: a text that ">" separates.
  if (typeof source === 'string' && !source.startsWith('[') && source.includes('>')) return false;
  const parts = typeof source === 'string' ? partsOf(source) : source;
  const [only] = parts;
  if (parts.length !== 1 || only === undefined || SEPARATORS[0].test(only)) return false;
  return isNamed(levelForm(cleanLevel(only)), name);
}

const brandLetters = boundedMemo(nameKey);

function textsOf(forms: readonly LevelForm[]): string[] {
  return forms.map(({ text }) => text);
}

/** "A > B > C". */
export function formatCategoryPath(levels: readonly string[]): string {
  return levels.join(LEVEL_SEPARATOR);
}

/** The levels of a path as the source wrote them, outermost first. Of several paths in one value, the first. */
export function parseCategoryPath(source: string | readonly string[] | null): readonly string[] {
  return formsOf(source).texts;
}

/** A path's levels, and the texts of all of them. Nobody writes to either: products share them. */
interface PathForms {
  readonly forms: readonly LevelForm[];
  readonly texts: readonly string[];
}

function pathForms(forms: readonly LevelForm[]): PathForms {
  return { forms, texts: textsOf(forms) };
}

const NO_LEVELS = pathForms([]);

function formsOf(source: string | readonly string[] | null): PathForms {
  if (source === null) return NO_LEVELS;
  return typeof source === 'string' ? formsOfText(source) : readParts(source);
}

const formsOfText = repeatedMemo((source): PathForms => {
  if (source.startsWith('[')) return readParts(partsOf(repairText(source).text));
  return formsInTwo(source) ?? formsOfAnyText(source);
});

/**
 * Many products share the outer levels, and few the innermost, which may be the product's own name: only the
 * outer ones are remembered together. Null where the text needs repair, or ">" does not separate it.
 */
function formsInTwo(text: string): PathForms | null {
  const cut = text.lastIndexOf('>') + 1;
  if (cut === 0) return null;
  const innermost = text.slice(text[cut] === ' ' ? cut + 1 : cut);
  const outer = isSound(innermost) ? soundForms(text.slice(0, cut)) : null;
  if (outer === null) return null;
  const form = readLevel(innermost);
  return form === null ? outer : pathForms([...outer.forms, form]);
}

const soundForms = boundedMemo((text): PathForms | null =>
  isSound(text) ? readLevels(text.split(SEPARATORS[0])) : null,
);

const formsOfAnyText = boundedMemo((source) => readParts(partsOf(repairText(source).text)));

function readParts(parts: readonly string[]): PathForms {
  const [only] = parts;
  if (parts.length !== 1 || only === undefined) return readLevels(firstPath(parts));
  return formsInTwo(only) ?? readLevels(splitPath(only));
}

function readLevels(raw: readonly string[]): PathForms {
  return pathForms(raw.flatMap((level) => readLevel(level) ?? []));
}

/** Null for what names no category. */
const readLevel = boundedMemo((raw): LevelForm | null => {
  const level = cleanLevel(raw);
  return level === '' || PLACEHOLDER.test(level) || CATEGORY_CODE.test(level) ? null : levelForm(level);
});

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
  const whole = parts.find((part) => /[>»›→]/u.test(part) && splitPath(part).length > 1);
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

/** What a level is held against. */
interface Owner {
  readonly name: NameForm | null;
  /** Empty for a brand without letters: it is no level's. */
  readonly brandKeys: readonly string[];
}

/**
 * Level by level, each held against those that were kept: a second run meets the same and changes nothing. Gives the
 * same array where all levels stay.
 */
function cleanLevels(levels: readonly LevelForm[], owner: Owner): readonly LevelForm[] {
  let kept: LevelForm[] | null = null;
  for (let i = 0; i < levels.length; i++) {
    const level = levels[i];
    if (level === undefined) break;
    const rest = cleanOne(level, kept ?? levels, kept?.length ?? i, owner);
    if (kept === null && rest !== level) kept = levels.slice(0, i);
    if (rest !== null) kept?.push(rest);
  }
  return kept ?? levels;
}

/** Null where the level goes. The outer ones are the first `count` of `outer`. */
function cleanOne(
  level: LevelForm,
  outer: readonly LevelForm[],
  count: number,
  owner: Owner,
): LevelForm | null {
  if (isOwn(level, owner)) return null;
  const rest = withoutBrand(level, outer, count, owner);
  if (rest === null || (rest !== level && isOwn(rest, owner)) || repeats(rest, outer, count)) return null;
  return rest;
}

function isOwn(level: LevelForm, { name }: Owner): boolean {
  return name !== null && isNamed(level, name);
}

/** Made of the same words as an outer level: "Plant Containers & Sets" › "Plant Container Sets". */
function repeats(level: LevelForm, outer: readonly LevelForm[], count: number): boolean {
  for (let i = 0; i < count; i++) if (outer[i]?.identity === level.identity) return true;
  return false;
}

/**
 * "Showpieces" › "Heeran Art Showpieces": the level repeats an outer one behind the product's brand or
 * the beginning of its name, and goes (null). Where the rest is a category of its own, the brand alone goes.
 * The outermost level is the shop's department and never holds a brand.
 */
function withoutBrand(
  level: LevelForm,
  outer: readonly LevelForm[],
  count: number,
  owner: Owner,
): LevelForm | null {
  if (count === 0) return level;
  for (const { key, rest } of level.heads) {
    const isBrand = owner.brandKeys.includes(key);
    if (!isBrand && !beginsName(key, owner)) continue;
    if (outer.slice(0, count).some((parent) => stemKey(parent.text) === stemKey(rest))) return null;
    if (isBrand) return withoutBrand(levelForm(rest), outer, count, owner);
  }
  return level.key !== '' && owner.brandKeys.includes(level.key) ? null : level;
}

function beginsName(key: string, { name }: Owner): boolean {
  const relation = name?.against(key);
  return relation === 'equal' || relation === 'continues';
}

/**
 * Takes levels out of a deep path until four are left. The outermost and the innermost stay: they say
 * the department and the thing. Of the levels between, first goes the outermost that only announces
 * its child ("Dresses & Skirts" over "Dresses"), else the one just above the innermost.
 */
function limitDepth(levels: readonly string[]): { levels: string[]; dropped: string[] } {
  const kept = [...levels];
  const dropped: string[] = [];
  while (kept.length > MAX_DEPTH) {
    const announcing = kept.findIndex(
      (level, i) => i > 0 && i < kept.length - 1 && announces(level, kept[i + 1] ?? ''),
    );
    dropped.push(...kept.splice(announcing === -1 ? kept.length - 2 : announcing, 1));
  }
  return { levels: kept, dropped: levels.filter((level) => dropped.includes(level)) };
}

function announces(level: string, child: string): boolean {
  const stems = new Set(categoryStems(level));
  const childStems = categoryStems(child);
  return childStems.length > 0 && childStems.every((stem) => stems.has(stem));
}
