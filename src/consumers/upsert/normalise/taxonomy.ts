import { FreshetError } from '../../../runtime/errors.ts';
import { boundedMemo } from './bounded-memo.ts';
import { categoryStems, stemOf } from './category-words.ts';
import { DEPARTMENTS, SYNONYMS } from './taxonomy-synonyms.ts';

/** One category of the canonical taxonomy. */
export interface TaxonomyNode {
  readonly id: string;
  /** Outermost first, this category last. */
  readonly path: readonly string[];
}

/** Where a source's category belongs, or which categories it may belong to. */
type CategoryMapping =
  | {
      readonly kind: 'mapped';
      readonly id: string;
      readonly path: readonly string[];
      readonly confidence: number;
      readonly reason: string;
    }
  | { readonly kind: 'undecided'; readonly candidates: readonly TaxonomyNode[] };

export interface Taxonomy {
  readonly nodes: readonly TaxonomyNode[];
  /** Maps a cleaned path; the name only chooses between equally good categories, it never makes one. */
  map(path: readonly string[], name?: string | null): CategoryMapping;
}

/** Below this likeness a match is a guess, and people decide. */
export const MIN_CONFIDENCE = 0.6;
/** Two categories that are closer to each other than this are equally good. */
const MARGIN = 0.03;
const LEAF_WEIGHT = 0.7;
/** What a match of an outer level is worth, for each level that it says less. */
const PARENT_PENALTY = 0.88;
/** Further out than this a category says too little about the thing to be its place. */
const MAX_STEPS = 2;
/** A category that is the place for several things fits one of them a little less than its own category does. */
const ALTERNATIVE_PENALTY = 0.93;
const DEPARTMENT_PENALTY = 0.75;
const MAX_CANDIDATES = 5;
/** Words that are no thing of their own: "Accessories" is not the place that "Apparel & Accessories" is. */
const VAGUE: ReadonlySet<string> = new Set(
  categoryStems('accessories parts supplies kits sets equipment gear combos sports products items'),
);
const LINE = /^(\S+) - (.+)$/;

interface Entry extends TaxonomyNode {
  readonly leaf: ReadonlySet<string>;
  /** What the name offers to choose from: "Charms & Pendants" is the place for charms, and for pendants. */
  readonly alternatives: readonly ReadonlySet<string>[];
  readonly around: ReadonlySet<string>;
}

/** What the outer levels of a source's path say. */
interface Surroundings {
  readonly context: ReadonlySet<string>;
  readonly departments: ReadonlySet<string>;
}

interface Scored {
  readonly entry: Entry;
  readonly score: number;
}

/**
 * Reads a taxonomy file: one `id - A > B > C` a line; blank lines and lines that begin with # are skipped.
 * Throws CONFIG_INVALID, naming the line, on anything else and on an id that comes twice.
 */
export function loadTaxonomy(text: string): Taxonomy {
  const nodes: TaxonomyNode[] = [];
  const ids = new Set<string>();
  for (const [i, raw] of text
    .replace(/^\ufeff/, '')
    .split(/\r?\n/)
    .entries()) {
    const line = raw.trim();
    if (line === '' || line.startsWith('#')) continue;
    const match = LINE.exec(line);
    const [id, path] = [match?.[1], match?.[2]?.split('>').map((level) => level.trim())];
    if (id === undefined || path === undefined || path.includes(''))
      throw badLine(i + 1, `"${line}" is not of the form "id - A > B > C"`);
    if (ids.has(id)) throw badLine(i + 1, `id "${id}" is there twice`);
    ids.add(id);
    nodes.push({ id, path });
  }
  return createTaxonomy(nodes);
}

function badLine(line: number, what: string): FreshetError {
  return new FreshetError('CONFIG_INVALID', `taxonomy, line ${line}: ${what}`, {
    cure: 'Correct the line, or take it out.',
  });
}

function createTaxonomy(nodes: readonly TaxonomyNode[]): Taxonomy {
  const index = new CategoryIndex(nodes);
  const byPath = boundedMemo((key) => index.match(key === '' ? [] : key.split('\u0000')));
  return {
    nodes,
    map: (path, name = null) => decide(byPath(path.join('\u0000')), name),
  };
}

/** The categories that fit a path best, and how well. Equal ones stay together until a name decides. */
interface Match {
  readonly best: readonly Scored[];
  readonly steps: number;
}

