import { describe, expect, it } from 'vitest';
import { csvLine, textLine } from '../../src/demo/copy-lines.ts';
import { generateCompetitors, generatePositions } from '../../src/demo/positions-generator.ts';

describe('Generated positions', () => {
  const rows = [...generatePositions({ results: 3_000, seed: 5 })];

  it('are the same for the same seed, and others for another', () => {
    expect([...generatePositions({ results: 3_000, seed: 5 })]).toEqual(rows);
    expect([...generatePositions({ results: 3_000, seed: 6 })]).not.toEqual(rows);
  });

  it('have every id once', () => {
    expect(new Set(rows.map((row) => row['id'])).size).toBe(rows.length);
  });

  it('hold every kind of dirt', () => {
    const some = (test: (row: (typeof rows)[number]) => boolean): boolean => rows.some(test);
    expect(some((row) => (row['collector_result_id'] as bigint) > 2n ** 53n)).toBe(true);
    expect(
      some(
        (row) => Array.isArray(row['competitor_positions']) && row['competitor_positions'].length === 1_000,
      ),
    ).toBe(true);
    expect(some((row) => row['metadata'] === '{"model": "x"')).toBe(true);
    expect(some((row) => row['processed_at'] === null)).toBe(true);
    expect(some((row) => row['sentiment_label_competitor'] === 'MIXED')).toBe(true);
    const unlisted = rows.filter((row) => String(row['competitor_name']).startsWith('Unlisted'));
    expect(unlisted.length / (3_000 * 5)).toBeCloseTo(0.03, 2);
    const withBrandRow = new Set(
      rows.filter((row) => !row['competitor_name']).map((row) => row['collector_result_id']),
    );
    expect(withBrandRow.size).toBeLessThan(3_000);
  });

  it('name one competitor alike under every brand', () => {
    const acme = [...generateCompetitors({ results: 10, seed: 1 })].filter(
      (row) => row['competitor_name'] === 'Acme',
    );
    expect(acme.map((row) => row['brand_id'])).toEqual([1n, 2n]);
  });
});

describe('A line for COPY', () => {
  const row = { a: null, b: '', c: 'x"y\t\\\n', d: [3, 1], e: true, f: 2n ** 60n };
  const columns = ['a', 'b', 'c', 'd', 'e', 'f', 'absent'];

  it('in CSV tells NULL from an empty text', () => {
    expect(csvLine(row, columns)).toBe(',"","x""y\t\\\n","{3,1}",true,1152921504606846976,');
  });

  it('in text escapes what separates', () => {
    expect(textLine(row, columns)).toBe('\\N\t\tx"y\\t\\\\\\n\t{3,1}\ttrue\t1152921504606846976\t\\N');
  });
});
