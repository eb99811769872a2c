import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { narrowDrawing, wayOf, wideDrawing } from '../../page/way-layout.js';
import type { FreshnessReport } from '../../src/metrics/freshness-report.ts';
import { examplePipeline, exampleReport } from './example-report.ts';

interface Rectangle {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

function overlap(a: Rectangle, b: Rectangle): boolean {
  return a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;
}

/** A report whose pipelines read any of the tables. */
const reports = fc
  .array(fc.array(fc.nat(6), { minLength: 1, maxLength: 4 }), { minLength: 0, maxLength: 6 })
  .map((reads) =>
    exampleReport((report) => {
      const names = report.sources.flatMap(({ tables }) => tables.map(({ table }) => table));
      report.pipelines = reads.map((tables, index) =>
        examplePipeline(
          `pipeline-${index}`,
          [...new Set(tables)].map((table) => names[table] ?? ''),
          100,
        ),
      );
    }),
  );

const widths = fc.integer({ min: 280, max: 1_400 });
const drawn = (report: FreshnessReport, width: number): ReturnType<typeof wideDrawing> =>
  width < 860 ? narrowDrawing(report, width) : wideDrawing(report, width);

describe('the picture of the way', () => {
  it('has an arrow for every table that is published, every table that is read, and every target', () => {
    const { edges } = wideDrawing(exampleReport(), 1_150);
    const count = (kind: string): number => edges.filter(({ key }) => key.startsWith(`${kind} `)).length;
    expect(['publish', 'lane', 'write'].map(count)).toEqual([7, 7, 4]);
  });

  it('tells rates and lags on the arrows', () => {
    const { edges } = wideDrawing(exampleReport(), 1_150);
    const textOf = (key: string): string[] =>
      edges.find((edge) => edge.key === key)?.labels.map(({ text }) => text) ?? [];
    expect(textOf('publish shop public.products')).toEqual(['950/s', '0.3 s behind']);
    expect(textOf('lane shop public.products upsert')).toEqual(['940/s · 0 left']);
    expect(textOf('write upsert')[0]).toBe('846/s');
  });

  it('has boxes that lie within it and over no other, at any width and with any pipelines', () => {
    fc.assert(
      fc.property(reports, widths, (report, width) => {
        const { boxes, height } = drawn(report, width);
        for (const [index, box] of boxes.entries()) {
          expect(box.x).toBeGreaterThanOrEqual(0);
          expect(box.x + box.width).toBeLessThanOrEqual(width);
          expect(box.y).toBeGreaterThanOrEqual(0);
          expect(box.y + box.height).toBeLessThanOrEqual(height);
          for (const other of boxes.slice(index + 1)) expect(overlap(box, other)).toBe(false);
        }
      }),
    );
  });

  it('names no two things the same', () => {
    fc.assert(
      fc.property(reports, widths, (report, width) => {
        const { boxes, edges } = drawn(report, width);
        const keys = [...boxes, ...edges].map(({ key }) => key);
        expect(new Set(keys).size).toBe(keys.length);
      }),
    );
  });

  it('shows a topic that nobody reads, and no lane to a table that is not captured', () => {
    const report = exampleReport((each) => {
      each.pipelines = [examplePipeline('upsert', ['public.products', 'public.elsewhere'], 1)];
    });
    const { topics, lanes } = wayOf(report);
    expect(topics).toHaveLength(7);
    expect(lanes.map(({ table }) => table.table)).toEqual(['public.products']);
  });
});
