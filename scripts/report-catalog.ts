import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { buildBrandDictionary, learnSpellings } from '../src/consumers/upsert/normalise/brand-dictionary.ts';
import { formatCategoryPath } from '../src/consumers/upsert/normalise/category-path.ts';
import { nameKey } from '../src/consumers/upsert/normalise/category-words.ts';
import {
  normaliseItem,
  type ItemReview,
  type NormalisedItem,
} from '../src/consumers/upsert/normalise/normalise-item.ts';
import { proposeMerges, type ProposedMerge } from '../src/consumers/upsert/normalise/propose-merges.ts';
import { loadTaxonomy } from '../src/consumers/upsert/normalise/taxonomy.ts';
import { readCatalog } from '../src/demo/catalog-source.ts';
import type { Product } from '../src/consumers/upsert/items.ts';

/*
 * Normalises a catalogue folder (catalog/products.jsonl.gz, catalog/taxonomy.txt) and reports what
 * became of it and what stays undecided.
 * Usage: node scripts/report-catalog.ts FOLDER [--json] [--top N]
 */
interface Undecided {
  readonly field: string;
  readonly reason: string;
  readonly value: string;
  readonly rows: number;
  readonly candidates: readonly string[];
}

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { json: { type: 'boolean', default: false }, top: { type: 'string', default: '10' } },
  });
  const [folder] = positionals;
  if (folder === undefined) {
    console.error('usage: node scripts/report-catalog.ts FOLDER [--json] [--top N]');
    return 2;
  }
  const report = await normaliseAll(folder);
  if (values.json) console.log(JSON.stringify(report, null, 2));
  else print(report, Number(values.top));
  return 0;
}

async function normaliseAll(folder: string) {
  const duplicates: string[] = [];
  const products: Product[] = [];
  for await (const product of readCatalog(folder, ({ sku, line }) =>
    duplicates.push(`${sku} (line ${line})`),
  ))
    products.push(product);
  const values = products.flatMap(({ manufacturer }) =>
    manufacturer === null ? [] : [[manufacturer, 1] as const],
  );
  const brands = buildBrandDictionary([], learnSpellings(values));
  const taxonomy = loadTaxonomy(readFileSync(join(folder, 'catalog', 'taxonomy.txt'), 'utf8'));
  const started = performance.now();
  const results = products.map((product) => normaliseItem(product, { brands, taxonomy }));
  const seconds = (performance.now() - started) / 1000;
  const counts = new Map<string, number>();
  for (const { item } of results)
    if (item.brand !== null) counts.set(item.brand, (counts.get(item.brand) ?? 0) + 1);
  return {
    products: products.length,
    duplicates,
    itemsPerSecond: Math.round(products.length / seconds),
    ...countItems(
      products,
      results.map(({ item }) => item),
    ),
    proposedMerges: proposeMerges(counts, brands),
    undecided: groupReviews(results.flatMap(({ reviews }) => reviews)),
  };
}

function countItems(products: readonly Product[], items: readonly NormalisedItem[]) {
  const endsInName = ({ name, category_path: levels }: NormalisedItem) => {
    const last = nameKey(levels.at(-1) ?? '');
    return last !== '' && name !== null && last === nameKey(name);
  };
  return {
    spellings: new Set(products.map(({ manufacturer }) => manufacturer)).size,
    brands: new Set(items.map(({ brand }) => brand)).size,
    withBrand: items.filter(({ brand }) => brand !== null).length,
    withSourceBrand: products.filter(({ manufacturer }) => manufacturer !== null).length,
    withPath: items.filter(({ category_path: levels }) => levels.length > 0).length,
    distinctPaths: new Set(items.map(({ category_path: levels }) => formatCategoryPath(levels))).size,
    deeperThanFour: items.filter(({ category_path: levels }) => levels.length > 4).length,
    endInOwnName: items.filter(endsInName).length,
    withCategory: items.filter(({ category }) => category !== null).length,
  };
}

function groupReviews(reviews: readonly ItemReview[]): Undecided[] {
  const groups = new Map<string, { first: ItemReview; rows: number }>();
  for (const review of reviews) {
    const key = JSON.stringify([
      review.field,
      review.reason,
      review.reason === 'only-own-name' ? '' : review.value,
    ]);
    const group = groups.get(key) ?? { first: review, rows: 0 };
    group.rows++;
    groups.set(key, group);
  }
  return [...groups.values()]
    .toSorted((a, b) => b.rows - a.rows)
    .map(({ first: { field, reason, value, candidates }, rows }) => {
      const names = candidates.map((candidate) =>
        typeof candidate === 'string' ? candidate : candidate.path.join(' > '),
      );
      return { field, reason, value, rows, candidates: names };
    });
}

function print(
  { undecided, proposedMerges, ...counts }: Awaited<ReturnType<typeof normaliseAll>>,
  top: number,
): void {
  for (const [name, value] of Object.entries(counts))
    console.log(`${name}: ${Array.isArray(value) ? value.join(', ') : value}`);
  printMerges(proposedMerges, top);
  const kinds = Map.groupBy(undecided, ({ field, reason }) => `${field}, ${reason}`);
  for (const [kind, entries] of kinds) {
    console.log(
      `\nundecided ${kind}: ${entries.length} values, ${entries.reduce((sum, { rows }) => sum + rows, 0)} rows`,
    );
    for (const { rows, value, candidates } of entries.slice(0, top))
      console.log(
        `  ${rows} × ${value}${candidates.length === 0 ? '' : `  (${candidates.slice(0, 3).join(' | ')})`}`,
      );
  }
}

function printMerges(merges: readonly ProposedMerge[], top: number): void {
  console.log(`\nbrands that are likely one, for people to say: ${merges.length}`);
  for (const { variant, canonical, confidence, reason } of merges.slice(0, top))
    console.log(`  ${variant} → ${canonical}  (${confidence}: ${reason})`);
}

process.exitCode = await main();
