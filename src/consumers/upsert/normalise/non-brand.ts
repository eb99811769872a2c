import {
  COLOURS,
  COLOUR_MODIFIERS,
  FITS,
  FIT_MODIFIERS,
  MATERIALS,
  MATERIAL_MODIFIERS,
  PATTERNS,
  PLACEHOLDERS,
  SIZES,
  WEAK_COLOURS,
  WEAK_SIZES,
  WEAK_STYLES,
} from './brand-words.ts';

export type NonBrandKind = 'placeholder' | 'colour' | 'fit' | 'size' | 'material' | 'pattern' | 'number';

/** `certain`: nobody sells under this. Otherwise the word is used both ways, and people decide. */
export interface NonBrand {
  readonly kind: NonBrandKind;
  readonly certain: boolean;
}

const PLACEHOLDER = new Set(PLACEHOLDERS);
const SIZE = new Set(SIZES);
const WEAK = new Map<string, NonBrandKind>([
  ...WEAK_STYLES.map((word) => [word, 'pattern'] as const),
  ...WEAK_SIZES.map((word) => [word, 'size'] as const),
  ...WEAK_COLOURS.map((word) => [word, 'colour'] as const),
]);
const MEASURE = /^\d+(?:cm|mm|inch|inches|ml|ltr|kg|gm|gms|oz|ft|mah|gb|tb|mb|pcs|pieces|pack|watt|watts)$/;

/** A head word of one kind, and the words that may stand beside it: "light pink", "blackwhite", "slimfit". */
const COMPOUNDS: readonly {
  readonly kind: NonBrandKind;
  readonly heads: readonly string[];
  readonly others: readonly string[];
}[] = [
  { kind: 'colour', heads: COLOURS, others: [...COLOUR_MODIFIERS, ...WEAK_COLOURS] },
  { kind: 'fit', heads: FITS, others: FIT_MODIFIERS },
  { kind: 'material', heads: MATERIALS, others: MATERIAL_MODIFIERS },
  {
    kind: 'pattern',
    heads: PATTERNS,
    others: ['leopard', 'animal', 'floral', 'polka', 'zebra', 'tribal', 'abstract', 'solid'],
  },
];

/**
 * Recognises values that stand in a brand field and are none. It looks at the key alone, so that all
 * spellings of a value ("Light Pink", "LightPink", "light-pink") get one answer.
 */
export function nonBrandOf(key: string): NonBrand | null {
  if (PLACEHOLDER.has(key)) return { kind: 'placeholder', certain: true };
  if (/^\p{N}+$/u.test(key)) return { kind: 'number', certain: false };
  const weak = WEAK.get(key);
  if (weak !== undefined) return { kind: weak, certain: false };
  if (SIZE.has(key) || MEASURE.test(key)) return { kind: 'size', certain: true };
  for (const { kind, heads, others } of COMPOUNDS) {
    if (isCompound(key, heads, others)) return { kind, certain: true };
  }
  return COLOURS.some((colour) => isSlipOf(key, colour)) ? { kind: 'colour', certain: false } : null;
}

/** True where the whole key can be read as words of the two lists, at least one of them a head. */
function isCompound(key: string, heads: readonly string[], others: readonly string[]): boolean {
  if (key.length > 40) return false;
  return reads(key, heads, others, 0, false);
}

function reads(
  key: string,
  heads: readonly string[],
  others: readonly string[],
  at: number,
  headSeen: boolean,
): boolean {
  if (at === key.length) return headSeen;
  if (heads.some((word) => key.startsWith(word, at) && reads(key, heads, others, at + word.length, true)))
    return true;
  return others.some(
    (word) => key.startsWith(word, at) && reads(key, heads, others, at + word.length, headSeen),
  );
}

/** "turquise", "majenta", "magentta": one letter off inside a long colour word. */
function isSlipOf(key: string, word: string): boolean {
  if (word.length < 6 || key === word || Math.abs(key.length - word.length) > 1) return false;
  if (key[0] !== word[0] || key.at(-1) !== word.at(-1)) return false;
  return editDistance(key, word, 1) <= 1;
}

/** Optimal string alignment distance (adjacent transpositions cost 1); anything above `limit` is `limit + 1`. */
export function editDistance(a: string, b: string, limit: number): number {
  if (Math.abs(a.length - b.length) > limit) return limit + 1;
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const substitution = (last[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      let cost = Math.min(substitution, (last[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        cost = Math.min(cost, (beforeLast[j - 2] ?? 0) + 1);
      row.push(cost);
    }
    if (Math.min(...row) > limit) return limit + 1;
    beforeLast = last;
    last = row;
  }
  return Math.min(last[b.length] ?? limit + 1, limit + 1);
}
