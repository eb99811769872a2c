import { describe, expect, it } from 'vitest';
import { statusLines } from '../../../src/cli/freshness/status-lines.ts';
import { parseUntil } from '../../../src/cli/freshness/wait.ts';
import { parseLsn } from '../../../src/change/lsn.ts';
import { freshReport, pipelineReport, snapshotReport, sourceReport } from '../../metrics/reports.ts';

describe('freshet status', () => {
  it('says of each source and pipeline up to when all is there', () => {
    expect(statusLines(freshReport())).toEqual([
      'source shop: streaming, published through 2026-01-01T12:00:00.000Z (2.0 s ago), 0 bytes behind',
      '  slot freshet_shop: in use, reserved, keeps 1.0 MiB',
      'pipeline upsert: fresh, applied through 2026-01-01T12:00:00.000Z (2.0 s ago), 0 records behind',
    ]);
  });

  it('names what is wrong, and what to do', () => {
    const halt = { code: 'TABLE_UNSUPPORTED', message: 'no key', cure: 'Give it one.', since: 'now' };
    const [table] = sourceReport().tables;
    if (table === undefined) throw new Error('the example has a table');
    const lines = statusLines(
      freshReport({
        sources: [
          sourceReport({
            tables: [{ ...table, state: 'halted', halt }],
            snapshots: [snapshotReport({ rowsPerSecond: 10, etaSeconds: 7_500, estimatedRows: 75_000 })],
          }),
        ],
        pipelines: [
          pipelineReport({
            deadLetters: { '23514': 3 },
            error: 'it does not answer',
            lag: { records: 1, seconds: 0 },
          }),
        ],
      }),
    );
    expect(lines).toContain('  public.products is halted (TABLE_UNSUPPORTED): no key. Give it one.');
    expect(lines).toContain(
      '  refresh of public.products: running, 50 of about 75,000 rows, 10 rows/s, ETA 2.1 h',
    );
    expect(lines).toContain('  dead letters: 3 23514: freshet dlq list');
    expect(lines).toContain('  it does not answer');
    expect(lines).toContainEqual(expect.stringMatching(/^pipeline upsert: .* 1 record behind$/));
  });
});

describe('freshet wait --until', () => {
  it.each([
    ['now', { kind: 'now' }],
    ['16/B374D848', { kind: 'lsn', lsn: parseLsn('16/B374D848') }],
    ['2026-01-31T12:00:00Z', { kind: 'time', ms: Date.parse('2026-01-31T12:00:00Z') }],
  ])('takes %s', (text, until) => {
    expect(parseUntil(text)).toEqual(until);
  });

  it.each(['', 'yesterday', '12:00', '2026-99-99'])('refuses "%s"', (text) => {
    expect(() => parseUntil(text)).toThrow(/is no time and no WAL address/);
  });
});
