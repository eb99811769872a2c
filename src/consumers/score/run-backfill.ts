import { setTimeout as sleep } from 'node:timers/promises';
import type { Pool, PoolClient } from 'pg';
import { backoffMs } from '../../runtime/backoff.ts';
import type { JobQueue } from '../../sinks/job-queue.ts';
import { judgeSinkError, sinkFailure } from '../../sinks/sink-error.ts';
import { inTransaction } from '../../sinks/target-pool.ts';
import { type ScoreBackfillOptions, runAtMs } from './backfill-options.ts';
import { nextLead, type PagePlan, type PageQuestion, planPage } from './backfill-page.ts';
import { disqualifyLeads } from './lead-judgement.ts';
import { backfillJob, backfillKind } from './score-jobs.ts';
import { readState, resumeFrom, writeState } from './state-file.ts';
import { addTotals, emptyTotals, type ScoreBackfillEnd, type ScoreBackfillTotals } from './summary.ts';

export interface ScoreBackfill {
  /** Connections to the database of leads and queue. */
  readonly pool: Pool;
  readonly queue: JobQueue;
  readonly options: ScoreBackfillOptions;
  readonly lowestScore: number;
  readonly maxAttempts: number;
}

interface ScoreBackfillHooks {
  readonly signal: AbortSignal;
  /** After each page, with the sums so far. */
  page(totals: ScoreBackfillTotals): void;
  retry(message: string): void;
  /** A lead that cannot be enqueued or disqualified; it is left out. */
  failed(leadId: string, message: string): void;
}

interface ScoreBackfillResult {
  readonly totals: ScoreBackfillTotals;
  readonly end: ScoreBackfillEnd;
}

const TRIES = 8;

/**
 * Goes through the leads page by page in the order of their ids, and enqueues a job for each that is to
 * be scored; it scores none itself. A page's jobs and disqualifications are one transaction, the state
 * file follows it: a crash between the two repeats one page, and the same keys make the same jobs. A dry
 * run reads in a READ ONLY transaction, and writes no state.
 */
export async function runScoreBackfill(
  backfill: ScoreBackfill,
  hooks: ScoreBackfillHooks,
): Promise<ScoreBackfillResult> {
  return new BackfillRun(backfill, hooks).run();
}

class BackfillRun {
  readonly #backfill: ScoreBackfill;
  readonly #hooks: ScoreBackfillHooks;
  readonly #startMs = Date.now();
  #totals = emptyTotals();
  #cursor: string | null;
  #jobs = 0;

  constructor(backfill: ScoreBackfill, hooks: ScoreBackfillHooks) {
    this.#backfill = backfill;
    this.#hooks = hooks;
    this.#cursor = backfill.options.cursor;
  }

  async run(): Promise<ScoreBackfillResult> {
    const { options } = this.#backfill;
    const { signal } = this.#hooks;
    if (options.resume) await this.#resume();
    for (;;) {
      if (signal.aborted) return await this.#end('interrupted');
      const page = await this.#page();
      this.#totals = addTotals(this.#totals, page);
      this.#cursor = this.#totals.lastLeadId ?? this.#cursor;
      if (page.leads < options.limit) return await this.#end('done');
      await this.#store(false);
      this.#hooks.page(this.#totals);
      if (options.pages === 'one') return { totals: this.#totals, end: 'more' };
      if (options.pageDelayMs > 0) await sleep(options.pageDelayMs, undefined, { signal }).catch(() => {});
    }
  }

  async #resume(): Promise<void> {
    const { options } = this.#backfill;
    const state = resumeFrom(await readState(options.stateFile), options);
    this.#totals = state.totals;
    this.#cursor = state.totals.lastLeadId;
  }

  async #end(end: 'done' | 'interrupted'): Promise<ScoreBackfillResult> {
    await this.#store(end === 'done');
    this.#hooks.page(this.#totals);
    return { totals: this.#totals, end };
  }

