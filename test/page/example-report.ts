import type {
  Freshness,
  FreshnessReport,
  PipelineReport,
  SnapshotReport,
} from '../../src/metrics/freshness-report.ts';
import { freshReport, pipelineReport, snapshotReport, sourceReport } from '../metrics/reports.ts';

const THROUGH = '2026-11-21T09:59:59.400Z';
const BEGAN = '2026-11-21T09:00:00.000Z';

/** Table → rows a second that are published of it. */
const TABLES = {
  'public.products': 950,
  'public.urls': 12,
  'public.page_type_patterns': 0,
  'public.brand_competitors': 5,
  'public.extracted_positions': 300,
  'public.leads': 0,
  'public.messages': 0.05,
};

/** Of a snapshot that goes on. */
export const RUNNING = {
  status: 'running',
  finishedAt: null,
  rowsPublished: 3_100,
  estimatedRows: 5_000,
  rowsPerSecond: 410,
  etaSeconds: 4.6,
} as const;

/** A shop with four pipelines of which all is well. */
export function exampleReport(
  change: (report: Writable<FreshnessReport>) => void = () => {},
): FreshnessReport {
  const report: Writable<FreshnessReport> = freshReport({
    at: '2026-11-21T10:00:00.000Z',
    startedAt: BEGAN,
    sources: [
      sourceReport({
        publishedThrough: THROUGH,
        lag: { bytes: 1_234, seconds: 0.3 },
        tables: Object.entries(TABLES).map(([table, publishedPerSecond]) => ({
          table,
          topic: `shop.${table}`,
          state: 'live',
          halt: null,
          failedRefresh: null,
          publishedPerSecond,
        })),
        snapshots: [
          exampleSnapshot(),
          exampleSnapshot({ id: 'ask-7', table: 'public.urls', requested: true, ...RUNNING }),
        ],
      }),
    ],
    pipelines: [
      examplePipeline('upsert', ['public.products'], 940),
      examplePipeline('classify', ['public.urls', 'public.page_type_patterns'], 12),
      examplePipeline('transform', ['public.brand_competitors', 'public.extracted_positions'], 310),
      examplePipeline('score', ['public.leads', 'public.messages'], 0),
    ],
  });
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
  return pipelineReport({
    name,
    state,
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
    coverage: {
      fields: name === 'classify' ? { page_type: { missing: 3, rows: 4_000 } } : {},
      unresolved: name === 'transform' ? { error: 2 } : {},
    },
    rates: {
      appliedPerSecond: perSecond,
      writtenPerSecond: perSecond * 0.9,
      unchangedPerSecond: perSecond * 0.1,
      retriesPerSecond: 0,
    },
  });
}

export function exampleSnapshot(change: Partial<SnapshotReport> = {}): SnapshotReport {
  return snapshotReport({
    id: 'initial-1',
    status: 'finished',
    startedAt: BEGAN,
    finishedAt: '2026-11-21T09:00:42.000Z',
    rowsPublished: 20_000,
    estimatedRows: 20_000,
    ...change,
  });
}
