import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { readCsv } from '../../../../scripts/read-csv.ts';
import {
  buildBrandDictionary,
  learnSpellings,
} from '../../../../src/consumers/upsert/normalise/brand-dictionary.ts';
import { brandKey } from '../../../../src/consumers/upsert/normalise/brand-key.ts';
import { canonicalBrand } from '../../../../src/consumers/upsert/normalise/canonical-brand.ts';
import { isOwnName } from '../../../../src/consumers/upsert/normalise/level-form.ts';
import { compareBrands } from '../../../../src/consumers/upsert/normalise/compare-brands.ts';
import {
  normaliseItem,
  type NormalisedItem,
} from '../../../../src/consumers/upsert/normalise/normalise-item.ts';
import { loadTaxonomy } from '../../../../src/consumers/upsert/normalise/taxonomy.ts';
import { type DuplicateSku, readCatalog } from '../../../../src/demo/catalog-source.ts';
import type { Product } from '../../../../src/consumers/upsert/items.ts';

const folder = process.env['FRESHET_DATA'] ?? resolve(import.meta.dirname, '../../../../../shared/data');
/** Seconds, unless other work holds the machine. */
const READING_MS = 120_000;
const read = (file: string) => readFileSync(join(folder, 'catalog', file), 'utf8');

describe.skipIf(!existsSync(join(folder, 'catalog')))('the real catalogue', () => {
  const products: Product[] = [];
  const duplicates: DuplicateSku[] = [];
  let items: NormalisedItem[] = [];
  let nonBrands: string[] = [];

  beforeAll(async () => {
    for await (const product of readCatalog(folder, (duplicate) => duplicates.push(duplicate)))
      products.push(product);
    const brands = buildBrandDictionary(
      [],
      learnSpellings(
        products.flatMap(({ manufacturer }) => (manufacturer === null ? [] : [[manufacturer, 1] as const])),
      ),
    );
    const taxonomy = loadTaxonomy(read('taxonomy.txt'));
    items = products.map((product) => normaliseItem(product, { brands, taxonomy }).item);
    nonBrands = read('non_brand_values.txt')
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('#'));
  }, READING_MS);

  it('has every distinct product once', () => {
    expect(items.length).toBe(23_540);
    expect(duplicates.length).toBe(2);
  });

  it('has its labelled brand pairs judged right', () => {
    const pairs = readCsv(read('brand_pairs_labelled.csv'));
    const wrong = pairs.filter(
      (pair) =>
        compareBrands(pair.get('a') ?? '', pair.get('b') ?? '').same !== (pair.get('same_brand') === 'yes'),
    );
    expect(pairs.length).toBe(40);
    expect(wrong.map((pair) => [...pair.values()])).toEqual([]);
  });

  it('has no colour or fit among its brands', () => {
    const keys = new Set(nonBrands.map(brandKey));
    expect(nonBrands.filter((value) => canonicalBrand(value, buildBrandDictionary()).name !== null)).toEqual(
      [],
    );
    expect(items.filter(({ brand }) => brand !== null && keys.has(brandKey(brand)))).toEqual([]);
  });

  it('has one spelling for each brand', () => {
    const spellings = Map.groupBy(new Set(items.flatMap(({ brand }) => brand ?? [])), brandKey);
    expect([...spellings.values()].filter((names) => names.length > 1)).toEqual([]);
  });

  it('has no path deeper than four levels, and none that holds the name of its product', () => {
    expect(Math.max(...items.map(({ category_path: levels }) => levels.length))).toBe(4);
    const named = items.filter(
      ({ name, category_path: levels }) => name !== null && levels.some((level) => isOwnName(level, name)),
    );
    expect(named).toEqual([]);
    const start = (text: string | null | undefined) => text?.slice(0, 12).toLowerCase();
    const alike = items.filter(({ name, category_path: levels }) => start(name) === start(levels.at(-1)));
    expect(alike).toEqual([]);
  });

  it('has a category for nine products of ten', () => {
    expect(items.filter(({ category }) => category !== null).length / items.length).toBeGreaterThan(0.9);
  });
});
