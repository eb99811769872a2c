import { describe, expect, it } from 'vitest';
import { buildBrandDictionary } from '../../../src/consumers/upsert/normalise/brand-dictionary.ts';
import { loadTaxonomy } from '../../../src/consumers/upsert/normalise/taxonomy.ts';
import { type Product, itemBody, itemOf, patchedItem } from '../../../src/consumers/upsert/items.ts';

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

const RULES = {
  brands: buildBrandDictionary([{ variant: 'Insignia Electronics', canonical: 'Insignia' }]),
  taxonomy: null,
};

describe('an item', () => {
  const item = itemOf(PRODUCT, RULES);

  it('has the normalised content', () => {
    expect(item).toMatchObject({
      sku: '1',
      name: 'Desk  Lamp',
      brand: 'Insignia',
      category: 'Light',
      category_path: ['Home', 'Light'],
      description: ' bright ',
      review: null,
    });
  });

  it('has a new version with new content only', () => {
    expect(itemOf({ ...PRODUCT, updated_at: '2027-01-01T00:00:00Z' }, RULES)['metadata_version']).toBe(
      item['metadata_version'],
    );
    expect(itemOf({ ...PRODUCT, manufacturer: 'Insignia Electronics' }, RULES)).toEqual(item);
    expect(itemOf({ ...PRODUCT, price: '9.51' }, RULES)['metadata_version']).not.toBe(
      item['metadata_version'],
    );
    expect(item['metadata_version']).toMatch(/^[0-9a-f]{32}$/);
  });

  it('has the version of its upstream where that has one', () => {
    const versioned = itemOf({ ...PRODUCT, metadata_version: 'feed-7' }, RULES);
    expect(versioned).toEqual({ ...item, metadata_version: 'feed-7' });
    expect(itemOf({ ...PRODUCT, metadata_version: '' }, RULES)).toEqual(item);
    const change = { sku: '1', price: '7.00', metadata_version: 'feed-8' };
    expect(patchedItem('1', change, versioned, RULES)).toMatchObject({
      price: '7.00',
      metadata_version: 'feed-8',
    });
    expect(itemBody('1', change, RULES)).toEqual({ price: '7.00', metadata_version: 'feed-8' });
    // Where there is none, the version of the item that the change goes on top of is not kept.
    expect(itemBody('1', { price: '7.00' }, RULES)).toEqual({ price: '7.00', metadata_version: null });
  });

  it.each(['name', 'manufacturer', 'category_path', 'description', 'image_url'] as const)(
    'is the same after a partial change without %s as after the whole one',
    (missing) => {
      const changed: Product = { ...PRODUCT, price: '7.00' };
      const { [missing]: _, ...partial } = changed;
      expect(patchedItem('1', partial, item, RULES)).toEqual(itemOf(changed, RULES));
    },
  );

  it('tells what it could not decide, and keeps that over a partial change', () => {
    const unclear = itemOf({ ...PRODUCT, manufacturer: 'Coffee' }, RULES);
    expect(unclear.brand).toBeNull();
    expect(JSON.parse(unclear.review as string)).toEqual([
      { field: 'brand', value: 'Coffee', reason: 'ambiguous-word', candidates: [] },
    ]);
    expect(patchedItem('1', { sku: '1', price: '1.00' }, unclear, RULES)).toMatchObject({
      brand: null,
      price: '1.00',
      review: unclear.review,
    });
  });

  it('has the category of the taxonomy where there is one', () => {
    const taxonomy = loadTaxonomy('7 - Home & Garden > Lighting\n8 - Toys');
    const mapped = itemOf({ ...PRODUCT, category_path: 'Home > Lighting' }, { ...RULES, taxonomy });
    expect(mapped).toMatchObject({ category: 'Lighting', category_id: '7' });
    expect(Number(mapped.category_confidence)).toBeGreaterThan(0.6);
    const unmapped = itemOf({ ...PRODUCT, category_path: 'Spare parts' }, { ...RULES, taxonomy });
    expect(unmapped).toMatchObject({ category: null, category_id: null, category_path: ['Spare parts'] });
    expect(unmapped.review).toContain('"reason":"unmapped"');
  });
});
