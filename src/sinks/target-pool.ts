import pg from 'pg';
import type { Pool, PoolClient } from 'pg';
import { type PostgresConfig, clientConfig } from '../runtime/postgres.ts';

export interface TargetSettings {
  /** Connections to the target. */
  readonly poolSize: number;
  readonly statementTimeoutMs: number;
  readonly lockTimeoutMs: number;
}

export const TARGET_DEFAULTS: TargetSettings = {
  poolSize: 4,
  statementTimeoutMs: 60_000,
  lockTimeoutMs: 10_000,
};

/**
 * A batch is joined to its table through the key's index. The planner takes a table that it has not
 * analysed yet for a tiny one, and would read all of it for every batch while it grows. A statement that asks for a
 * join of another kind (`joinStored`) costs so much then, up to PostgreSQL 17, that it would be compiled each time.
 */
const PLANS = [
  'enable_hashjoin=off',
  'enable_mergejoin=off',
  'enable_seqscan=off',
  'plan_cache_mode=force_generic_plan',
  'jit=off',
];

export function createTargetPool(config: PostgresConfig, role: string, settings: TargetSettings): Pool {
  const base = clientConfig(config, role);
  const options = [
    ...PLANS,
    `statement_timeout=${settings.statementTimeoutMs}`,
    `lock_timeout=${settings.lockTimeoutMs}`,
    `idle_in_transaction_session_timeout=${settings.statementTimeoutMs}`,
  ];
  const pool = new pg.Pool({
    ...base,
    options: `${base.options ?? ''} ${options.map((option) => `-c ${option}`).join(' ')}`,
    max: settings.poolSize,
  });
  // An idle connection that the server ends is replaced by the next query.
  pool.on('error', () => {});
  pool.on('connect', (client) => client.on('error', () => {}));
  return pool;
}

/** Commits what `work` does, or nothing of it. */
export async function inTransaction<T>(pool: Pool, work: (client: PoolClient) => Promise<T>): Promise<T> {
  const client = await pool.connect();
  // An error event that comes while no query runs would end the process; the next query reports it.
  const ignore = (): void => {};
  client.on('error', ignore);
  let broken = true;
  try {
    await client.query('BEGIN ISOLATION LEVEL READ COMMITTED');
    const result = await work(client);
    await client.query('COMMIT');
    broken = false;
    return result;
  } catch (error) {
    broken = await client.query('ROLLBACK').then(
      () => false,
      () => true,
    );
    throw error;
  } finally {
    client.off('error', ignore);
    client.release(broken);
  }
}
