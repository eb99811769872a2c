import { describe, expect, it } from 'vitest';
import { AgeHistory } from '../../../src/metrics/page/age-history.ts';
import { exampleReport } from '../../page/example-report.ts';

const START = Date.parse('2026-11-21T10:00:00Z');

function historyOf(seconds: number): AgeHistory {
  const history = new AgeHistory();
  for (let second = 0; second < seconds; second++)
    history.note(exampleReport((report) => (report.at = new Date(START + second * 1_000).toISOString())));
  return history;
}

describe('the history of ages', () => {
  it('has a sample of every pipeline every two seconds', () => {
    const { upsert, score } = historyOf(5).all();
    expect(upsert).toEqual([
      [START, 0.6],
      [START + 2_000, 0.6],
      [START + 4_000, 0.6],
    ]);
    expect(score).toHaveLength(3);
  });

  it('forgets what is older than ten minutes', () => {
    const { upsert = [] } = historyOf(2_000).all();
    expect(upsert).toHaveLength(301);
    expect(upsert[0]?.[0]).toBe(START + 1_398_000);
  });
});
