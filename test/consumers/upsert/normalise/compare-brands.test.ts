import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { buildBrandDictionary } from '../../../../src/consumers/upsert/normalise/brand-dictionary.ts';
import { compareBrands } from '../../../../src/consumers/upsert/normalise/compare-brands.ts';

describe('two spellings', () => {
  it.each([
    ['HP', 'Hewlett-Packard'],
    ['Samsung', 'Samsung Electronics'],
    ['LG', 'LG Electronics'],
    ['D-Link', 'DLink'],
    ['Tom Tom', 'TomTom'],
    ['Tech21', 'Tech 21'],
    ['Insginia', 'Insignia™'],
    ['Gift Studio', 'Gift Studios'],
    ['Startech', 'StarTech.com'],
    ['The Jewelbox', 'Jewelbox'],
    ['Riddhi Impex', 'Ridhi-Impex'],
    ['Catalyst®', 'CATALYST Ltd.'],
    ['www.zorbex.co.uk', 'Zorbex'],
    ['by Zorbex', 'Zorbex'],
    ['Zorbex', 'Zorbex by Ada Stone'],
    ["Kellogg's", 'Kellogg'],
    ["Victoria's Secret", 'Victoria Secret'],
    ['Röhm', 'ROEHM'],
    ['Jewellery Box', 'Jewelry Box'],
    ['Favourite Things', 'Favorite Things'],
    ['Fibre Works', 'Fiber Works'],
    ['RK Enterprises', 'R.K. Enterprise'],
  ])('%s and %s name one brand', (a, b) => {
    expect(compareBrands(a, b)).toMatchObject({ same: true });
    expect(compareBrands(b, a)).toMatchObject({ same: true });
  });

  it.each([
    ['Tech21', 'Tech22'],
    ['Sony', 'Sonos'],
    ['Nike', 'Mike'],
    ['3M', '3M ESPE'],
    ['Nivea', 'Nivia'],
    ['Vastradi', 'Vastrani'],
    ['Royal', 'Royal Enfield'],
    ['Ocean', 'Ocean India'],
    ['Black', 'Black & Decker'],
    ['Beats', 'Beatson'],
    ['Raymond', 'Raymond Kids'],
    ['SG Traders', 'SV Traders'],
    ['PopSocket', 'PopRocket'],
    ['AB Creations', 'ABC Creations'],
    ['Royal', 'Royal Industries'],
    ["Lovely's", 'Lovely'],
    ['Zorbex', 'Ada Stone by Zorbex'],
    ['St.John', 'St'],
    ['™', '®'],
  ])('%s and %s do not', (a, b) => {
    expect(compareBrands(a, b)).toMatchObject({ same: false });
    expect(compareBrands(b, a)).toMatchObject({ same: false });
  });

  it('are one brand where people said so, and two where they said that', () => {
    const dictionary = buildBrandDictionary([{ variant: 'Zed', canonical: 'Omega' }]);
    expect(compareBrands('ZED', 'Omega Ltd', dictionary)).toMatchObject({ same: true, reason: 'alias' });
  });

  it('are judged alike in both orders, with a confidence from a half to one, whatever they are', () => {
    const name = fc.oneof(
      fc.string({ unit: 'grapheme', maxLength: 16 }),
      fc
        .array(
          fc.constantFrom('Sam', 'sung', 'Acme', ' ', 'India', 'Auto', 'Home', '21', '.com', 'The ', '™'),
          { maxLength: 5 },
        )
        .map((parts) => parts.join('')),
    );
    fc.assert(
      fc.property(name, name, (a, b) => {
        const judgement = compareBrands(a, b);
        expect(compareBrands(b, a).same).toBe(judgement.same);
        expect(judgement.confidence).toBeGreaterThanOrEqual(0.5);
        expect(judgement.confidence).toBeLessThanOrEqual(1);
      }),
      { numRuns: 1000 },
    );
  });
});
