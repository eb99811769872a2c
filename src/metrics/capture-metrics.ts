import type { CaptureObserver } from '../capture/observer.ts';
import { formatTable, type TableId } from '../change/table.ts';
import type { ErrorCode } from '../runtime/errors.ts';
import type { LiveStatus, RefreshStatus, SourceStatus } from './live-status.ts';
import type { Metrics } from './metrics.ts';

export type Log = (level: 'info' | 'warn' | 'error', message: string) => void;

const REJECTIONS: readonly ErrorCode[] = ['RECORD_TOO_LARGE', 'RECORD_INVALID'];

/** A source and what of it is captured. */
interface Captured {
  readonly name: string;
  readonly tables: readonly TableId[];
}

/** Turns what one capture tells into metrics and the live status. */
export function captureObserver(
  { name: source, tables }: Captured,
  metrics: Metrics,
  status: LiveStatus,
  log: Log,
): CaptureObserver {
  const live = status.source(source);
  // The first one of a table must show as an increase.
  for (const table of tables) {
    for (const code of REJECTIONS) metrics.rejected.inc({ source, table: formatTable(table), code }, 0);
  }
  return {
    ...snapshotObserver(source, metrics, live, log),
    ...healthObserver(source, metrics, live, log),
    published: (table, op, rows) => {
      metrics.published.inc({ source, table, op }, rows);
      live.published += rows;
      count(live.publishedByTable, table, rows);
      if (op === 'r') live.refreshed += rows;
    },
    committed: ({ state, ends, durationMs }) => {
      metrics.publishSeconds.observe({ source }, durationMs / 1000);
      live.ends = ends;
      live.passed = state.passed;
    },
    rejected: ({ table, code, keyText, message }) => {
      metrics.rejected.inc({ source, table, code });
      live.rejected += 1;
      count(live.rejectedByCode, code, 1);
      log('error', `${table} ${keyText} could not be published (${code}): ${message}`);
    },
    connected: (slot, epoch) => {
      metrics.epoch.set({ source }, epoch);
      live.connected = true;
      log('info', `capturing through slot ${slot}`);
    },
    // Whatever process it is asks the source itself: see FreshnessWatch.
    slot: () => {},
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
      log('error', `${table} is halted, the others go on (${halt.code}): ${halt.message}. ${halt.cure}`);
    },
    revived: (table) => {
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
      live.refreshes.set(table, progressOf(plan));
    },
  };
}

export function count(counts: Map<string, number>, name: string, more: number): void {
  counts.set(name, (counts.get(name) ?? 0) + more);
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
