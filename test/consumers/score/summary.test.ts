import { describe, expect, test } from 'vitest';
import { parseScoreBackfillOptions } from '../../../src/consumers/score/backfill-options.ts';
import {
  addTotals,
  emptyTotals,
  nextCommand,
  renderSummary,
  type ScoreBackfillEnd,
} from '../../../src/consumers/score/summary.ts';

const TOTALS = {
  ...emptyTotals(),
  pages: 2,
  leads: 10,
  enqueued: 6,
  disqualified: 1,
  skipped: { ...emptyTotals().skipped, 'no-inbound': 2, 'already-scored': 1 },
  lastLeadId: 'lead-10',
};

describe('the summary of a backfill', () => {
  test('shows every count, skips by reason, the last lead and the next command', () => {
    const { options } = parseScoreBackfillOptions({ apply: true });
    const text = renderSummary(options, { ...TOTALS, errors: 1 }, 'interrupted');
    const rows = [
      /enqueued +6/,
      /disqualified +1/,
      /skipped +3/,
      /no-inbound +2/,
      /already-scored +1/,
      /errors +1/,
      /last lead id +lead-10/,
    ];
    for (const row of rows) expect(text).toMatch(row);
    expect(text).toContain('freshet backfill score --apply --resume');
    expect(text).not.toContain('lead-gone');
  });

  test('says of a dry run that nothing was written', () => {
    const text = renderSummary(parseScoreBackfillOptions({}).options, TOTALS, 'more');
    expect(text).toContain('Dry run: nothing was written.');
    expect(text).toMatch(/would be enqueued +6/);
  });

  test.each<[Record<string, unknown>, ScoreBackfillEnd, string]>([
    [{}, 'more', 'freshet backfill score --apply'],
    [{ clientId: 'c 1', limit: '50' }, 'more', "freshet backfill score --apply --clientId 'c 1' --limit 50"],
    [{ cursor: 'l5' }, 'done', 'freshet backfill score --apply --cursor l5'],
    [{ apply: true }, 'done', 'freshet verify score'],
    [
      { apply: true, singleBatch: true },
      'more',
      'freshet backfill score --apply --single-batch --cursor lead-10',
    ],
    [
      { apply: true, cursor: 'l5', stateFile: "it's.json" },
      'interrupted',
      String.raw`freshet backfill score --apply --state-file 'it'\''s.json' --resume`,
    ],
    [
      { apply: true, rescoreAll: true, delayMs: '5', pageDelayMs: '6' },
      'interrupted',
      'freshet backfill score --apply --rescore-all --delay-ms 5 --page-delay-ms 6 --resume',
    ],
  ])('after %j, %s: %s', (raw, end, command) => {
    const { options } = parseScoreBackfillOptions(raw);
    expect(nextCommand(options, TOTALS, end)).toBe(command);
    expect(nextCommand(options, { ...TOTALS, errors: 1 }, end)).toContain(
      end === 'done' ? '--apply' : command,
    );
  });

  test('adds pages up and keeps the last lead of an empty page', () => {
    const sum = addTotals(TOTALS, { ...TOTALS, lastLeadId: null });
    expect(sum).toMatchObject({ pages: 4, leads: 20, enqueued: 12, disqualified: 2, lastLeadId: 'lead-10' });
    expect(sum.skipped).toMatchObject({ 'no-inbound': 4, 'already-scored': 2, 'lead-gone': 0 });
  });
});
