import type {
  Freshness,
  FreshnessReport,
  PipelineReport,
  SnapshotReport,
  SourceReport,
} from '../../src/metrics/freshness-report.ts';

const AT = '2026-11-21T10:00:00.000Z';
const THROUGH = '2026-11-21T09:59:59.400Z';

/** A shop with four pipelines of which all is well. */
export function exampleReport(
  change: (report: Writable<FreshnessReport>) => void = () => {},
): FreshnessReport {
  const report: Writable<FreshnessReport> = {
    version: 1,
    at: AT,
    startedAt: '2026-11-21T09:00:00.000Z',
    sources: [exampleSource()],
    pipelines: [
      examplePipeline('upsert', ['public.products'], 940),
      examplePipeline('classify', ['public.urls', 'public.page_type_patterns'], 12),
      examplePipeline('transform', ['public.brand_competitors', 'public.extracted_positions'], 310),
      examplePipeline('score', ['public.leads', 'public.messages'], 0),
    ],
  };
  change(report);
  return report;
}

type Writable<T> = { -readonly [K in keyof T]: T[K] };

export function examplePipeline(
  name: string,
  tables: readonly string[],
  perSecond: number,
  state: Freshness = 'fresh',
): PipelineReport {
  const late = state === 'behind';
  const lag = { records: late ? 12_330 : 0, seconds: late ? 91 : 0.2 };
  const ageSeconds = late ? 91.2 : 0.6;
  const appliedThrough = late ? '2026-11-21T09:58:28.800Z' : THROUGH;
  return {
    name,
    source: 'shop',
    state,
    error: null,
    appliedThrough,
    ageSeconds,
    lag,
    tables: tables.map((table) => ({
      table,
      state,
      appliedThrough,
      appliedLsn: '0/1A2B3C4D',
      ageSeconds,
      lag,
      appliedPerSecond: perSecond / tables.length,
    })),
    deadLetters: {},
    jobs: null,
    coverage: { missing: name === 'classify' ? { page_type: 3 } : {}, unresolved: {} },
    rates: {
      appliedPerSecond: perSecond,
      writtenPerSecond: perSecond * 0.9,
      unchangedPerSecond: perSecond * 0.1,
      retriesPerSecond: 0,
    },
  };
}

export function exampleSnapshot(change: Partial<SnapshotReport> = {}): SnapshotReport {
  return {
    id: 'initial-1',
    table: 'public.products',
    requested: false,
    status: 'finished',
    startedAt: '2026-11-21T09:00:00.000Z',
    finishedAt: '2026-11-21T09:00:42.000Z',
    rowsPublished: 20_000,
    estimatedRows: 20_000,
    rowsPerSecond: null,
    etaSeconds: null,
    ...change,
  };
}

function exampleSource(): SourceReport {
  const tables = [
    'public.products',
    'public.urls',
    'public.page_type_patterns',
    'public.brand_competitors',
    'public.extracted_positions',
    'public.leads',
    'public.messages',
  ];
  return {
    name: 'shop',
    mode: 'stream',
    state: 'streaming',
    error: null,
    publishedThrough: THROUGH,
    epoch: 1,
    lag: { bytes: 1_234, seconds: 0.3 },
    slot: {
      name: 'freshet_shop',
      exists: true,
      active: true,
      walStatus: 'reserved',
      retainedBytes: 12_582_912,
      safeBytes: null,
      walBytesPerSecond: 20_000,
      secondsToLoss: null,
      refreshesHeld: false,
    },
    tables: tables.map((table, index) => ({
      table,
      topic: `shop.${table}`,
      state: 'live',
      halt: null,
      failedRefresh: null,
      publishedPerSecond: [950, 12, 0, 5, 300, 0, 0.05][index] ?? 0,
    })),
    snapshots: [
      exampleSnapshot(),
      exampleSnapshot({
        id: 'ask-7',
        table: 'public.urls',
        requested: true,
        status: 'running',
        finishedAt: null,
        rowsPublished: 3_100,
        estimatedRows: 5_000,
        rowsPerSecond: 410,
        etaSeconds: 4.6,
      }),
    ],
    rejected: {},
  };
}
