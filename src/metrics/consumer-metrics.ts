import type { ConsumerObserver, Arrival } from '../consumers/observer.ts';
import { count, type Log } from './capture-metrics.ts';
import type { LiveStatus } from './live-status.ts';
import type { Metrics } from './metrics.ts';
import type { ChangeSample } from './page/change-sample.ts';

/** The pipeline whose missing values have a name of their own, too. */
const CATALOG = 'upsert';
/** No metadata, but made of it. */
const EMBEDDING = 'embedding';

/** Before a pipeline has told anything: the first failure of a kind must show as an increase. */
export function announcePipeline(metrics: Metrics, status: LiveStatus, pipeline: string): void {
  status.pipeline(pipeline);
  metrics.sinkWritten.inc({ pipeline }, 0);
  metrics.sinkUnchanged.inc({ pipeline }, 0);
  metrics.skipped.inc({ pipeline, reason: 'replayed' }, 0);
  metrics.deadLetters.inc({ pipeline, code: 'RECORD_INVALID' }, 0);
  metrics.retries.inc({ pipeline, code: 'CONNECTION' }, 0);
}

/** Turns what the pipelines tell into metrics and the live status. `latencies` hears every sample, in ms; `changes` shows a few to people. */
export function consumerObserver(
  metrics: Metrics,
  status: LiveStatus,
  log: Log,
  latencies: (pipeline: string, samplesMs: readonly number[]) => void = () => {},
  changes: ChangeSample | null = null,
): ConsumerObserver {
  return {
    applied: (pipeline, table, op, changes) => {
      metrics.applied.inc({ pipeline, table, op }, changes);
      const live = status.pipeline(pipeline);
      live.applied += changes;
      count(live.appliedByTable, table, changes);
    },
    written: (pipeline, _table, written, unchanged) => {
      metrics.sinkWritten.inc({ pipeline }, written);
      metrics.sinkUnchanged.inc({ pipeline }, unchanged);
      const live = status.pipeline(pipeline);
      live.written += written;
      live.unchanged += unchanged;
    },
    changed: (pipeline, sample) => changes?.offer(pipeline, sample),
    skipped: (pipeline, reason, records) => metrics.skipped.inc({ pipeline, reason }, records),
    deadLetter: (pipeline, code) => {
      metrics.deadLetters.inc({ pipeline, code });
      status.pipeline(pipeline).deadLetters += 1;
    },
    refreshAsked: (pipeline, keys) => metrics.owedRefreshes.inc({ pipeline }, keys),
    delivered: (pipeline, status, seconds) =>
      metrics.deliverySeconds.observe({ pipeline, status: String(status ?? 'none') }, seconds),
    deliveryWaits: (pipeline, reason, seconds) =>
      metrics.deliveryWaitSeconds.observe({ pipeline, reason }, seconds),
    deliveryCircuit: (pipeline, isOpen) => metrics.deliveryCircuitOpen.set({ pipeline }, isOpen ? 1 : 0),
    viewAge: (pipeline, view, seconds) => metrics.viewAgeSeconds.set({ pipeline, view }, seconds),
    unresolved: (pipeline, kind, things) => {
      metrics.unresolved.set({ pipeline, kind }, things);
      status.pipeline(pipeline).unresolved.set(kind, things);
    },
    missing: (pipeline, field, rows, of) => showMissing(metrics, status, { pipeline, field }, rows, of),
    retry: (pipeline, code) => {
      metrics.retries.inc({ pipeline, code });
      status.pipeline(pipeline).retries += 1;
    },
    arrived: (pipeline, table, samples) => {
      for (const each of samples) observeArrival(metrics, { pipeline, table }, each);
      const totals = samples.map(({ totalMs }) => totalMs);
      const worst = Math.max(0, ...totals);
      metrics.sinkLagSeconds.set({ pipeline }, worst / 1000);
      status.pipeline(pipeline).lagMs = worst;
      latencies(pipeline, totals);
    },
    log: (pipeline, level, message) => log(level, `${pipeline}: ${message}`),
  };
}

/** `missing` of `rows` lack the field. */
export function showMissing(
  metrics: Metrics,
  status: LiveStatus,
  { pipeline, field }: { readonly pipeline: string; readonly field: string },
  missing: number,
  rows: number,
): void {
  metrics.missingRows.set({ pipeline, field }, missing);
  metrics.coverageRows.set({ pipeline, field }, rows);
  status.pipeline(pipeline).fields.set(field, { missing, rows });
  if (pipeline === CATALOG && field !== EMBEDDING) metrics.catalogMissing.set({ field }, missing);
}

function observeArrival(
  metrics: Metrics,
  labels: { readonly pipeline: string; readonly table: string },
  { totalMs, sourceMs, topicMs, pipelineMs, sinkMs }: Arrival,
): void {
  metrics.freshnessSeconds.observe(labels, totalMs / 1000);
  metrics.stageSeconds.observe({ ...labels, stage: 'source' }, sourceMs / 1000);
  metrics.stageSeconds.observe({ ...labels, stage: 'topic' }, topicMs / 1000);
  metrics.stageSeconds.observe({ ...labels, stage: 'pipeline' }, pipelineMs / 1000);
  metrics.stageSeconds.observe({ ...labels, stage: 'sink' }, sinkMs / 1000);
}
