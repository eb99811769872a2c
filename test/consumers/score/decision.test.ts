import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  backfillJobKey,
  continuousJobKey,
  decideJob,
  decideLead,
  disqualifyReasons,
  type JobQuestion,
  type LeadQuestion,
} from '../../../src/consumers/score/decision.ts';

const OPT_OUT = { messageId: 'm9', rule: 'keyword-alone', evidence: 'stop' };
const DISQUALIFIED = { currentScore: 1, currentVersion: 'disqualified-1', currentAnchor: null };
const SCORED = { currentScore: 7, currentVersion: 'v1', currentAnchor: 'm3' };

const LEAD: LeadQuestion = {
  blacklisted: false,
  optedOut: null,
  inboundCount: 2,
  newestInboundId: 'm3',
  currentScore: null,
  currentAnchor: null,
  currentVersion: null,
  scorerVersion: 'v1',
  lowestScore: 1,
  purpose: 'backfill',
  continuousJobLive: false,
};
const SILENT = { inboundCount: 0, newestInboundId: null };

describe('the decision about a lead', () => {
  test.each<[string, Partial<LeadQuestion>, ReturnType<typeof decideLead>]>([
    ['unscored with inbound', {}, 'enqueue'],
    ['without inbound', SILENT, { skip: 'no-inbound' }],
    ['scored', SCORED, { skip: 'already-scored' }],
    ['scored long ago by another version', { ...SCORED, currentVersion: 'v0' }, { skip: 'already-scored' }],
    ['scored, to be scored again', { ...SCORED, purpose: 'backfill-all' }, 'enqueue'],
    ['with a live continuous job', { continuousJobLive: true }, { skip: 'continuous-job-live' }],
    [
      'with a live continuous job, to be scored again',
      { continuousJobLive: true, purpose: 'backfill-all' },
      { skip: 'continuous-job-live' },
    ],
    ['blacklisted', { blacklisted: true }, 'disqualify'],
    ['opted out', { optedOut: OPT_OUT }, 'disqualify'],
    ['opted out after a score', { optedOut: OPT_OUT, ...SCORED }, 'disqualify'],
    ['opted out with a lucky score of 1', { optedOut: OPT_OUT, ...SCORED, currentScore: 1 }, 'disqualify'],
    ['opted out while a job is live', { optedOut: OPT_OUT, continuousJobLive: true }, 'disqualify'],
    ['disqualified before', { blacklisted: true, ...DISQUALIFIED }, { skip: 'already-disqualified' }],
    [
      'disqualified before on another scale',
      { blacklisted: true, ...DISQUALIFIED, lowestScore: 0 },
      'disqualify',
    ],
    ['blacklisted without inbound', { blacklisted: true, ...SILENT }, { skip: 'no-inbound' }],
    ['blacklisted, scored, its messages gone', { blacklisted: true, ...SILENT, ...SCORED }, 'disqualify'],
    ['no longer blacklisted', DISQUALIFIED, 'enqueue'],
    ['continuous, new message', { ...SCORED, newestInboundId: 'm4', purpose: 'continuous' }, 'enqueue'],
    ['continuous, message already scored', { ...SCORED, purpose: 'continuous' }, { skip: 'anchor-scored' }],
    [
      'continuous, scored by another version',
      { ...SCORED, currentVersion: 'v0', purpose: 'continuous' },
      'enqueue',
    ],
    ['continuous, unscored', { purpose: 'continuous' }, 'enqueue'],
    ['continuous, without inbound', { ...SILENT, purpose: 'continuous' }, { skip: 'no-inbound' }],
  ])('%s', (_case, facts, expected) => {
    expect(decideLead({ ...LEAD, ...facts })).toEqual(expected);
  });
});

describe('the decision of a running job', () => {
  const JOB: JobQuestion = { ...LEAD, rescore: false };
  test.each<[string, Partial<JobQuestion> | null, ReturnType<typeof decideJob>]>([
    ['takes the newest inbound message as anchor', { newestInboundId: 'm8' }, { score: 'm8' }],
    ['skips an anchor that this version scored', SCORED, { skip: 'anchor-scored' }],
    ['scores it again where that was asked for', { ...SCORED, rescore: true }, { score: 'm3' }],
    ['scores it again by another version', { ...SCORED, scorerVersion: 'v2' }, { score: 'm3' }],
    ['disqualifies whatever was asked for', { blacklisted: true, rescore: true }, 'disqualify'],
    ['lets an opt-out win over a score', { optedOut: OPT_OUT, ...SCORED }, 'disqualify'],
    ['leaves a disqualified lead', { optedOut: OPT_OUT, ...DISQUALIFIED }, { skip: 'already-disqualified' }],
    ['skips a lead without inbound', SILENT, { skip: 'no-inbound' }],
    ['skips a lead that is gone', null, { skip: 'lead-gone' }],
  ])('%s', (_case, facts, expected) => {
    expect(decideJob(facts === null ? null : { ...JOB, ...facts })).toEqual(expected);
  });

  test('never scores a lead that is blacklisted or opted out', () => {
    const facts = fc.record({
      blacklisted: fc.boolean(),
      optedOut: fc.constantFrom(null, OPT_OUT),
      inboundCount: fc.nat(3),
      newestInboundId: fc.constantFrom(null, 'm1', 'm2'),
      currentScore: fc.constantFrom(null, 1, 7),
      currentAnchor: fc.constantFrom(null, 'm1', 'm2'),
      currentVersion: fc.constantFrom(null, 'v1', 'v2', 'disqualified-1'),
      rescore: fc.boolean(),
      continuousJobLive: fc.boolean(),
      purpose: fc.constantFrom('backfill' as const, 'backfill-all' as const, 'continuous' as const),
    });
    fc.assert(
      fc.property(facts, (given) => {
        const question = { ...given, scorerVersion: 'v1', lowestScore: 1 };
        if (!given.blacklisted && given.optedOut === null) return;
        expect(decideLead(question)).not.toBe('enqueue');
        expect(decideJob(question)).not.toHaveProperty('score');
      }),
    );
  });
});

test('dedupe keys are one a lead and purpose', () => {
  expect(backfillJobKey('l1')).toBe('lead_scoring_backfill:l1');
  expect(continuousJobKey('l1')).toBe('lead_scoring:l1');
});

test('the reasons of a disqualification name its source', () => {
  expect(disqualifyReasons({ blacklisted: true, optedOut: OPT_OUT })).toEqual([
    'blacklisted',
    'opted out in message m9 (keyword-alone: "stop")',
  ]);
  expect(
    disqualifyReasons({ blacklisted: false, optedOut: { messageId: null, rule: 'lead-row', evidence: '' } }),
  ).toEqual(['opted out (lead-row)']);
});
