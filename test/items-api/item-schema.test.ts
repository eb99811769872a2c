import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseItem } from '../../src/items-api/item-schema.ts';

const withData = (data: object): object => ({ key: 'k', data });

describe('a posted item', () => {
  it('becomes a row of the products table; what is left out is null', () => {
    const data = {
      name: 'Lamp',
      brand: 'Acme',
      category_path: ['Home', 'Lamps'],
      price: 19.9,
      updated_at: '2026-01-02T03:04:05+02:00',
    };
    expect(parseItem({ key: 'k', version: 'v1', idempotency_key: 'any', data })).toEqual({
      key: { sku: 'k', version: 'v1' },
      product: {
        sku: 'k',
        name: 'Lamp',
        manufacturer: 'Acme',
        category_path: '["Home","Lamps"]',
        description: null,
        image_url: null,
        price: '19.9',
        currency: null,
        availability: null,
        updated_at: '2026-01-02T01:04:05.000Z',
      },
    });
    expect(parseItem({ key: 'k', op: 'delete' })).toEqual({ key: { sku: 'k' }, product: null });
    expect(parseItem(withData({ category: 'Lamps' }))).toMatchObject({
      product: { category_path: '["Lamps"]' },
    });
  });

  it.each<[string, unknown, RegExp]>([
    ['no object', 7, /expected object/],
    ['no key', { data: {} }, /^key: /],
    ['an empty key', { key: '', data: {} }, /^key: /],
    ['an unknown field', { ...withData({}), colour: 'red' }, /^unknown field "colour"$/],
    [
      'unknown fields of the product',
      withData({ colour: 'red', size: 1 }),
      /^data: unknown fields "colour", "size"$/,
    ],
    ['a field called __proto__', JSON.parse('{"key":"k","data":{"__proto__":{"x":1}}}'), /__proto__/],
    ['an upsert without a product', { key: 'k' }, /^data: an upsert needs it/],
    ['a delete with a product', { key: 'k', op: 'delete', data: {} }, /^data: .*a delete has none/],
    ['another operation', { key: 'k', op: 'merge', data: {} }, /^op: /],
    ['a price that is no number', withData({ price: '1,50' }), /^data\.price: /],
    ['a price below zero', withData({ price: -1 }), /^data\.price: /],
    ['a price in scientific notation', withData({ price: 1e-7 }), /^data\.price: /],
    ['a name with NUL', withData({ name: 'a\u0000b' }), /^data\.name: must not hold the character NUL/],
    ['half a character', { key: '\ud800', data: {} }, /^key: must not hold half/],
    ['a time that is none', withData({ updated_at: 'yesterday' }), /^data\.updated_at: /],
    ['the year 0', withData({ updated_at: '0000-01-01T00:00:00Z' }), /^data\.updated_at: /],
    ['a path of numbers', withData({ category_path: [1] }), /^data\.category_path/],
    ['a text that is too long', withData({ name: 'x'.repeat(1_001) }), /^data\.name: /],
  ])('is refused with %s, and the field is named', (_, input, message) => {
    expect(parseItem(input)).toEqual({ error: expect.stringMatching(message) });
  });

  it('is either refused with a reason, or all of it can be stored, whatever was posted', () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.string({ unit: 'grapheme' }),
      fc.constant('\u0000'),
    );
    const value = fc.oneof(text, fc.jsonValue(), fc.double(), fc.date().map(String));
    const field = fc.constantFrom('name', 'brand', 'category_path', 'price', 'updated_at', 'other');
    const item = fc.record(
      {
        key: value,
        op: fc.constantFrom('upsert', 'delete', 'x'),
        data: fc.dictionary(field, value),
        version: value,
      },
      { requiredKeys: ['key'] },
    );
    const isSound = (input: unknown): boolean => {
      const parsed = parseItem(input);
      if ('error' in parsed) return parsed.error !== '';
      const texts = [...Object.values(parsed.key), ...Object.values(parsed.product ?? {})];
      return texts.every((each) => each === null || (each.isWellFormed() && !each.includes('\u0000')));
    };
    const input = fc.oneof({ weight: 9, arbitrary: item }, fc.jsonValue());
    expect(() => fc.assert(fc.property(input, isSound), { numRuns: 2_000 })).not.toThrow();
  });
});
