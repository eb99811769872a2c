import { describe, expect, test } from 'vitest';
import {
  parseScoreBackfillOptions,
  runAtMs,
  type ScoreBackfillOptions,
} from '../../../src/consumers/score/backfill-options.ts';

const DEFAULTS: ScoreBackfillOptions = {
  mode: 'dry-run',
  pages: 'one',
  clientId: null,
  limit: 500,
  cursor: null,
  rescoreAll: false,
  delayMs: 0,
  pageDelayMs: 0,
  stateFile: '.backfill-lead-scoring.state.json',
  resume: false,
};

type Effect = Partial<ScoreBackfillOptions> & { notice?: string };

describe('the options of the score backfill', () => {
  test.each<[Record<string, unknown>, Effect]>([
    [{}, {}],
    [{ dryRun: true }, {}],
    [{ apply: true }, { mode: 'apply', pages: 'all' }],
    [{ runUntilDone: true }, { pages: 'all' }],
    [{ dryRun: true, runUntilDone: true }, { pages: 'all' }],
    [{ singleBatch: true }, {}],
    [{ dryRun: true, singleBatch: true }, {}],
    [
      { apply: true, singleBatch: true },
      { mode: 'apply', pages: 'one' },
    ],
    [
      { apply: true, runUntilDone: true },
      { mode: 'apply', pages: 'all' },
    ],
    [{ clientId: 'c1' }, { clientId: 'c1' }],
    [
      { apply: true, clientId: 'c1', rescoreAll: true },
      { mode: 'apply', pages: 'all', clientId: 'c1', rescoreAll: true },
    ],
    [{ limit: '50' }, { limit: 50 }],
    [{ limit: 10_000 }, { limit: 10_000 }],
    [
      { apply: true, limit: '1', singleBatch: true },
      { mode: 'apply', pages: 'one', limit: 1 },
    ],
    [{ cursor: 'lead-9' }, { cursor: 'lead-9' }],
    [
      { apply: true, cursor: 'lead-9' },
      { mode: 'apply', pages: 'all', cursor: 'lead-9' },
    ],
    [
      { apply: true, resume: true },
      { mode: 'apply', pages: 'all', resume: true },
    ],
    [{ resume: true }, { resume: true }],
    [
      { apply: true, resume: true, cursor: 'lead-9' },
      { mode: 'apply', pages: 'all', cursor: 'lead-9', resume: false, notice: '--resume is ignored' },
    ],
    [
      { resume: true, cursor: 'lead-9' },
      { cursor: 'lead-9', resume: false, notice: '--resume is ignored' },
    ],
    [
      { apply: true, resume: true, stateFile: '/tmp/s.json' },
      { mode: 'apply', pages: 'all', resume: true, stateFile: '/tmp/s.json' },
    ],
    [
      { apply: true, stateFile: 's.json' },
      { mode: 'apply', pages: 'all', stateFile: 's.json' },
    ],
    [{ stateFile: 's.json' }, { stateFile: 's.json', notice: '--state-file has no effect in a dry run' }],
    [
      { resume: true, stateFile: 's.json' },
      { resume: true, stateFile: 's.json' },
    ],
    [{ rescoreAll: true }, { rescoreAll: true }],
    [
      { apply: true, delayMs: '250' },
      { mode: 'apply', pages: 'all', delayMs: 250 },
    ],
    [{ delayMs: '250' }, { delayMs: 250, notice: '--delay-ms has no effect in a dry run' }],
    [
      { apply: true, pageDelayMs: '1000' },
      { mode: 'apply', pages: 'all', pageDelayMs: 1_000 },
    ],
    [
      { runUntilDone: true, pageDelayMs: '5' },
      { pages: 'all', pageDelayMs: 5 },
    ],
    [
      { apply: true, singleBatch: true, pageDelayMs: '5' },
      {
        mode: 'apply',
        pages: 'one',
        pageDelayMs: 5,
        notice: '--page-delay-ms has no effect with --single-batch',
      },
    ],
    [
      { apply: true, delayMs: '0', pageDelayMs: '0' },
      { mode: 'apply', pages: 'all' },
    ],
    [{ apply: false, resume: undefined }, {}],
    [
      {
        apply: true,
        clientId: 'c',
        limit: '7',
        rescoreAll: true,
        delayMs: '1',
        pageDelayMs: '2',
        runUntilDone: true,
        stateFile: 'f',
        resume: true,
      },
      {
        mode: 'apply',
        pages: 'all',
        clientId: 'c',
        limit: 7,
        rescoreAll: true,
        delayMs: 1,
        pageDelayMs: 2,
        stateFile: 'f',
        resume: true,
      },
    ],
  ])('%j', (raw, { notice, ...effect }) => {
    const { options, notices } = parseScoreBackfillOptions(raw);
    expect(options).toEqual({ ...DEFAULTS, ...effect });
    expect(notices).toHaveLength(notice === undefined ? 0 : 1);
    expect(notices.join('')).toContain(notice ?? '');
  });

  test.each<[Record<string, unknown>, string[]]>([
    [{ dryRun: true, apply: true }, ['--dry-run', '--apply']],
    [{ singleBatch: true, runUntilDone: true }, ['--single-batch', '--run-until-done']],
    [{ apply: true, singleBatch: true, runUntilDone: true }, ['--single-batch', '--run-until-done']],
    [
      { dryRun: true, apply: true, singleBatch: true, runUntilDone: true },
      ['--dry-run', '--apply', '--single-batch', '--run-until-done'],
    ],
    [{ limit: '0' }, ['--limit', '"0"']],
    [{ limit: '10001' }, ['--limit', '"10001"']],
    [{ limit: '-5' }, ['--limit', '"-5"']],
    [{ limit: '1.5' }, ['--limit', '"1.5"']],
    [{ limit: '5e2' }, ['--limit', '"5e2"']],
    [{ limit: 'many' }, ['--limit', '"many"']],
    [{ limit: '' }, ['--limit']],
    [{ limit: true }, ['--limit']],
    [{ delayMs: '-1' }, ['--delay-ms', '"-1"']],
    [{ pageDelayMs: 'NaN' }, ['--page-delay-ms', '"NaN"']],
    [{ limit: 'x', delayMs: 'y' }, ['--limit', '--delay-ms']],
    [{ clientId: '' }, ['--clientId']],
    [{ clientId: '--apply' }, ['--clientId']],
    [{ cursor: '  ' }, ['--cursor']],
    [{ stateFile: '' }, ['--state-file']],
    [{ apply: 'yes' }, ['--apply']],
    [{ force: true }, ['force']],
  ])('refuses %j and names what is wrong', (raw, names) => {
    const parse = () => parseScoreBackfillOptions(raw);
    expect(parse).toThrow(expect.objectContaining({ code: 'USAGE' }) as Error);
    for (const name of names) expect(parse).toThrow(name);
  });
});

test('--delay-ms spreads the start of jobs evenly', () => {
  expect([0, 1, 2].map((job) => runAtMs(1_000, job, 250))).toEqual([1_000, 1_250, 1_500]);
  expect(runAtMs(1_000, 99, 0)).toBe(1_000);
});
