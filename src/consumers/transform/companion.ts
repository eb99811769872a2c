import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import { connect, errorMessage } from '../../runtime/postgres.ts';
import type { Companion } from '../define-pipeline.ts';
import { dailyViewAgeMs, refreshDailyView } from './daily-view.ts';
import { countOutcomes, newErrors } from './outcome-store.ts';

const VIEW = 'mv_brand_daily_metrics';
const LOOK_MS = 1_000;
/** Errors that one look tells by their ids. */
const TOLD_ERRORS = 5;

/**
 * Keeps the daily view fresh while the pipeline runs: this long after the first change that it does not
 * show, whatever else changes meanwhile. What was written before the start is taken for not shown. Tells
 * results that have an error for some seconds, and how many there are. What fails is tried again.
 */
export function transformCompanion(debounceMs: number): Companion {
  return async ({ target, writes, viewAge, unresolved, log }, signal) => {
    const refresher = new ViewRefresher(debounceMs);
    let session: pg.Client | null = null;
    let toldUpTo: string | null = null;
    while (!signal.aborted) {
      await sleep(Math.min(LOOK_MS, debounceMs), undefined, { signal }).catch(() => {});
      if (signal.aborted) break;
      try {
        session ??= await connect(target, 'view');
        await refresher.look(session, writes());
        const ageMs = await dailyViewAgeMs(session);
        if (ageMs !== null) viewAge(VIEW, ageMs / 1_000);
        for (const [kind, count] of Object.entries(await countOutcomes(session))) unresolved(kind, count);
        const news = await newErrors(session, toldUpTo, TOLD_ERRORS);
        toldUpTo = news.upTo;
        for (const { collectorResultId, code, reason } of news.errors)
          log('info', `collector_result ${collectorResultId}: ${code}, ${reason}`);
        if (news.more > 0)
          log('info', `${news.more} more results have an error: see freshet.transform_errors`);
      } catch (error) {
        log('warn', `refreshing ${VIEW}: ${errorMessage(error)}; trying again`);
        await session?.end().catch(() => {});
        session = null;
      }
    }
    await session?.end();
  };
}

class ViewRefresher {
  readonly #debounceMs: number;
  /** Rows that were written when the last refresh began. */
  #shown = -1;
  #changedAt: number | null = null;

  constructor(debounceMs: number) {
    this.#debounceMs = debounceMs;
  }

  async look(session: pg.Client, written: number): Promise<void> {
    if (written !== this.#shown) this.#changedAt ??= Date.now();
    if (this.#changedAt === null || Date.now() - this.#changedAt < this.#debounceMs) return;
    // Another process that is at it may have begun before our last commit: ours comes after it.
    if (!(await refreshDailyView(session, { wait: false }))) return;
    this.#shown = written;
    this.#changedAt = null;
  }
}
