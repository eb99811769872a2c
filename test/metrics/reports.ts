import type {
  FreshnessReport,
  PipelineReport,
  SnapshotReport,
  SourceReport,
} from '../../src/metrics/freshness-report.ts';

const AT = '2026-01-01T12:00:02.000Z';
const THROUGH = '2026-01-01T12:00:00.000Z';

/** A source and a pipeline of which all is well. */
export function freshReport(more: Partial<FreshnessReport> = {}): FreshnessReport {
  const base = { version: 1, at: AT, startedAt: AT } as const;
  return { ...base, sources: [sourceReport()], pipelines: [pipelineReport()], ...more };
}

export function sourceReport(more: Partial<SourceReport> = {}): SourceReport {
  return {
    name: 'shop',
    mode: 'stream',
    state: 'streaming',
    error: null,
    publishedThrough: THROUGH,
    epoch: 7,
    lag: { bytes: 0, seconds: 2 },
    slot: {
      name: 'freshet_shop',
      exists: true,
      active: true,
      walStatus: 'reserved',
      retainedBytes: 1_048_576,
      safeBytes: null,
      walBytesPerSecond: 100,
      secondsToLoss: null,
      refreshesHeld: false,
    },
    tables: [
      {
        table: 'public.products',
        topic: 'shop.public.products',
        state: 'live',
        halt: null,
        failedRefresh: null,
        publishedPerSecond: 0,
      },
    ],
    snapshots: [snapshotReport({ status: 'finished', finishedAt: THROUGH })],
    rejected: {},
    ...more,
  };
}

export function snapshotReport(more: Partial<SnapshotReport> = {}): SnapshotReport {
  return {
    id: 'initial',
    table: 'public.products',
    requested: false,
    status: 'running',
    startedAt: THROUGH,
    finishedAt: null,
    rowsPublished: 50,
    estimatedRows: 50,
    rowsPerSecond: null,
    etaSeconds: null,
    ...more,
  };
}

export function pipelineReport(more: Partial<PipelineReport> = {}): PipelineReport {
  const lag = { records: 0, seconds: 0 };
  return {
    name: 'upsert',
    source: 'shop',
    state: 'fresh',
    error: null,
    appliedThrough: THROUGH,
    ageSeconds: 2,
    lag,
    tables: [
      {
        table: 'public.products',
        state: 'fresh',
        appliedThrough: THROUGH,
        appliedLsn: '0/1000',
        ageSeconds: 2,
        lag,
        appliedPerSecond: 0,
      },
    ],
    deadLetters: {},
    jobs: null,
    staleEmbeddings: null,
    coverage: { fields: {}, unresolved: {} },
    rates: null,
    ...more,
  };
}
