import type { Gauge } from 'prom-client';
import type {
  FreshnessReport,
  PipelineReport,
  SlotReport,
  SnapshotReport,
  SourceReport,
} from './freshness-report.ts';
import type { Metrics } from './metrics.ts';
import { showJobs } from './score-metrics.ts';

const WAL_STATUSES = ['reserved', 'extended', 'unreserved', 'lost'];

/** Turns a look into metrics. What is unknown has no value: an old one would look like a fresh one. */
export function showFreshness(metrics: Metrics, { sources, pipelines }: FreshnessReport): void {
  for (const source of sources) showSource(metrics, source);
  metrics.openDeadLetters.reset();
  for (const pipeline of pipelines) showPipeline(metrics, pipeline);
}

function showSource(metrics: Metrics, report: SourceReport): void {
  const { name: source, mode, lag, publishedThrough, slot, tables } = report;
  // Without a stream changes wait for a refresh: that is no lag to be told of.
  const isStream = mode === 'stream';
  show(metrics.sourceLagBytes, { source }, isStream ? lag.bytes : null);
  show(metrics.sourceLagSeconds, { source }, isStream ? lag.seconds : null);
  show(metrics.publishedThrough, { source }, isStream ? timestamp(publishedThrough) : null);
  metrics.lookFailed.set({ at: 'source', name: source }, report.error === null ? 0 : 1);
  if (slot !== null && report.epoch !== null) showSlot(metrics, source, slot);
  for (const { table, halt, failedRefresh } of tables) {
    metrics.tableHalted.set({ source, table }, halt === null ? 0 : 1);
    metrics.refreshFailed.set({ source, table }, failedRefresh === null ? 0 : 1);
  }
  const byTable = Map.groupBy(report.snapshots, (snapshot) => snapshot.table);
  for (const [table, snapshots] of byTable) showSnapshots(metrics, { source, table }, snapshots);
}

function showSlot(metrics: Metrics, source: string, slot: SlotReport): void {
  metrics.slotExists.set({ source }, slot.exists ? 1 : 0);
  metrics.slotActive.set({ source }, slot.active ? 1 : 0);
  show(metrics.slotRetainedBytes, { source }, slot.exists ? slot.retainedBytes : null);
  show(metrics.slotSafeBytes, { source }, slot.safeBytes);
  show(metrics.slotLossSeconds, { source }, slot.secondsToLoss);
  for (const status of WAL_STATUSES)
    metrics.slotStatus.set({ source, status }, slot.walStatus === status ? 1 : 0);
}

function showSnapshots(
  metrics: Metrics,
  labels: { readonly source: string; readonly table: string },
  snapshots: readonly SnapshotReport[],
): void {
  const going = snapshots.filter(({ status }) => status === 'running');
  const shown = going.length > 0 ? going : snapshots.slice(-1);
  const estimates = shown.map(({ estimatedRows }) => estimatedRows);
  const etas = going.map(({ etaSeconds }) => etaSeconds);
  metrics.snapshotRowsPublished.set(labels, sum(shown.map(({ rowsPublished }) => rowsPublished)));
  show(metrics.snapshotEstimatedRows, labels, isKnown(estimates) ? sum(estimates) : null);
  show(metrics.snapshotEta, labels, isKnown(etas) ? Math.max(0, ...etas) : null);
  metrics.snapshotFinished.set(labels, going.length === 0 ? 1 : 0);
}

function showPipeline(metrics: Metrics, report: PipelineReport): void {
  const { name: pipeline, state, error, tables, deadLetters, jobs, staleEmbeddings } = report;
  metrics.pipelinePaused.set({ pipeline }, state === 'paused' ? 1 : 0);
  metrics.lookFailed.set({ at: 'pipeline', name: pipeline }, error === null ? 0 : 1);
  for (const { table, appliedThrough, lag } of tables) {
    show(metrics.appliedThrough, { pipeline, table }, timestamp(appliedThrough));
    show(metrics.lagRecords, { pipeline, table }, lag.records);
    show(metrics.lagSeconds, { pipeline, table }, lag.seconds);
  }
  // Also where nothing is owed there is a value: an alert must see it go away.
  metrics.openDeadLetters.set({ pipeline, code: '' }, 0);
  for (const [code, keys] of Object.entries(deadLetters))
    metrics.openDeadLetters.set({ pipeline, code }, keys);
  if (jobs !== null) showJobs(metrics, jobs);
  // Told also where nobody makes them.
  if (staleEmbeddings !== null) metrics.embeddingsStale.set(staleEmbeddings);
}

function timestamp(iso: string | null): number | null {
  return iso === null ? null : Date.parse(iso) / 1_000;
}

function show<L extends string>(gauge: Gauge<L>, labels: Record<L, string>, value: number | null): void {
  if (value === null) gauge.remove(labels);
  else gauge.set(labels, value);
}

function isKnown(values: readonly (number | null)[]): values is readonly number[] {
  return values.length > 0 && !values.includes(null);
}

function sum(values: readonly number[]): number {
  return values.reduce((total, each) => total + each, 0);
}
