import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  buildBrandDictionary,
  learnSpellings,
} from '../../../../src/consumers/upsert/normalise/brand-dictionary.ts';
import { brandKey } from '../../../../src/consumers/upsert/normalise/brand-key.ts';
import { canonicalBrand } from '../../../../src/consumers/upsert/normalise/canonical-brand.ts';
import { isFreshetError } from '../../../../src/runtime/errors.ts';

const plain = buildBrandDictionary();
const anyText = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 30 }),
  fc.string({ unit: 'grapheme', maxLength: 30 }),
  fc
    .array(
      fc.constantFrom(
        'Acme',
        'ACME',
        ' ',
        '-',
        '™',
        '\u0099',
        'Ltd',
        'Inc.',
        '&',
        'and',
        'Black',
        'fit',
        'â„¢',
        '&amp;',
        '(R)',
        'TM',
        'é',
        'İ',
        'ß',
        '21',
        '\ufffd',
        '\ud800',
      ),
    )
    .map((parts) => parts.join('')),
);

describe('a canonical brand', () => {
  it.each([
    ['case', 'OtterBox', 'OTTERBOX'],
    ['spaces', 'Fash Blush', 'FashBlush'],
    ['hyphens', 'Zed-Works', 'ZedWorks'],
    ['a trade-mark sign', 'Zedline™', 'Zedline'],
    ['a registered sign in brackets', 'Zedline (R)', 'Zedline'],
    ['a broken trade-mark byte', 'Zedline\u0099', 'Zedline'],
    ['a trade-mark sign read in the wrong encoding', 'Zedlineâ„¢', 'Zedline'],
    ['a letter read in the wrong encoding', 'CafÃ© Zed', 'Cafe Zed'],
    ['an entity', 'Zed &amp; Sons', 'Zed and Sons'],
    ['accents', 'Häagen', 'Haagen'],
    ['odd spaces', '\u00a0Tarkan', 'Tarkan'],
    ['an abbreviated legal form', 'Zedline Pvt. Ltd.', 'Zedline'],
    ['a German legal form', 'Zedline GmbH & Co. KG', 'Zedline'],
    ['a legal form behind a comma', 'Zedline, Inc.', 'Zedline'],
    ['a Polish legal form', 'Zedline Sp. z o.o.', 'Zedline'],
    ['a Mexican legal form', 'Grupo Zed S.A. de C.V.', 'Grupo Zed'],
    ['an Italian legal form', 'Zedline SpA', 'Zedline'],
    ['a Swedish legal form', 'Zedline AB', 'Zedline'],
    ['a legal form in brackets', 'Zed (Pvt) Ltd', 'Zed'],
    ['a Russian legal form', 'ООО «Ромашка»', 'Ромашка'],
    ['a Japanese legal form', '株式会社ヤマダ', 'ヤマダ'],
    ['the same as one character', 'ヤマダ㍿', 'ヤマダ'],
    ['signs beside it', '☆株式会社ヤマダ', 'ヤマダ'],
    ['a Korean legal form', '(주)한빛', '한빛'],
    ['a legal form that is written out', 'Zedline Limited Liability Company', 'Zedline'],
    ['Cyrillic read in the wrong encoding', 'Ð¡Ð»Ð¾Ð½', 'Слон'],
    ['an accent as an entity', 'Citro&euml;n', 'Citroën'],
    ['a plus for "and"', 'BLACK+DECKER', 'Black & Decker'],
    ['a German "und"', 'Zedler und Boch', 'Zedler & Boch'],
    ['what a shop writes around it', 'Visit the Zedline Store', 'Zedline'],
    ['a label before it', 'Brand: Zedline', 'Zedline'],
    ['digits set apart', 'Zed 21', 'Zed21'],
    ['full-width letters', 'ＺＥＤＬＩＮＥ', 'Zedline'],
  ])('does not depend on %s', (_what, a, b) => {
    expect(canonicalBrand(a, plain).name).not.toBeNull();
    expect(canonicalBrand(a, plain).name).toBe(canonicalBrand(b, plain).name);
  });

  it.each([
    ['Tech21', 'Tech22'],
    ['Sony', 'Sonos'],
    ['3M', '3M ESPE'],
    ['BlackBerry', 'Blackberrys'],
    ['Иван', 'Йван Плюс'],
    ['कॉटन', 'कटन'],
    ['Beauty Spa', 'Beauty'],
    ['Story as', 'Story'],
    ['AS', 'A.S. Roma'],
    ['Link+', 'Link'],
  ])('keeps %s and %s apart', (a, b) => {
    expect(brandKey(a)).not.toBe(brandKey(b));
  });

  it.each([
    ['Regular', 'fit'],
    ['Slim Fit', 'fit'],
    ['Realx Fit', 'fit'],
    ['Black', 'colour'],
    ['LightPink', 'colour'],
    ['Grey & White', 'colour'],
    ['lavender-Black', 'colour'],
    ['NavyBlue', 'colour'],
    ['NA', 'placeholder'],
    ['Generic', 'placeholder'],
    ['Ohne Marke', 'placeholder'],
    ['Genérico', 'placeholder'],
    ['无品牌', 'placeholder'],
    ['XXL', 'size'],
    ['Free Size', 'size'],
    ['Pure Cotton', 'material'],
    ['Leopard Print', 'pattern'],
    ['™ -', 'no-letters'],
    ['  ', 'missing'],
  ])('is none for %j, which is %s', (value, reason) => {
    expect(canonicalBrand(value, plain)).toEqual({ name: null, reason, review: null });
  });

  it.each([
    ['Coffee', 'ambiguous-word'],
    ['Turquise', 'ambiguous-word'],
    ['Comfort', 'ambiguous-word'],
    ['501', 'ambiguous-word'],
    ['Nestl\ufffd', 'lost-bytes'],
    ['we ship within three days of your order being placed', 'too-long'],
  ])('is undecided for %j and says so', (value, reason) => {
    const decision = canonicalBrand(value, plain);
    expect(decision).toMatchObject({ name: null, reason: 'undecided', review: { value, reason } });
  });

  it('is what the alias table says, before any other rule', () => {
    const dictionary = buildBrandDictionary([
      { variant: 'Orange', canonical: 'Orange' },
      { variant: 'BLK', canonical: 'B.L.K.' },
      { variant: 'Old Name', canonical: 'Middle Name' },
      { variant: 'Middle Name', canonical: 'New Name™ plc' },
      { variant: 'Mega product', canonical: null },
    ]);
    expect(canonicalBrand('ORANGE', dictionary).name).toBe('Orange');
    expect(canonicalBrand('blk Ltd', dictionary).name).toBe('B.L.K.');
    expect(canonicalBrand('old-name', dictionary).name).toBe('New Name™ plc');
    expect(canonicalBrand('New Name', dictionary).name).toBe('New Name™ plc');
    expect(canonicalBrand('Mega Product', dictionary)).toMatchObject({ name: null, reason: 'alias' });
  });

  it('lets people take back a built-in alias', () => {
    const dictionary = buildBrandDictionary([{ variant: 'Fuji', canonical: 'Fuji Bikes' }]);
    expect(canonicalBrand('Fuji', plain).name).toBe('Fujifilm');
    expect(canonicalBrand('Fuji', dictionary).name).toBe('Fuji Bikes');
  });

  it('takes the known spelling, and offers a known short form without taking it', () => {
    const dictionary = buildBrandDictionary([], ['Zedline', 'zedLine Technology']);
    expect(canonicalBrand('ZEDLINE', dictionary)).toMatchObject({
      name: 'Zedline',
      reason: 'known',
      review: null,
    });
    const long = canonicalBrand('Zedline technology', dictionary);
    expect(long).toMatchObject({
      name: 'zedLine Technology',
      review: { reason: 'long-form', candidates: ['Zedline'] },
    });
  });

  it('refuses aliases that run in a circle, and names one of them', () => {
    const build = () =>
      buildBrandDictionary([
        { variant: 'A1', canonical: 'B1' },
        { variant: 'B1', canonical: 'C1' },
        { variant: 'C1', canonical: 'A1' },
      ]);
    expect(build).toThrow(/"A1" leads back/);
  });

  it('refuses an alias without a letter', () => {
    let caught: unknown;
    try {
      buildBrandDictionary([{ variant: '™', canonical: 'Zed' }]);
    } catch (error) {
      caught = error;
    }
    expect(isFreshetError(caught, 'CONFIG_INVALID')).toBe(true);
  });

  it('is its own canonical brand, whatever the value', () => {
    const dictionary = buildBrandDictionary(
      [
        { variant: 'acme', canonical: 'ACME Corp.' },
        { variant: 'ltd inc', canonical: 'Black' },
      ],
      ['zed LINE'],
    );
    fc.assert(
      fc.property(anyText, (value) => {
        const { name } = canonicalBrand(value, dictionary);
        expect(canonicalBrand(name, dictionary).name).toBe(name);
      }),
      { numRuns: 1000 },
    );
  });

  it('depends on the key alone', () => {
    fc.assert(
      fc.property(anyText, (value) => {
        const { name } = canonicalBrand(value, plain);
        fc.pre(name !== null);
        expect(canonicalBrand(brandKey(value), plain).name).toBe(name);
      }),
      { numRuns: 1000 },
    );
  });
});

describe('learned spellings', () => {
  it('take the most frequent one, and do not depend on the order of rows', () => {
    const counts: [string, number][] = [
      ['OTTERBOX', 3],
      ['OtterBox', 175],
      ['Otterbox', 16],
      ['abc', 1],
      ['ABC', 1],
      ['Abc', 1],
    ];
    expect(learnSpellings(counts)).toEqual(['Abc', 'OtterBox']);
    expect(learnSpellings(counts.toReversed())).toEqual(['Abc', 'OtterBox']);
  });
});
