import { describe, expect, it } from 'vitest';
import { coverageOf, snapshotText } from '../../page/bars.js';
import { examplePipeline, exampleSnapshot, RUNNING } from './example-report.ts';

describe('the coverage', () => {
  it.each([
    [0, 20_000, '100 %'],
    [1, 20_000, '> 99.9 % · 1 missing'],
    [1_234, 20_000, '93.8 % · 1,234 missing'],
    [20_000, 20_000, '0 % · 20,000 missing'],
  ])('of a field that %d of %d rows lack is %s', (missing, rows, text) => {
    const pipeline = examplePipeline('upsert', ['public.products'], 1);
    const coverage = { fields: { image_url: { missing, rows } }, unresolved: {} };
    expect(coverageOf({ ...pipeline, coverage })).toEqual([
      {
        path: 'pipelines.upsert.coverage.fields.image_url',
        label: 'upsert: image url',
        figure: missing,
        text,
        rows,
        has: rows - missing,
      },
    ]);
  });

  it('has no share of what waits for somebody', () => {
    const [unresolved] = coverageOf(examplePipeline('transform', [], 1));
    expect(unresolved).toMatchObject({ label: 'transform: error', text: '2 unresolved', rows: 0 });
  });
});

describe('a snapshot', () => {
  it.each([
    [{}, '20,000 rows in 42 s'],
    [RUNNING, '3,100 of about 5,000 rows · 410/s · 4.6 s to go'],
    [{ status: 'paused', finishedAt: null, rowsPublished: 1, estimatedRows: null }, '1 row · paused'],
  ] as const)('with %j is told as %s', (change, text) => {
    expect(snapshotText(exampleSnapshot(change))).toBe(text);
  });
});