class CategoryIndex {
  readonly #byStem = new Map<string, Entry[]>();
  readonly #weights = new Map<string, number>();
  readonly #roots: ReadonlySet<string>;

  constructor(nodes: readonly TaxonomyNode[]) {
    this.#roots = new Set(nodes.map(({ path }) => path[0] ?? ''));
    for (const node of nodes) {
      const entry = entryOf(node);
      for (const stem of entry.leaf) this.#byStem.set(stem, [...(this.#byStem.get(stem) ?? []), entry]);
    }
    for (const [stem, entries] of this.#byStem)
      this.#weights.set(stem, Math.log(1 + nodes.length / entries.length));
  }

  /** The innermost level that means something decides; each step outwards makes the answer less certain. */
  match(levels: readonly string[]): Match {
    let weak: Match = { best: [], steps: 0 };
    for (let steps = 0; steps < Math.min(levels.length, MAX_STEPS + 1); steps++) {
      const at = levels.length - 1 - steps;
      const best = this.#rank(levels[at] ?? '', levels.slice(0, at)).map(({ entry, score }) => ({
        entry,
        score: score * PARENT_PENALTY ** steps,
      }));
      if ((best[0]?.score ?? 0) >= MIN_CONFIDENCE) return { best, steps };
      if (weak.best.length === 0) weak = { best, steps };
    }
    return weak;
  }

  #rank(level: string, outer: readonly string[]): Scored[] {
    const plain = new Set(categoryStems(level));
    const readings = [plain, synonymStems(level)];
    const context = union(outer.flatMap((parent) => [new Set(categoryStems(parent)), synonymStems(parent)]));
    const departments = this.#departmentsOf(outer[0] ?? level);
    const entries = new Set(
      readings.flatMap((stems) => [...stems]).flatMap((stem) => this.#byStem.get(stem) ?? []),
    );
    const scored = [...entries].map((entry) => ({
      entry,
      score: this.#score(entry, readings, { context, departments }),
    }));
    return scored
      .filter(({ score }) => score > 0.2)
      .toSorted((a, b) => b.score - a.score || a.entry.path.length - b.entry.path.length || byId(a, b));
  }

  /** The taxonomy's roots under which a shop's department is to be found; empty where nothing is known. */
  #departmentsOf(root: string): ReadonlySet<string> {
    const stems = new Set(categoryStems(root));
    const known = DEPARTMENTS.filter(([word]) => stems.has(stemOf(word))).flatMap(([, roots]) => roots);
    return new Set(known.filter((name) => this.#roots.has(name)));
  }

  /**
   * A category that says more than the source did ("Power Tool Combo Sets" for "Combo Sets") scores
   * nothing: only those alternatives of its name count of which every word is in the source's path.
   */
  #score(
    entry: Entry,
    readings: readonly ReadonlySet<string>[],
    { context, departments }: Surroundings,
  ): number {
    const everything = union([context, ...readings]);
    const supports = (stems: ReadonlySet<string>) => [...stems].every((stem) => everything.has(stem));
    const best = (stems: ReadonlySet<string>) =>
      supports(stems) ? Math.max(...readings.map((reading) => this.#likeness(reading, stems))) : 0;
    const likeness = Math.max(
      best(entry.leaf),
      ALTERNATIVE_PENALTY * Math.max(0, ...entry.alternatives.map(best)),
    );
    const around = this.#weigh([...entry.around]);
    const shared = this.#weigh([...entry.around].filter((stem) => context.has(stem)));
    const inDepartment = departments.size === 0 ? null : departments.has(entry.path[0] ?? '');
    const surroundings = Math.max(
      inDepartment === true ? 0.8 : 0,
      around === 0 ? 0.6 : Math.min(1, shared / (0.5 * around)),
    );
    return (
      likeness *
      (LEAF_WEIGHT + (1 - LEAF_WEIGHT) * surroundings) *
      (inDepartment === false ? DEPARTMENT_PENALTY : 1)
    );
  }

  /** Share of the meaning that both names have in common, rare words counting more (weighted Dice). */
  #likeness(a: ReadonlySet<string>, b: ReadonlySet<string>): number {
    const common = this.#weigh([...a].filter((stem) => b.has(stem)));
    const total = this.#weigh([...a]) + this.#weigh([...b]);
    return total === 0 ? 0 : (2 * common) / total;
  }

  #weigh(stems: readonly string[]): number {
    return stems.reduce((sum, stem) => sum + (this.#weights.get(stem) ?? 5), 0);
  }
}

function entryOf(node: TaxonomyNode): Entry {
  const name = node.path.at(-1) ?? '';
  return {
    ...node,
    leaf: stemsOf(name),
    alternatives: alternativesOf(name),
    around: stemsOf(node.path.slice(0, -1).join(' ')),
  };
}

/**
 * "Charms & Pendants" → charms | pendants; "Curtain & Drape Rings" → curtain rings | drape rings; "Lip Balms &
 * Treatments" → lip balms | lip treatments.
 */
function alternativesOf(name: string): ReadonlySet<string>[] {
  const parts = qualified(name.split(/\s*(?:&|,|\band\b)\s*/).filter((part) => part !== ''));
  const last = parts.at(-1) ?? '';
  const head = last.split(' ').at(-1) ?? '';
  const isPlural = (part: string) => /s$/i.test(part);
  return parts
    .map((part) => stemsOf(isPlural(last) && !isPlural(part) ? `${part} ${head}` : part))
    .filter((stems) => [...stems].some((stem) => !VAGUE.has(stem)));
}

/** What stands before a part's last word holds for the single words behind it, too. */
function qualified(parts: readonly string[]): readonly string[] {
  let qualifier = '';
  return parts.map((part) => {
    const words = part.split(' ');
    if (words.length === 1) return `${qualifier}${part}`;
    qualifier = `${words.slice(0, -1).join(' ')} `;
    return part;
  });
}

function decide({ best, steps }: Match, name: string | null): CategoryMapping {
  const [first] = best;
  if (first === undefined) return { kind: 'undecided', candidates: [] };
  const rivals = best.filter(
    ({ entry, score }) => first.score - score < MARGIN && !isWithin(entry, first.entry),
  );
  const chosen = rivals.length <= 1 ? first : chooseByName(rivals, name);
  if (chosen === null || chosen.score < MIN_CONFIDENCE) {
    return {
      kind: 'undecided',
      candidates: best.slice(0, MAX_CANDIDATES).map(({ entry: { id, path } }) => ({ id, path })),
    };
  }
  const reason = steps === 0 ? 'innermost level' : `${steps} level${steps === 1 ? '' : 's'} further out`;
  const { id, path } = chosen.entry;
  return {
    kind: 'mapped',
    id,
    path,
    confidence: Math.round(chosen.score * 100) / 100,
    reason: rivals.length <= 1 ? reason : `${reason}, chosen by the name`,
  };
}

/** The only rival of which the name holds every word; none or several decide nothing. */
function chooseByName(rivals: readonly Scored[], name: string | null): Scored | null {
  if (name === null) return null;
  const stems = new Set(categoryStems(name));
  const named = rivals.filter(({ entry }) => [...entry.leaf].every((stem) => stems.has(stem)));
  return named.length === 1 ? (named[0] ?? null) : null;
}

function isWithin(inner: Entry, outer: Entry): boolean {
  return (
    inner !== outer &&
    inner.path.length > outer.path.length &&
    outer.path.every((level, i) => inner.path[i] === level)
  );
}

function byId(a: Scored, b: Scored): number {
  return a.entry.id < b.entry.id ? -1 : 1;
}

function union(sets: readonly ReadonlySet<string>[]): ReadonlySet<string> {
  return new Set(sets.flatMap((set) => [...set]));
}

function stemsOf(text: string): ReadonlySet<string> {
  return new Set(categoryStems(text));
}

const PHRASES = SYNONYMS.map(([shop, taxonomy]) => ({
  from: categoryStems(shop).join(' '),
  to: categoryStems(taxonomy).join(' '),
}))
  .filter(({ from, to }) => from !== to)
  .toSorted((a, b) => b.from.length - a.from.length);

/** The level in the taxonomy's words. */
const synonymStems = boundedMemo((level): ReadonlySet<string> => {
  let text = ` ${categoryStems(level).join(' ')} `;
  const replaced: string[] = [];
  for (const { from, to } of PHRASES) {
    if (!text.includes(` ${from} `)) continue;
    text = text.replace(` ${from} `, ' ');
    replaced.push(to);
  }
  return new Set(`${replaced.join(' ')} ${text}`.split(' ').filter((stem) => stem !== ''));
});
