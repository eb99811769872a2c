import { describe, expect, it } from 'vitest';
import {
  DEFAULT_TRAINING,
  type Example,
  foldOf,
  scoresOf,
  softmax,
  trainCorrections,
} from '../../../src/consumers/classify/training.ts';

const TYPES = 2;
const example = (signal: number, label: number): Example => ({
  signals: Int32Array.of(signal),
  label,
  group: `${signal}`,
});

describe('trainCorrections', () => {
  const examples = [example(0, 1), example(0, 1), example(0, 1), example(1, 0)];

  it('leaves wrong hand weights where enough examples speak against them', () => {
    const prior = Float64Array.of(1, 0, 1, 0);
    const delta = trainCorrections(examples, prior, TYPES, { ...DEFAULT_TRAINING, pull: 0.01 });
    const scores = scoresOf(Int32Array.of(0), prior, delta, TYPES);
    expect(scores[1]).toBeGreaterThan(scores[0] ?? 0);
  });

  it('stays at the hand weights under a strong pull', () => {
    const delta = trainCorrections(examples, Float64Array.of(1, 0, 1, 0), TYPES, {
      ...DEFAULT_TRAINING,
      pull: 1000,
    });
    expect(Math.max(...delta.map(Math.abs))).toBeLessThan(0.01);
  });

  it('gives the same weights for the same examples', () => {
    const prior = new Float64Array(4);
    expect(trainCorrections(examples, prior, TYPES)).toEqual(trainCorrections(examples, prior, TYPES));
  });
});

describe('softmax', () => {
  it('sums to one, also for scores that overflow exp', () => {
    const scores = Float64Array.of(1000, 1000, -1000);
    softmax(scores);
    expect([...scores]).toEqual([0.5, 0.5, 0]);
  });
});

describe('foldOf', () => {
  it('spreads sites evenly and keeps each in one fold', () => {
    const counts = Array.from({ length: 10 }, () => 0);
    for (let i = 0; i < 1000; i++) {
      const fold = foldOf(`site-${i}.example`, 10);
      expect(foldOf(`site-${i}.example`, 10)).toBe(fold);
      counts[fold] = (counts[fold] ?? 0) + 1;
    }
    expect(Math.min(...counts)).toBeGreaterThan(60);
    expect(Math.max(...counts)).toBeLessThan(150);
  });
});
