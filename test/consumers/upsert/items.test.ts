import { describe, expect, it } from 'vitest';
import { normaliseBrand } from '../../../src/consumers/upsert/brand.ts';
import { normaliseCategoryPath } from '../../../src/consumers/upsert/category-path.ts';
import { type Product, itemOf, patchedItem } from '../../../src/consumers/upsert/items.ts';

const PRODUCT: Product = {
  sku: '1',
  name: 'Desk  Lamp',
  manufacturer: 'Insignia\u0099',
  category_path: 'Home > Light > Desk Lamp',
  description: ' bright ',
  image_url: null,
  price: '9.50',
  currency: 'EUR',
  availability: 'in stock',
  updated_at: '2026-01-02T03:04:05Z',
};

describe('a brand', () => {
  it.each([
    ['Insignia™', 'Insignia'],
    ['Insignia\u0099', 'Insignia'],
    ['  AT&T   GoPhone ', 'AT&T GoPhone'],
    ['Regular Fit', null],
    ['BLACK', null],
    ['™', null],
    ['', null],
    [null, null],
    ['Black & Decker', 'Black & Decker'],
  ])('%j becomes %j', (raw, brand) => {
    expect(normaliseBrand(raw)).toBe(brand);
  });
});

describe('a category path', () => {
  it.each([
    ['A > B > C', 'x', ['A', 'B', 'C']],
    ['A >> B', 'x', ['A', 'B']],
    [' A >  > B ', 'x', ['A', 'B']],
    ['A > B > C > D > E', 'x', ['A', 'B', 'C', 'D']],
    ['A > B > C > D > Own Name', 'own name', ['A', 'B', 'C', 'D']],
    ['A > Own  name', 'Own Name', ['A']],
    ['A > A long name that...', 'A long name that goes on', ['A']],
    ['Own name', 'Own name', ['Own name']],
    ['', 'x', []],
    [null, null, []],
  ])('%j of %j becomes %j', (path, name, levels) => {
    expect(normaliseCategoryPath(path, name)).toEqual(levels);
  });
});

describe('an item', () => {
  const item = itemOf(PRODUCT);

  it('has the normalised content', () => {
    expect(item).toMatchObject({
      sku: '1',
      name: 'Desk Lamp',
      brand: 'Insignia',
      category: 'Light',
      category_path: ['Home', 'Light'],
      description: 'bright',
    });
  });

  it('has a new version with new content only', () => {
    expect(itemOf({ ...PRODUCT, updated_at: '2027-01-01T00:00:00Z' })['metadata_version']).toBe(
      item['metadata_version'],
    );
    expect(itemOf({ ...PRODUCT, price: '9.51' })['metadata_version']).not.toBe(item['metadata_version']);
    expect(item['metadata_version']).toMatch(/^[0-9a-f]{16}$/);
  });

  it.each(['name', 'manufacturer', 'category_path', 'description', 'image_url'] as const)(
    'is the same after a partial change without %s as after the whole one',
    (missing) => {
      const changed: Product = { ...PRODUCT, price: '7.00' };
      const { [missing]: _, ...partial } = changed;
      expect(patchedItem('1', partial, item)).toEqual(itemOf(changed));
    },
  );
});
