import { formatTable } from '../../change/table.ts';
import type {
  FailedRefreshReport,
  SlotReport,
  SnapshotReport,
  SourceReport,
  SourceTableReport,
} from '../../metrics/freshness-report.ts';
import type { SourceStatus } from '../../metrics/live-status.ts';
import type { RateWindow } from '../../metrics/rate-window.ts';
import type { PlanStatus, RefreshPlanState } from '../../snapshot/refresh-plan.ts';
import { isoOf, secondsBetween } from './times.ts';
import type { SourceView } from './source-view.ts';

const WAL_RATE_MS = 60_000;
const ENDED: ReadonlySet<PlanStatus> = new Set(['finished', 'failed']);

/** What a source's view says, with what the process itself knows where it captures it. */
export function sourceReport(
  view: SourceView,
  live: SourceStatus | null,
  rates: RateWindow,
  nowMs: number,
): SourceReport {
  const { source, published, publishedThroughMs } = view;
  return {
    name: source.name,
    mode: published?.isSnapshotOnly === true ? 'snapshot-only' : source.mode,
    state: stateOf(view),
    error: view.sourceError ?? view.checkpointError,
    publishedThrough: isoOf(publishedThroughMs),
    epoch: published?.epoch ?? null,
    lag: {
      bytes: view.lagBytes,
      seconds: publishedThroughMs === null ? null : secondsBetween(publishedThroughMs, nowMs),
    },
    slot: source.mode === 'stream' ? slotReport(view, live) : null,
    tables: tableReports(view, live, rates),
    snapshots: snapshotReports(published?.plans ?? [], (id) => rates.perSecond(`${source.name} plan ${id}`)),
    rejected: live === null ? null : Object.fromEntries(live.rejectedByCode),
  };
}

function stateOf({ published, slot, sourceError, checkpointError }: SourceView): SourceReport['state'] {
  if (sourceError !== null || checkpointError !== null) return 'unknown';
  if (published === null) return 'empty';
  if ([...published.tables.values()].some((table) => !table.isComplete && table.halt === null))
    return slot?.active === false ? 'stopped' : 'backfilling';
  if (published.isSnapshotOnly) return 'snapshot-only';
  return slot?.active === true ? 'streaming' : 'stopped';
}

function slotReport(view: SourceView, live: SourceStatus | null): SlotReport {
  const { slot, source, clock } = view;
  const walBytesPerSecond = clock.bytesPerSecond(WAL_RATE_MS);
  const safeBytes = slot?.safeBytes ?? null;
  return {
    name: source.slot,
    exists: slot !== null,
    active: slot?.active ?? false,
    walStatus: slot?.walStatus ?? null,
    retainedBytes: slot?.retainedBytes ?? 0,
    safeBytes,
    walBytesPerSecond,
    secondsToLoss:
      safeBytes === null || walBytesPerSecond === null || walBytesPerSecond === 0
        ? null
        : Math.max(0, safeBytes) / walBytesPerSecond,
    refreshesHeld: live?.refreshesHeld ?? null,
  };
}

function tableReports(view: SourceView, live: SourceStatus | null, rates: RateWindow): SourceTableReport[] {
  return [...(view.published?.tables ?? [])].map(([table, { topic, halt, isComplete }]) => ({
    table,
    topic,
    state: halt === null ? (isComplete ? 'live' : 'backfilling') : 'halted',
    halt,
    failedRefresh: failedRefresh(table, view.published?.plans ?? []),
    publishedPerSecond: live === null ? null : rates.perSecond(`${view.source.name} table ${table}`),
  }));
}

/** A later one that succeeded makes good for it. */
function failedRefresh(table: string, plans: readonly RefreshPlanState[]): FailedRefreshReport | null {
  const ended = plans
    .filter(({ request, status }) => formatTable(request.table) === table && ENDED.has(status))
    .toSorted((a, b) => (a.finishedAt ?? '').localeCompare(b.finishedAt ?? ''));
  const last = ended.at(-1);
  if (last?.status !== 'failed' || last.finishedAt === null) return null;
  const { code = 'REFRESH_FAILED', message = '' } = last.failure ?? {};
  return { id: last.request.tag?.id ?? last.request.id, code, message, at: last.finishedAt };
}

/** Requested ones that ended are told by `freshet refresh list`. */
function snapshotReports(
  plans: readonly RefreshPlanState[],
  rateOf: (id: string) => number | null,
): SnapshotReport[] {
  const shown = plans.filter(({ request, finishedAt }) => request.tag === null || finishedAt === null);
  return shown.map((plan): SnapshotReport => {
    const { id, table, tag } = plan.request;
    const estimatedRows = plan.estimatedRows < 0 ? null : plan.estimatedRows;
    const rowsPerSecond = plan.finishedAt === null ? rateOf(id) : null;
    return {
      id,
      table: formatTable(table),
      requested: tag !== null,
      status: plan.status,
      startedAt: plan.startedAt,
      finishedAt: plan.finishedAt,
      rowsPublished: plan.rowsPublished,
      estimatedRows,
      rowsPerSecond,
      etaSeconds:
        estimatedRows === null || rowsPerSecond === null || rowsPerSecond === 0
          ? null
          : Math.max(0, estimatedRows - plan.rowsPublished) / rowsPerSecond,
    };
  });
}