  async #store(finished: boolean): Promise<void> {
    const { mode, stateFile, clientId, rescoreAll } = this.#backfill.options;
    if (mode === 'dry-run') return;
    await writeState(stateFile, {
      clientId,
      rescoreAll,
      finished,
      totals: this.#totals,
      updatedAt: new Date(),
    });
  }

  /** One page; where something in it cannot be done, lead by lead. */
  async #page(): Promise<ScoreBackfillTotals> {
    const { limit } = this.#backfill.options;
    try {
      return await this.#retried(() => this.#once(limit, this.#cursor));
    } catch (error) {
      if (!isDataError(error)) throw sinkFailure(error);
      return await this.#leadByLead(limit);
    }
  }

  async #leadByLead(limit: number): Promise<ScoreBackfillTotals> {
    let sums = emptyTotals();
    while (sums.leads < limit) {
      const one = await this.#one(sums.lastLeadId ?? this.#cursor);
      if (one.leads === 0) break;
      sums = addTotals(sums, one);
    }
    return { ...sums, pages: 1 };
  }

  async #one(cursor: string | null): Promise<ScoreBackfillTotals> {
    try {
      return await this.#retried(() => this.#once(1, cursor));
    } catch (error) {
      if (!isDataError(error)) throw sinkFailure(error);
      const lastLeadId = await inTransaction(this.#backfill.pool, (client) =>
        nextLead(client, this.#backfill.options, cursor),
      );
      this.#hooks.failed(lastLeadId ?? '', sinkFailure(error).message);
      return { ...emptyTotals(), leads: 1, errors: 1, lastLeadId };
    }
  }

  /** Tried again where the database is busy or away. */
  async #retried<T>(work: () => Promise<T>): Promise<T> {
    for (let attempt = 0; ; attempt++) {
      try {
        return await work();
      } catch (error) {
        const again = judgeSinkError(error) === 'retry' && attempt + 1 < TRIES;
        if (!again || this.#hooks.signal.aborted) throw error;
        this.#hooks.retry(sinkFailure(error).message);
        await sleep(backoffMs(attempt), undefined, { signal: this.#hooks.signal }).catch(() => {});
      }
    }
  }

  async #once(limit: number, cursor: string | null): Promise<ScoreBackfillTotals> {
    const { pool, options } = this.#backfill;
    let jobs = 0;
    const totals = await inTransaction(pool, async (client) => {
      if (options.mode === 'dry-run')
        await client.query('SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY');
      const plan = await planPage(client, await this.#question(client, limit), cursor);
      if (options.mode === 'apply') await this.#apply(client, plan);
      jobs = plan.enqueue.length;
      return plan.totals;
    });
    this.#jobs += jobs;
    return totals;
  }

  /** Jobs first: the leads' rows are locked for as short as can be. */
  async #apply(client: PoolClient, { enqueue, disqualify }: PagePlan): Promise<void> {
    const { queue, options, maxAttempts, lowestScore } = this.#backfill;
    const specs = enqueue.map((lead, index) => {
      const { delayMs } = options;
      const runAt = delayMs === 0 ? null : new Date(runAtMs(this.#startMs, this.#jobs + index, delayMs));
      return backfillJob(lead.id, lead.newestInboundId, options.rescoreAll, runAt);
    });
    await queue.enqueue(client, backfillKind(maxAttempts), specs);
    await disqualifyLeads(client, disqualify, lowestScore);
  }

  async #question(client: PoolClient, limit: number): Promise<PageQuestion> {
    const { queue, lowestScore } = this.#backfill;
    const options = { ...this.#backfill.options, limit };
    const migrated = options.mode === 'apply' || (await hasOwnColumns(client));
    const hasQueue = options.mode === 'apply' || (await queue.exists(client));
    return { queue, options, lowestScore, migrated, hasQueue };
  }
}

function isDataError(error: unknown): boolean {
  return ['poison', 'conflict'].includes(judgeSinkError(error));
}

async function hasOwnColumns(client: PoolClient): Promise<boolean> {
  const { rows } = await client.query<{ present: boolean }>(
    `SELECT EXISTS (SELECT FROM pg_attribute WHERE attrelid = to_regclass('public.leads')
                     AND attname = 'score_model_version' AND NOT attisdropped) AS present`,
  );
  return rows[0]?.present === true;
}
