import { describe, expect, it } from 'vitest';
import { parseLsn } from '../../../src/change/lsn.ts';
import { waitUntilApplied } from '../../../src/cli/freshness/wait.ts';
import type { PipelineReport } from '../../../src/metrics/freshness-report.ts';
import { freshReport, pipelineReport } from '../../metrics/reports.ts';

const WAL = { ms: Date.parse('2026-01-01T12:00:02Z'), lsn: parseLsn('0/1000') };
const JOBS = { waiting: 0, scheduled: 0, running: 0, failed: 0, oldestSeconds: 0 };

/** Looks once at a pipeline that has applied all. */
function waitFor(pipeline: Partial<PipelineReport>, strict: boolean): Promise<unknown> {
  const report = freshReport({ pipelines: [pipelineReport(pipeline)] });
  const watch = { look: async () => report, walOf: () => WAL };
  const options = { until: { kind: 'now' } as const, strict, timeoutMs: -1 };
  return waitUntilApplied(watch, { ...options, signal: new AbortController().signal });
}

describe('freshet wait --strict', () => {
  it.each([
    ['dead letters', { deadLetters: { '23514': 1 } }],
    ['jobs that wait', { jobs: { ...JOBS, waiting: 1 } }],
    ['jobs that are scheduled', { jobs: { ...JOBS, scheduled: 1 } }],
    ['jobs that run', { jobs: { ...JOBS, running: 1 } }],
    ['jobs that failed', { jobs: { ...JOBS, failed: 1 } }],
    ['embeddings to be made', { staleEmbeddings: 1 }],
  ])('counts %s, which is not counted without it', async (_what, pipeline) => {
    await expect(waitFor(pipeline, true)).rejects.toMatchObject({ code: 'WAIT_TIMEOUT' });
    await expect(waitFor(pipeline, false)).resolves.toBeDefined();
  });

  it('returns where nothing is owed', async () => {
    const settled = { deadLetters: {}, jobs: JOBS, staleEmbeddings: 0 };
    await expect(waitFor(settled, true)).resolves.toBeDefined();
  });

  it.each([
    ['an older address', '0/FFF', '2026-01-01T12:00:02.500Z'],
    ['no address, and a time that is a moment too old', null, '2026-01-01T12:00:02.999Z'],
  ])('does not return at %s', async (_what, appliedLsn, appliedThrough) => {
    const tables = pipelineReport().tables.map((table) => ({ ...table, appliedLsn, appliedThrough }));
    await expect(waitFor({ tables }, false)).rejects.toMatchObject({ code: 'WAIT_TIMEOUT' });
  });
});
