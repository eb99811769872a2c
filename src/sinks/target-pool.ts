import pg from 'pg';
import type { Pool, PoolClient, QueryConfig, QueryResult } from 'pg';
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

/**
 * `pipelined`: a statement is sent without waiting for the answers to those before it; COPY and cursors are not
 * possible then.
 */
export function createTargetPool(
  config: PostgresConfig,
  role: string,
  settings: TargetSettings,
  { pipelined = false } = {},
): Pool {
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
    pipeline: pipelined,
  });
  // An idle connection that the server ends is replaced by the next query.
  pool.on('error', () => {});
  pool.on('connect', (client) => client.on('error', () => {}));
  return pool;
}

/** Commits what `work` does, or nothing of it. */
export function inTransaction<T>(pool: Pool, work: (client: PoolClient) => Promise<T>): Promise<T> {
  return inBracedTransaction(pool, [], async (client) => ({ result: await work(client), last: [] }));
}

/** What a transaction's work came to, and the statements that go with its COMMIT. */
export interface Work<T> {
  readonly result: T;
  readonly last: readonly QueryConfig[];
}

/**
 * The same with statements that are sent together with BEGIN and with COMMIT: each in one round trip on a pipelined
 * connection. `first`, whose answers `work` is given, only reads and locks: it runs also where BEGIN failed.
 */
export async function inBracedTransaction<T>(
  pool: Pool,
  first: readonly QueryConfig[],
  work: (client: PoolClient, answers: readonly QueryResult[]) => Promise<Work<T>>,
): Promise<T> {
  const client = await pool.connect();
  // An error event that comes while no query runs would end the process; the next query reports it.
  const ignore = (): void => {};
  client.on('error', ignore);
  const isPipelined = pool.options.pipeline === true;
  let broken = true;
  try {
    const [, ...answers] = await send(client, [BEGIN, ...first], isPipelined);
    const { result, last } = await work(client, answers);
    await send(client, [...last, COMMIT], isPipelined);
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

const BEGIN: QueryConfig = { text: 'BEGIN ISOLATION LEVEL READ COMMITTED' };
const COMMIT: QueryConfig = { text: 'COMMIT' };

/** Answers come in the statements' order, so that the first error is the one that the others follow from. */
async function send(
  client: PoolClient,
  statements: readonly QueryConfig[],
  isPipelined: boolean,
): Promise<QueryResult[]> {
  if (isPipelined) return Promise.all(statements.map((statement) => client.query(statement)));
  const answers: QueryResult[] = [];
  for (const statement of statements) answers.push(await client.query(statement));
  return answers;
}
