import type { BrandDictionary } from './brand-dictionary.ts';
import { brandKey, parseBrand } from './brand-key.ts';
import { type BrandDecision, type BrandReview, canonicalBrand } from './canonical-brand.ts';
import { nameKey } from './category-words.ts';
import {
  formatCategoryPath,
  normaliseCategoryPath,
  parseCategoryPath,
  type PathReviewReason,
} from './category-path.ts';
import type { Taxonomy, TaxonomyNode } from './taxonomy.ts';

/** A product as its source has it. `category_path` in any of the forms of `parseCategoryPath`. */
export interface CatalogProduct {
  readonly sku: string;
  readonly name: string | null;
  readonly manufacturer: string | null;
  readonly category_path: string | readonly string[] | null;
  readonly description: string | null;
  readonly image_url: string | null;
  /** Plain decimal. */
  readonly price: string | null;
  /** ISO 4217. */
  readonly currency: string | null;
  readonly availability: string | null;
}

/** A product's metadata in canonical form; what is null was not there, or not certain. */
export interface NormalisedItem {
  readonly sku: string;
  readonly name: string | null;
  readonly brand: string | null;
  /** The canonical taxonomy's category: its innermost name, and its id. Both null where undecided. */
  readonly category: string | null;
  readonly category_id: string | null;
  /** Likeness of the match, from 0.6 to 1; null where undecided. */
  readonly category_confidence: number | null;
  /** The levels of the source's own path, cleaned, outermost first: at most four. Empty where there is none. */
  readonly category_path: readonly string[];
  readonly description: string | null;
  readonly image_url: string | null;
  readonly price: string | null;
  readonly currency: string | null;
  readonly availability: string | null;
}

/** One entry of the list of what could not be decided. `value` is the source's, so that equal ones can be counted. */
export type ItemReview =
  | ({ readonly field: 'brand' } & BrandReview)
  | {
      readonly field: 'category';
      readonly value: string;
      readonly reason: 'unmapped';
      readonly candidates: readonly TaxonomyNode[];
    }
  | {
      readonly field: 'category_path';
      readonly value: string;
      readonly reason: PathReviewReason;
      readonly candidates: readonly [];
    };

/** Everything that the rules know besides the product. */
export interface NormaliseContext {
  readonly brands: BrandDictionary;
  /** Null: no taxonomy is configured; `category` is then the innermost level of the path. */
  readonly taxonomy: Taxonomy | null;
}

/** Brings one product into canonical form. Pure: the same product and context give the same item. */
export function normaliseItem(
  product: CatalogProduct,
  context: NormaliseContext,
): { item: NormalisedItem; reviews: ItemReview[] } {
  const reviews: ItemReview[] = [];
  const name = textOrNull(product.name);
  const brand = canonicalBrand(product.manufacturer, context.brands);
  if (brand.review !== null) reviews.push({ field: 'brand', ...withNamedCandidates(brand.review, product) });
  const path = normaliseCategoryPath(product.category_path, { name, brands: brandSpellings(brand) });
  if (path.review !== null)
    reviews.push({
      field: 'category_path',
      value: rawPath(product.category_path),
      reason: path.review,
      candidates: [],
    });
  const category = categoryOf(path.levels, name, context.taxonomy);
  if (category.review !== null) reviews.push(category.review);
  const item = {
    sku: product.sku,
    name,
    brand: brand.name,
    category: category.fields.category,
    category_id: category.fields.category_id,
    category_confidence: category.fields.category_confidence,
    category_path: path.levels,
    description: textOrNull(product.description),
    image_url: textOrNull(product.image_url),
    price: textOrNull(product.price),
    currency: textOrNull(product.currency),
    availability: textOrNull(product.availability),
  };
  return { item, reviews };
}

/** As the source writes it, and the canonical one. */
function brandSpellings(brand: BrandDecision): readonly string[] {
  if (brand.name === null) return [];
  return brand.written === brand.name ? [brand.name] : [brand.written, brand.name];
}

interface CategoryFields {
  readonly category: string | null;
  readonly category_id: string | null;
  readonly category_confidence: number | null;
}

const NO_CATEGORY: CategoryFields = { category: null, category_id: null, category_confidence: null };

function categoryOf(
  levels: readonly string[],
  name: string | null,
  taxonomy: Taxonomy | null,
): { fields: CategoryFields; review: ItemReview | null } {
  const innermost = levels.at(-1);
  if (innermost === undefined) return { fields: NO_CATEGORY, review: null };
  if (taxonomy === null)
    return {
      fields: { category: innermost, category_id: null, category_confidence: null },
      review: null,
    };
  const mapping = taxonomy.map(levels, name);
  if (mapping.kind === 'mapped') {
    const fields = {
      category: mapping.path.at(-1) ?? null,
      category_id: mapping.id,
      category_confidence: mapping.confidence,
    };
    return { fields, review: null };
  }
  const review = {
    field: 'category',
    value: formatCategoryPath(levels),
    reason: 'unmapped',
    candidates: mapping.candidates,
  } as const;
  return { fields: NO_CATEGORY, review };
}

/**
 * "Skin" on "S4S Women's Bra" in "… › Bras › S4S Bras": the name and the level say who made it; "Plum"
 * on "Plum Hand Cream" says it itself. That is offered to people, not written.
 */
function withNamedCandidates(review: BrandReview, { name, category_path }: CatalogProduct): BrandReview {
  if (review.reason !== 'ambiguous-word' || name === null) return review;
  const inPath = brandInPath(parseCategoryPath(category_path), name);
  const written = parseBrand(review.value).written;
  const inName = nameKey(name).startsWith(nameKey(written)) ? written : null;
  return { ...review, candidates: [...new Set([inName, inPath].filter((candidate) => candidate !== null))] };
}

function brandInPath(levels: readonly string[], name: string): string | null {
  const nameLetters = nameKey(name);
  for (const [i, level] of levels.entries()) {
    const parent = levels[i - 1];
    if (parent === undefined || !level.endsWith(` ${parent}`)) continue;
    const head = level.slice(0, -parent.length).trim();
    if (brandKey(head) !== '' && nameLetters.startsWith(nameKey(head))) return head;
  }
  return null;
}

function rawPath(path: CatalogProduct['category_path']): string {
  return typeof path === 'string' ? path : JSON.stringify(path);
}

const BLANK = /^\s*$/;
const SPACE = 0x20;
const DELETE = 0x7f;

/** Brand and category are ours to mend; other text stays as the source has it, and a blank one is a missing one. */
function textOrNull(text: string | null): string | null {
  if (text === null) return null;
  const first = text.charCodeAt(0);
  return (first > SPACE && first < DELETE) || !BLANK.test(text) ? text : null;
}
