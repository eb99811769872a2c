import { describe, expect, it } from 'vitest';
import { showFreshness } from '../../src/metrics/freshness-metrics.ts';
import { createMetrics } from '../../src/metrics/metrics.ts';
import { freshReport, pipelineReport, snapshotReport, sourceReport } from './reports.ts';

/** The values of a metric after the reports were shown one after the other, by their labels. */
async function valuesOf(
  name: string,
  ...reports: readonly Parameters<typeof showFreshness>[1][]
): Promise<Record<string, number>> {
  const metrics = createMetrics();
  for (const report of reports) showFreshness(metrics, report);
  const { values } = (await metrics.registry.getSingleMetric(name)?.get()) ?? { values: [] };
  return Object.fromEntries(values.map(({ labels, value }) => [Object.values(labels).join(' '), value]));
}

describe('the metrics of a report', () => {
  it('hold times as Unix seconds', async () => {
    const values = await valuesOf('freshet_applied_through_timestamp_seconds', freshReport());
    expect(values).toEqual({ 'upsert public.products': Date.parse('2026-01-01T12:00:00Z') / 1_000 });
  });

  it('forget what is unknown now', async () => {
    const pipeline = pipelineReport();
    const [table] = pipeline.tables;
    if (table === undefined) throw new Error('the example has a table');
    const unknown = { ...table, appliedThrough: null, lag: { records: null, seconds: null } };
    const report = freshReport({ pipelines: [{ ...pipeline, tables: [unknown] }] });
    for (const name of ['freshet_applied_through_timestamp_seconds', 'freshet_consumer_lag_records'])
      expect(await valuesOf(name, freshReport(), report)).toEqual({});
  });

  it('forget dead letters that are settled, and show that there are none', async () => {
    const owing = freshReport({ pipelines: [pipelineReport({ deadLetters: { '23514': 2 } })] });
    expect(await valuesOf('freshet_open_dead_letters', owing)).toEqual({ 'upsert ': 0, 'upsert 23514': 2 });
    expect(await valuesOf('freshet_open_dead_letters', owing, freshReport())).toEqual({ 'upsert ': 0 });
  });

  it('tell no lag of a source without a stream: its changes wait for a refresh', async () => {
    const report = freshReport({ sources: [sourceReport({ mode: 'snapshot-only', slot: null })] });
    expect(await valuesOf('freshet_source_lag_seconds', report)).toEqual({});
    expect(await valuesOf('freshet_source_lag_seconds', freshReport())).toEqual({ shop: 2 });
  });

  it('say that a slot is lost, and nothing of the slot of a source that was never captured', async () => {
    const slot = { ...sourceReport().slot, exists: false, active: false, walStatus: null };
    const gone = freshReport({ sources: [sourceReport({ slot: slot as never })] });
    expect(await valuesOf('freshet_slot_exists', gone)).toEqual({ shop: 0 });
    const empty = freshReport({ sources: [sourceReport({ slot: slot as never, epoch: null })] });
    expect(await valuesOf('freshet_slot_exists', empty)).toEqual({});
  });

  it('add up the refreshes of a table that go on, and leave out the ones that have ended', async () => {
    const snapshots = [
      snapshotReport({ status: 'finished', rowsPublished: 900 }),
      snapshotReport({ rowsPublished: 10, estimatedRows: 100, etaSeconds: 9 }),
      snapshotReport({ rowsPublished: 5, estimatedRows: 50, etaSeconds: 4 }),
    ];
    const report = freshReport({ sources: [sourceReport({ snapshots })] });
    const label = 'shop public.products';
    expect(await valuesOf('freshet_snapshot_published_rows', report)).toEqual({ [label]: 15 });
    expect(await valuesOf('freshet_snapshot_estimated_rows', report)).toEqual({ [label]: 150 });
    expect(await valuesOf('freshet_snapshot_eta_seconds', report)).toEqual({ [label]: 9 });
    expect(await valuesOf('freshet_snapshot_finished', report)).toEqual({ [label]: 0 });
  });
});
