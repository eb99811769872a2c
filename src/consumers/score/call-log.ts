import type { Pool } from 'pg';
import type { ScoreResult } from './scorer.ts';
import { ScorerError } from './scorer-error.ts';

/**
 * Every call that costs money stands in `freshet.score_calls` before it is made: what a crash cut off is
 * there as "started". Holds neither prompt nor answer.
 */
export class CallLog {
  readonly #pool: Pool;

  constructor(pool: Pool) {
    this.#pool = pool;
  }

  async record(leadId: string, version: string, call: () => Promise<ScoreResult>): Promise<ScoreResult> {
    const { rows } = await this.#pool.query<{ id: string }>(
      'INSERT INTO freshet.score_calls (lead_id, model_version) VALUES ($1, $2) RETURNING id',
      [leadId, version],
    );
    const id = rows[0]?.id ?? null;
    try {
      const result = await call();
      await this.#end(id, 'ok', result);
      return result;
    } catch (error) {
      await this.#end(id, error instanceof ScorerError ? error.failure : 'failed', null);
      throw error;
    }
  }

  async #end(id: string | null, outcome: string, result: ScoreResult | null): Promise<void> {
    const usage = result?.usage;
    await this.#pool.query(
      `UPDATE freshet.score_calls SET outcome = $2, prompt_tokens = $3, completion_tokens = $4, cost_usd = $5
        WHERE id = $1`,
      [id, outcome, usage?.promptTokens ?? null, usage?.completionTokens ?? null, usage?.costUsd ?? null],
    );
  }
}
