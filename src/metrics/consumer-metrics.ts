import type { ConsumerObserver } from '../consumers/observer.ts';
import type { Log } from './capture-metrics.ts';
import type { LiveStatus } from './live-status.ts';
import type { Metrics } from './metrics.ts';

/** The pipeline whose missing values have a name of their own, too. */
const CATALOG = 'upsert';

/** Turns what the pipelines tell into metrics and the live status. `latencies` hears every sample, in ms. */
export function consumerObserver(
  metrics: Metrics,
  status: LiveStatus,
  log: Log,
  latencies: (pipeline: string, samplesMs: readonly number[]) => void = () => {},
): ConsumerObserver {
  return {
    applied: (pipeline, table, op, changes) => {
      metrics.applied.inc({ pipeline, table, op }, changes);
      status.pipeline(pipeline).applied += changes;
    },
    written: (pipeline, _table, written, unchanged) => {
      metrics.sinkWritten.inc({ pipeline }, written);
      metrics.sinkUnchanged.inc({ pipeline }, unchanged);
      const live = status.pipeline(pipeline);
      live.written += written;
      live.unchanged += unchanged;
    },
    skipped: (pipeline, reason, records) => metrics.skipped.inc({ pipeline, reason }, records),
    lag: (pipeline, topic, partition, records, seconds) => {
      metrics.topicLagRecords.set({ pipeline, topic, partition: String(partition) }, records);
      metrics.topicLagSeconds.set({ pipeline, topic, partition: String(partition) }, seconds);
      status.pipeline(pipeline).lagRecords.set(`${topic}/${partition}`, records);
    },
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
    unresolved: (pipeline, kind, count) => metrics.unresolved.set({ pipeline, kind }, count),
    missing: (pipeline, field, rows) => {
      metrics.missingRows.set({ pipeline, field }, rows);
      if (pipeline === CATALOG) metrics.catalogMissing.set({ field }, rows);
    },
    retry: (pipeline, code) => {
      metrics.retries.inc({ pipeline, code });
      status.pipeline(pipeline).retries += 1;
    },
    appliedThrough: (pipeline, _topic, _partition, _position, samplesMs) => {
      for (const ms of samplesMs) metrics.freshnessSeconds.observe({ pipeline }, ms / 1000);
      const worst = Math.max(0, ...samplesMs);
      if (samplesMs.length > 0) {
        metrics.sinkLagSeconds.set({ pipeline }, worst / 1000);
        status.pipeline(pipeline).lagMs = worst;
      }
      latencies(pipeline, samplesMs);
    },
    log: (pipeline, level, message) => log(level, `${pipeline}: ${message}`),
  };
}
