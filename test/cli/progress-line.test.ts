import { describe, expect, it } from 'vitest';
import { progressText } from '../../src/cli/progress-line.ts';

describe('the line of progress', () => {
  it.each([
    [
      'rate and ETA',
      [250_000, 1_000_000, 10_000],
      'publishing  250,000 of about 1,000,000 rows  10,000 rows/s  25 %  ETA 1 min 15 s',
    ],
    ['no total', [250, -1, 0], 'publishing  250 rows'],
    ['more than the guess', [120, 100, 10], 'publishing  120 of about 100 rows  10 rows/s'],
    [
      'hours',
      [0, 36_000_000, 5_000],
      'publishing  0 of about 36,000,000 rows  5,000 rows/s  0 %  ETA 2 h 0 min',
    ],
  ] as const)('shows %s', (_what, [done, total, rate], text) => {
    expect(progressText('publishing', done, total, rate)).toBe(text);
  });
});
