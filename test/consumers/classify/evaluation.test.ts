import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { PageTypeClassifier } from '../../../src/consumers/classify/classifier.ts';
import { evaluate } from '../../../src/consumers/classify/evaluation.ts';
import { readLabelledCsv } from '../../../src/consumers/classify/labelled-csv.ts';

const root = path.resolve(import.meta.dirname, '../../..');
const data = process.env['FRESHET_DATA'] ?? path.resolve(root, '../shared/data');
const labelled = path.join(data, 'urls/dev.csv');

describe('evaluate', () => {
  it('gives accuracy, precision, recall and the mean F1 of the labels that occur', () => {
    const { accuracy, macroF1, perLabel, confusion } = evaluate([
      { label: 'legal', predicted: 'legal' },
      { label: 'legal', predicted: 'auth' },
      { label: 'article', predicted: 'article' },
      { label: 'article', predicted: null },
    ]);
    expect(accuracy).toBe(0.5);
    expect(macroF1).toBeCloseTo(2 / 3);
    expect(perLabel).toEqual([
      { label: 'article', support: 2, precision: 1, recall: 0.5, f1: 2 / 3 },
      { label: 'legal', support: 2, precision: 1, recall: 0.5, f1: 2 / 3 },
      { label: 'auth', support: 0, precision: 0, recall: 0, f1: 0 },
    ]);
    expect(confusion.get('article')?.get(null)).toBe(1);
  });

  it('gives zeros, not NaN, for no rows', () => {
    expect(evaluate([])).toMatchObject({ total: 0, accuracy: 0, macroF1: 0, perLabel: [] });
  });
});

describe.skipIf(!existsSync(labelled))('on the labelled URLs (FRESHET_DATA/urls/dev.csv)', () => {
  it('reaches accuracy 0.90 and macro F1 0.85', () => {
    const classifier = new PageTypeClassifier();
    const judged = readLabelledCsv(readFileSync(labelled, 'utf8'), labelled).map(({ url, title, label }) => {
      const result = classifier.classify({ url, title });
      return { label, predicted: result.kind === 'classified' ? result.type : null };
    });
    const { accuracy, macroF1 } = evaluate(judged);
    expect(accuracy).toBeGreaterThanOrEqual(0.9);
    expect(macroF1).toBeGreaterThanOrEqual(0.85);
  });
});
