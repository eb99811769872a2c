import { expect, it } from 'vitest';
import { buildBrandDictionary } from '../../../../src/consumers/upsert/normalise/brand-dictionary.ts';
import { proposeMerges } from '../../../../src/consumers/upsert/normalise/propose-merges.ts';

it('proposes near names, the rarer for the more frequent, and leaves the others alone', () => {
  const counts = new Map([
    ['Insignia', 180],
    ['Insginia', 1],
    ['Griffin', 1],
    ['Griffin Technology', 4],
    ['Nivea', 3],
    ['Nivia', 3],
    ['Royal', 4],
    ['Royal Kurta', 1],
  ]);
  expect(
    proposeMerges(counts, buildBrandDictionary()).map(({ variant, canonical }) => [variant, canonical]),
  ).toEqual([
    ['Griffin', 'Griffin Technology'],
    ['Insginia', 'Insignia'],
  ]);
});
