import { describe, expect, it } from 'vitest';
import { loadTaxonomy, MIN_CONFIDENCE } from '../../../../src/consumers/upsert/normalise/taxonomy.ts';

const TEXT = `# a version line
1 - Apparel & Accessories
2 - Apparel & Accessories > Clothing
3 - Apparel & Accessories > Clothing > Dresses
4 - Apparel & Accessories > Clothing > Shirts & Tops
5 - Apparel & Accessories > Jewelry
6 - Apparel & Accessories > Jewelry > Necklaces
7 - Hardware
8 - Hardware > Chains
9 - Electronics
10 - Electronics > Mobile Phone Accessories
11 - Electronics > Mobile Phone Accessories > Mobile Phone Cases
12 - Electronics > Mobile Phone Accessories > Mobile Phone Camera Accessories
13 - Electronics > Audio > Speakers
14 - Electronics > Signals > Speakers
15 - Electronics > Toys > Tool Sets
16 - Health & Beauty > Nail Polish Drops & Sprays
17 - Health & Beauty > Bath Sponges & Loofahs
`;
const taxonomy = loadTaxonomy(TEXT);

describe('a taxonomy', () => {
  it.each([
    [['Clothing', "Women's Clothing", 'Western Wear', 'Dresses'], '3'],
    [['Clothing', "Men's Clothing", 'T-Shirts'], '4'],
    [['Jewellery', 'Necklaces & Chains', 'Chains'], '6'],
    [['Jewellery'], '5'],
    [['Cell Phones', 'Cell Phone Accessories'], '10'],
    [['Cell Phones', 'Cell Phone Accessories', 'Cell Phone Cases'], '11'],
    [['Cell Phones', 'Cell Phone Accessories', 'Zorbs'], '10'],
    [['Beauty', 'Bath', 'Loofahs'], '17'],
  ])('maps %j', (path, id) => {
    const mapping = taxonomy.map(path);
    expect(mapping).toMatchObject({ kind: 'mapped', id });
    expect(mapping.kind === 'mapped' && mapping.confidence).toBeGreaterThanOrEqual(MIN_CONFIDENCE);
  });

  it.each([
    [[]],
    [['Zorbs']],
    [['Combo Sets']],
    [['Clothing', 'A', 'B', 'C']],
    [['Deodorants', 'Sprays']],
    [['Fitness', 'Accessories']],
  ])('leaves %j undecided', (path) => {
    expect(taxonomy.map(path).kind).toBe('undecided');
  });

  it('is less certain of a category that it found further out', () => {
    const [near, far] = [
      taxonomy.map(['Clothing', 'Dresses']),
      taxonomy.map(['Clothing', 'Dresses', 'Zorbs']),
    ];
    expect(
      near.kind === 'mapped' &&
        far.kind === 'mapped' &&
        near.confidence > far.confidence &&
        near.id === far.id,
    ).toBe(true);
  });

  it('names the candidates where several fit equally well, and no name decides', () => {
    const mapping = taxonomy.map(['Electronics', 'Speakers'], 'Zed Boombox');
    expect(mapping.kind === 'undecided' && mapping.candidates.map(({ id }) => id)).toEqual(['13', '14']);
  });

  it.each([
    ['a line of another form', '1 - A\nB > C', /line 2: "B > C"/],
    ['an empty level', '1 - A >  > C', /line 1/],
    ['an id that comes twice', '1 - A\n1 - B', /line 2: id "1"/],
  ])('refuses %s and names the line', (_what, text, message) => {
    expect(() => loadTaxonomy(text)).toThrow(message);
  });
});
