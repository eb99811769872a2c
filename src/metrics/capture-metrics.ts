import type { CaptureObserver } from '../capture/observer.ts';
import { formatTable } from '../change/table.ts';
import type { Lsn } from '../change/lsn.ts';
import type { LiveStatus, RefreshStatus, SourceStatus } from './live-status.ts';
import type { Metrics } from './metrics.ts';

export type Log = (level: 'info' | 'warn' | 'error', message: string) => void;

const WAL_STATUSES = ['reserved', 'extended', 'unreserved', 'lost'];

/** Turns what one capture tells into metrics and the live status. */
export function captureObserver(
  source: string,
  metrics: Metrics,
  status: LiveStatus,
  log: Log,
): CaptureObserver {
  const live = status.source(source);
  return {
    ...snapshotObserver(source, metrics, live, log),
    ...healthObserver(source, metrics, live, log),
    published: (table, op, rows) => {
      metrics.published.inc({ source, table, op }, rows);
      live.published += rows;
      if (op === 'r') live.refreshed += rows;
    },
    committed: ({ state, ends, durationMs }) => {
      metrics.publishSeconds.observe({ source }, durationMs / 1000);
      live.ends = ends;
      live.passed = state.passed;
      live.throughMs = state.throughMs;
    },
    rejected: ({ table, code, keyText, message }) => {
      metrics.rejected.inc({ source, table, code });
      live.rejected += 1;
      log('error', `${table} ${keyText} could not be published (${code}): ${message}`);
    },
    connected: (slot, epoch) => {
      metrics.epoch.set({ source }, epoch);
      live.connected = true;
      log('info', `capturing through slot ${slot}`);
    },
    slot: (slot, walLsn) => {
      const behind = Number(walLsn - (live.passed ?? (0n as Lsn)));
      live.lagBytes = Math.max(0, behind);
      live.lagSeconds = live.throughMs === 0 ? 0 : Math.max(0, (Date.now() - live.throughMs) / 1000);
      live.retainedBytes = slot.retainedBytes;
      live.walStatus = slot.walStatus;
      metrics.sourceLagBytes.set({ source }, live.lagBytes);
      metrics.sourceLagSeconds.set({ source }, live.lagSeconds);
      metrics.slotRetainedBytes.set({ source }, slot.retainedBytes);
      if (slot.safeBytes !== null) metrics.slotSafeBytes.set({ source }, slot.safeBytes);
      for (const each of WAL_STATUSES)
        metrics.slotStatus.set({ source, status: each }, slot.walStatus === each ? 1 : 0);
    },
    log,
  };
}

/** What an operator should know of. */
function healthObserver(
  source: string,
  metrics: Metrics,
  live: SourceStatus,
  log: Log,
): Pick<CaptureObserver, 'walBudget' | 'halted' | 'revived'> {
  return {
    walBudget: (isTight, { retainedBytes, safeBytes }) => {
      metrics.refreshesHeld.set({ source }, isTight ? 1 : 0);
      live.refreshesHeld = isTight;
      const kept = `the slot keeps ${mebibytes(retainedBytes)} of WAL${safeBytes === null ? '' : `, and is lost after ${mebibytes(safeBytes)} more`}`;
      log(isTight ? 'warn' : 'info', `refreshes ${isTight ? 'wait' : 'go on'}: ${kept}`);
    },
    halted: (table, halt) => {
      metrics.tableHalted.set({ source, table }, 1);
      live.halted.set(table, halt);
      log('error', `${table} is halted, the others go on (${halt.code}): ${halt.message}. ${halt.cure}`);
    },
    revived: (table) => {
      metrics.tableHalted.set({ source, table }, 0);
      live.halted.delete(table);
      log('info', `${table} goes on, with a refresh of all its rows`);
    },
  };
}

/** What the snapshot tells. */
function snapshotObserver(
  source: string,
  metrics: Metrics,
  live: SourceStatus,
  log: Log,
): Pick<CaptureObserver, 'chunkRead' | 'chunkStale' | 'progress'> {
  return {
    chunkRead: (table, rows, bytes) => {
      metrics.snapshotRowsRead.inc({ source, table }, rows);
      metrics.snapshotBytesRead.inc({ source, table }, bytes);
    },
    chunkStale: (table, xids, attempt) => {
      metrics.snapshotStale.inc({ source, table });
      if (attempt % 20 === 0) {
        log(
          'warn',
          `a chunk of ${table} waits for transactions that have not ended: ${xids.slice(0, 5).join(', ')}`,
        );
      }
    },
    progress: (plan) => {
      const { tag, id } = plan.request;
      if (tag !== null) {
        // Of requests only what goes on is shown here; `freshet refresh list` knows the ended ones.
        if (plan.finishedAt === null) live.refreshes.set(id, progressOf(plan));
        else live.refreshes.delete(id);
        return;
      }
      const table = formatTable(plan.request.table);
      metrics.snapshotRowsPublished.set({ source, table }, plan.rowsPublished);
      if (plan.estimatedRows >= 0) metrics.snapshotEstimatedRows.set({ source, table }, plan.estimatedRows);
      metrics.snapshotFinished.set({ source, table }, plan.finishedAt === null ? 0 : 1);
      live.refreshes.set(table, progressOf(plan));
    },
  };
}

function progressOf(plan: Parameters<CaptureObserver['progress']>[0]): RefreshStatus {
  return {
    published: plan.rowsPublished,
    estimated: plan.estimatedRows,
    finished: plan.finishedAt !== null,
  };
}

function mebibytes(bytes: number): string {
  return `${Math.round(bytes / 1024 / 1024)} MiB`;
}
