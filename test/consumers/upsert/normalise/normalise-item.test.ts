import { describe, expect, it } from 'vitest';
import { buildBrandDictionary } from '../../../../src/consumers/upsert/normalise/brand-dictionary.ts';
import {
  type CatalogProduct,
  normaliseItem,
} from '../../../../src/consumers/upsert/normalise/normalise-item.ts';
import { loadTaxonomy } from '../../../../src/consumers/upsert/normalise/taxonomy.ts';

const context = {
  brands: buildBrandDictionary([], ['ShowTime']),
  taxonomy: loadTaxonomy(
    '1 - Apparel & Accessories\n2 - Apparel & Accessories > Clothing\n3 - Apparel & Accessories > Clothing > Bras',
  ),
};
const bra: CatalogProduct = {
  sku: 'S1',
  name: 'ShowTime Full Coverage T-Shirt Bra',
  manufacturer: 'SHOWTIME™',
  category_path: '["Clothing >> Bras >> ShowTime Bras >> ShowTime Full Coverage T-S..."]',
  description: 'Soft.',
  image_url: null,
  price: '135.00',
  currency: 'INR',
  availability: ' ',
};

describe('a normalised item', () => {
  it('has canonical brand, category and path, and keeps the rest as it was', () => {
    const { item, reviews } = normaliseItem(bra, context);
    expect(reviews).toEqual([]);
    expect(item).toMatchObject({
      sku: 'S1',
      name: bra.name,
      brand: 'ShowTime',
      category: 'Bras',
      category_id: '3',
      category_path: ['Clothing', 'Bras'],
      description: 'Soft.',
      image_url: null,
      price: '135.00',
      availability: null,
    });
  });

  it('is the same where only the form of the source differs', () => {
    const other = { ...bra, manufacturer: 'Showtime Ltd', category_path: 'Clothing > Bras' };
    expect(normaliseItem(other, context).item).toEqual(normaliseItem(bra, context).item);
  });

  it('has no brand where the value may be one or not, and offers what the name says', () => {
    const { item, reviews } = normaliseItem({ ...bra, manufacturer: 'Skin' }, context);
    expect(item.brand).toBeNull();
    expect(reviews).toEqual([
      { field: 'brand', value: 'Skin', reason: 'ambiguous-word', candidates: ['ShowTime'] },
    ]);
  });

  it('has no category where none fits, and says so', () => {
    const { item, reviews } = normaliseItem({ ...bra, category_path: 'Zorbs > Flumps' }, context);
    expect(item).toMatchObject({
      category: null,
      category_id: null,
      category_confidence: null,
      category_path: ['Zorbs', 'Flumps'],
    });
    expect(reviews).toEqual([
      { field: 'category', value: 'Zorbs > Flumps', reason: 'unmapped', candidates: [] },
    ]);
  });

  it('has no path where only its own name was there, and says so', () => {
    const raw = '["ShowTime Full Coverage T-Shirt Bra (Pack of 2)"]';
    const { item, reviews } = normaliseItem({ ...bra, category_path: raw }, context);
    expect(item.category_path).toEqual([]);
    expect(reviews).toEqual([
      { field: 'category_path', value: raw, reason: 'only-own-name', candidates: [] },
    ]);
  });

  it('takes the innermost level for the category where there is no taxonomy', () => {
    expect(normaliseItem(bra, { ...context, taxonomy: null }).item).toMatchObject({
      category: 'Bras',
      category_id: null,
    });
  });
});
