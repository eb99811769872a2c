import { describe, expect, it } from 'vitest';
import { nonBrandOf } from '../../src/consumers/upsert/normalise/non-brand.ts';
import { brandKey } from '../../src/consumers/upsert/normalise/brand-key.ts';
import { parseCategoryPath } from '../../src/consumers/upsert/normalise/category-path.ts';
import { isOwnName } from '../../src/consumers/upsert/normalise/level-form.ts';
import { generateProducts } from '../../src/demo/generated-products.ts';

describe('generated products', () => {
  const products = [...generateProducts(3000, 7)];

  it('are the same for the same seed, also when more are asked for, and others for another', () => {
    expect([...generateProducts(50, 7)]).toEqual(products.slice(0, 50));
    expect([...generateProducts(50, 8)]).not.toEqual(products.slice(0, 50));
  });

  it('have skus of their own', () => {
    expect(new Set(products.map(({ sku }) => sku)).size).toBe(products.length);
  });

  it('are as untidy as real ones', () => {
    const brands = products.flatMap(({ manufacturer }) => manufacturer ?? []);
    const spellings = Map.groupBy(new Set(brands), brandKey);
    const own = (path: string | null, name: string | null) =>
      parseCategoryPath(path).some((level) => isOwnName(level, name ?? ''));
    expect({
      spelledTwice: [...spellings.values()].some((variants) => variants.length > 2),
      noBrand: brands.some((brand) => nonBrandOf(brandKey(brand)) !== null),
      trademark: brands.some((brand) => brand.includes('™')),
      brokenByte: brands.some((brand) => brand.includes('\u0099')),
      missing: products.some(
        ({ manufacturer, description }) => manufacturer === null && description === null,
      ),
      deep: products.some(({ category_path: path }) => parseCategoryPath(path).length > 5),
      ownName: products.some(({ category_path: path, name }) => own(path, name)),
      nonLatin: products.some(({ name }) => /\p{Script=Han}|\p{Script=Devanagari}/u.test(name ?? '')),
    }).toEqual({
      spelledTwice: true,
      noBrand: true,
      trademark: true,
      brokenByte: true,
      missing: true,
      deep: true,
      ownName: true,
      nonLatin: true,
    });
  });
});
