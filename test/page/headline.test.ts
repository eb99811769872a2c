import { describe, expect, it } from 'vitest';
import { alertsOf, headlineOf } from '../../page/headline.js';
import { examplePipeline, exampleReport } from './example-report.ts';

describe('the headline', () => {
  it('says up to when everything is in place', () => {
    const { tone, before, at, after, summary } = headlineOf(exampleReport());
    expect([tone, before, at, after]).toEqual([
      'good',
      'Everything committed before ',
      '2026-11-21T09:59:59.400Z',
      ' is in place.',
    ]);
    expect(summary).toBe('0.6 s behind now · all 4 pipelines fresh · no dead letters');
  });

  it('names the pipeline that is behind', () => {
    const report = exampleReport((each) => {
      each.pipelines = [...each.pipelines, examplePipeline('labels', ['public.products'], 1, 'behind')];
    });
    const { tone, word, before, summary } = headlineOf(report);
    expect([tone, word, before]).toEqual([
      'late',
      'behind',
      'labels has everything that was committed before ',
    ]);
    expect(summary).toBe('1 min 31 s behind now · 12,330 records to apply');
  });

  it('knows one record from several, and from none that are known', () => {
    const summaryOf = (records: number | null): string => {
      const report = exampleReport((each) => {
        const labels = examplePipeline('labels', ['public.products'], 1, 'behind');
        each.pipelines = [{ ...labels, lag: { ...labels.lag, records } }];
      });
      return headlineOf(report).summary;
    };
    expect(summaryOf(1)).toMatch(/ 1 record to apply$/);
    expect(summaryOf(null)).toMatch(/ – records to apply$/);
  });

  it('counts the dead letters of a fresh target', () => {
    const report = exampleReport((each) => {
      each.pipelines = each.pipelines.map((pipeline) => ({
        ...pipeline,
        deadLetters: { RECORD_INVALID: 1 },
      }));
    });
    expect(headlineOf(report).summary).toContain('4 dead letters open');
  });

  it.each([
    ['backfilling', 'late'],
    ['paused', 'late'],
    ['halted', 'bad'],
    ['unknown', 'bad'],
    ['waiting', 'still'],
  ] as const)('tells that a pipeline is %s', (state, tone) => {
    const report = exampleReport((each) => {
      each.pipelines = [examplePipeline('score', ['public.leads'], 0, state)];
    });
    expect(headlineOf(report)).toMatchObject({ tone });
    expect(headlineOf(report).word).not.toBe('fresh');
  });

  it('has alerts for what somebody has to do, and none where all is well', () => {
    expect(alertsOf(exampleReport())).toEqual([]);
    const halt = { code: 'KEY_CHANGED', message: 'its key changed', cure: 'Nothing.', since: '' };
    const report = exampleReport((each) => {
      each.sources = each.sources.map((source) => ({
        ...source,
        state: 'stopped',
        tables: source.tables.map((table, index) => ({ ...table, halt: index === 0 ? halt : null })),
      }));
    });
    expect(alertsOf(report).map(({ text }) => text)).toEqual([
      'shop: no capture holds the slot. Start freshet run, or freshet capture.',
      'public.products is halted: its key changed. Nothing.',
    ]);
  });
});
