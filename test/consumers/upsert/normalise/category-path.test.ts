import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  formatCategoryPath,
  MAX_DEPTH,
  normaliseCategoryPath,
  parseCategoryPath,
} from '../../../../src/consumers/upsert/normalise/category-path.ts';
import { isOwnName } from '../../../../src/consumers/upsert/normalise/level-form.ts';

describe('a category path as text', () => {
  it.each([
    ['["Clothing >> Women\'s Clothing >> Bras"]', ['Clothing', "Women's Clothing", 'Bras']],
    ['["Cell Phones","Accessories"]', ['Cell Phones', 'Accessories']],
    ['["A > B","A > C"]', ['A', 'B']],
    ['A > B > C', ['A', 'B', 'C']],
    ['A|B', ['A', 'B']],
    ['A / B / C', ['A', 'B', 'C']],
    ['Cargos, Shorts & 3/4ths', ['Cargos, Shorts & 3/4ths']],
    ['Audio > N/A > abcat0208011 > MP3', ['Audio', 'MP3']],
    ['Tools &amp; Hardware > \u00a0Saws ', ['Tools & Hardware', 'Saws']],
    ['["broken', ['"broken']],
    ['', []],
    [null, []],
  ])('%j has the levels %j', (source, levels) => {
    expect(parseCategoryPath(source)).toEqual(levels);
  });

  it('has the levels that it has in one piece, though its innermost one is read apart', () => {
    const part = fc.constantFrom(
      'A',
      'b c',
      ' > ',
      '>',
      '-',
      ' ',
      '|',
      ' / ',
      '&',
      ';',
      'N/A',
      '123456',
      ']',
    );
    const text = fc.array(part, { maxLength: 9 }).map((parts) => `A${parts.join('')}`);
    fc.assert(
      fc.property(text, (source) => {
        expect(parseCategoryPath(source)).toEqual(parseCategoryPath([source]));
      }),
      { numRuns: 2000 },
    );
  });
});

describe('a cleaned category path', () => {
  const clean = (source: string, name: string | null, ...brands: string[]) =>
    normaliseCategoryPath(source, { name, brands }).levels;

  it.each([
    ['its own name', 'Shoes > Acme Runner 5', 'Acme Runner 5', ['Shoes']],
    ['its own name, cut off', 'Shoes > Acme Super Long Run...', 'Acme Super Long Runner 5', ['Shoes']],
    ['its own name with a variant', 'Mugs > Acme TM-R Mug (80 ml, Pack of 2)', 'Acme TM-R Mug', ['Mugs']],
    ['its own name in other case and spacing', 'Shoes > ACME  runner-5', 'Acme Runner 5', ['Shoes']],
    [
      'its own name inside the path',
      'Shoes > Acme Runner 5 > Running',
      'Acme Runner 5',
      ['Shoes', 'Running'],
    ],
    [
      'the brand before a repeated level',
      'Clothing > Jeans > YK Jeans',
      'YK Slim Blue Jeans',
      ['Clothing', 'Jeans'],
    ],
    [
      'a level in other words of the same',
      'Garden > Plant Containers & Sets > Plant Container Sets',
      'Pot',
      ['Garden', 'Plant Containers & Sets'],
    ],
    [
      'an "all" of its parent',
      'Phones > Unlocked Phones > All Unlocked Phones',
      'Zed 5',
      ['Phones', 'Unlocked Phones'],
    ],
    ['a repeated level', 'A > B > b > A', null, ['A', 'B']],
  ])('is free of %s', (_what, source, name, levels) => {
    expect(clean(source, name)).toEqual(levels);
  });

  it('loses the brand of a level, not the level, where it says something of its own', () => {
    expect(clean('Kitchen > Hawkins Pressure Cookers', 'Hawkins 5 L', 'Hawkins')).toEqual([
      'Kitchen',
      'Pressure Cookers',
    ]);
    expect(clean('Kitchen > Hawkins', 'Hawkins 5 L', 'Hawkins')).toEqual(['Kitchen']);
  });

  it('takes for the outermost level the first that stays', () => {
    expect(clean('Acme Torch 5 > Acme Lamps > Acme Shades', 'Acme Torch 5', 'Acme')).toEqual([
      'Acme Lamps',
      'Shades',
    ]);
  });

  it('keeps a level that only begins like the name', () => {
    expect(clean('Jewellery > Rings', 'Rings of Saturn Model')).toEqual(['Jewellery', 'Rings']);
  });

  it('says that nothing was there but the name', () => {
    expect(
      normaliseCategoryPath('["Acme Printed Round Neck T-Shi..."]', {
        name: 'Acme Printed Round Neck T-Shirt',
        brands: [],
      }),
    ).toEqual({
      levels: [],
      dropped: [],
      review: 'only-own-name',
    });
    expect(clean('["Acme 56m / 1000m Binoculars (30 mm)"]', 'Acme 56m / 1000m Binoculars')).toEqual([]);
    expect(normaliseCategoryPath(' > ').review).toBe('no-path');
  });

  it('loses the levels that only announce the next one first, then those above the innermost', () => {
    expect(normaliseCategoryPath('Clothing > Women > Western > Dresses & Skirts > Dresses')).toEqual({
      levels: ['Clothing', 'Women', 'Western', 'Dresses'],
      dropped: ['Dresses & Skirts'],
      review: null,
    });
    expect(normaliseCategoryPath('A1 > B1 > C1 > D1 > E1 > F1').levels).toEqual(['A1', 'B1', 'C1', 'F1']);
  });

  const level = fc.oneof(
    fc.constantFrom(
      'Clothing',
      'Dresses',
      'Dresses & Skirts',
      'Acme Dresses',
      'Acme Blue Dress for Women',
      'Acme Blue Dr...',
      'A/B',
      'N/A',
      'All Dresses',
      '["x"]',
      '..',
    ),
    fc.string({ unit: 'grapheme', maxLength: 20 }),
    fc.string({ unit: 'binary', maxLength: 12 }),
  );
  const source = fc.oneof(
    fc.array(level, { maxLength: 9 }),
    fc.array(level, { maxLength: 9 }).map((levels) => levels.join(' > ')),
    fc.array(level, { maxLength: 9 }).map((levels) => JSON.stringify([levels.join(' >> ')])),
  );
  const name = fc.option(fc.oneof(fc.constant('Acme Blue Dress for Women'), level));

  it('has at most four levels, none twice, none the name, and cleans into itself', () => {
    fc.assert(
      fc.property(
        source,
        name,
        fc.array(fc.constantFrom('Acme', 'Black'), { maxLength: 2 }),
        (path, ownName, brands) => {
          const owner = { name: ownName, brands };
          const { levels, review } = normaliseCategoryPath(path, owner);
          expect(levels.length).toBeLessThanOrEqual(MAX_DEPTH);
          expect(new Set(levels).size).toBe(levels.length);
          expect(levels.filter((each) => ownName !== null && isOwnName(each, ownName))).toEqual([]);
          expect(review === null).toBe(levels.length > 0);
          expect(parseCategoryPath(formatCategoryPath(levels))).toEqual(levels);
          expect(normaliseCategoryPath(formatCategoryPath(levels), owner).levels).toEqual(levels);
        },
      ),
      { numRuns: 2000 },
    );
  });
});
