import type { ClientBase } from 'pg';
import pg from 'pg';
import { runMigrations } from 'graphile-worker';
import { type PostgresConfig, clientConfig, connectionError, sqlState } from '../runtime/postgres.ts';
import { FreshetError } from '../runtime/errors.ts';
import { silentLogger } from './job-log.ts';
import { quoteIdent } from './target-table.ts';

/** A job as it is to be in the queue; the key is its identity for ever. */
export interface JobSpec {
  readonly key: string;
  readonly payload: object;
  /** Null: as soon as a worker is free. */
  readonly runAt: Date | null;
}

/** What the jobs of one kind have in common. */
export interface JobKind {
  readonly task: string;
  /** Lower numbers go first. */
  readonly priority: number;
  /** Tries with growing pauses, the first included; then the job stays, failed, until it is enqueued again. */
  readonly maxAttempts: number;
}

export interface JobStates {
  readonly waiting: number;
  /** To run later: spread by a delay, or pausing after a failure. */
  readonly scheduled: number;
  readonly running: number;
  readonly failed: number;
  /** Of the jobs that could run now, how long the oldest has waited. Seconds. */
  readonly oldestSeconds: number;
}

/** A key that got locked between the two steps of an enqueuing is enqueued again so often. */
const TRIES = 5;
const SCHEMA = /^[a-z_][a-z0-9_]{0,62}$/;

/**
 * The job queue in the target's database, kept by graphile-worker. All that writes takes a client, so
 * that jobs are committed together with the rows that ask for them.
 */
export class JobQueue {
  readonly schema: string;
  readonly #schema: string;

  /** Throws CONFIG_INVALID on a schema that would need quoting. */
  constructor(schema: string) {
    if (!SCHEMA.test(schema))
      throw new FreshetError(
        'CONFIG_INVALID',
        `job queue schema "${schema}": expected lower-case letters, digits and "_"`,
      );
    this.schema = schema;
    this.#schema = quoteIdent(schema);
  }

  /** Creates or upgrades the queue's tables. Waits for nobody but other migrations. */
  async migrate(database: PostgresConfig): Promise<void> {
    const pool = new pg.Pool({ ...clientConfig(database, 'migrate'), max: 2 });
    pool.on('error', () => {});
    pool.on('connect', (client) => client.on('error', () => {}));
    try {
      await runMigrations({ pgPool: pool, schema: this.schema, logger: silentLogger() });
    } catch (error) {
      if (sqlState(error) === undefined) throw error;
      throw connectionError(error, database);
    } finally {
      await pool.end();
    }
  }

  async exists(client: ClientBase): Promise<boolean> {
    const { rows } = await client.query<{ present: boolean }>(
      'SELECT to_regclass($1) IS NOT NULL AS present',
      [`${this.schema}._private_jobs`],
    );
    return rows[0]?.present === true;
  }

  /**
   * After it every key has one live job that begins after this transaction: a waiting one takes payload
   * and time of the new one, a failed one is replaced, a succeeded one is there again, and a running one
   * runs once more. Keys must differ.
   */
  async enqueue(client: ClientBase, kind: JobKind, specs: readonly JobSpec[]): Promise<void> {
    // All take their locks in the same order.
    let left = specs.toSorted((a, b) => (a.key < b.key ? -1 : 1));
    for (let tries = 0; left.length > 0; tries++) {
      if (tries === TRIES)
        throw new FreshetError('SINK_BUSY', `${left.length} jobs were taken by workers while enqueued`);
      await this.#removeFailed(client, left);
      const added = await this.#add(client, kind, left);
      left = left.filter((spec) => !added.has(spec.key));
    }
  }

  /** Of the given keys, those that a job stands for that waits, pauses or runs. */
  async liveKeys(client: ClientBase, keys: readonly string[]): Promise<Set<string>> {
    const { rows } = await client.query<{ key: string }>({
      name: `freshet_live_jobs/${this.schema}`,
      text: `SELECT key FROM ${this.#schema}.jobs
              WHERE key = ANY ($1::text[]) AND (attempts < max_attempts OR locked_at IS NOT NULL)`,
      values: [keys],
    });
    return new Set(rows.map((row) => row.key));
  }

  async states(client: ClientBase, task: string): Promise<JobStates> {
    const { rows } = await client.query<JobStates>(
      `SELECT count(*) FILTER (WHERE available AND run_at <= now())::int AS waiting,
              count(*) FILTER (WHERE available AND run_at > now())::int AS scheduled,
              count(*) FILTER (WHERE locked_at IS NOT NULL)::int AS running,
              count(*) FILTER (WHERE locked_at IS NULL AND attempts >= max_attempts AND key IS NOT NULL)::int AS failed,
              coalesce(extract(epoch FROM now() - min(run_at) FILTER (WHERE available AND run_at <= now())), 0)::float8
                AS "oldestSeconds"
         FROM (SELECT *, locked_at IS NULL AND attempts < max_attempts AS available
                 FROM ${this.#schema}.jobs WHERE task_identifier = $1) AS ours`,
      [task],
    );
    return rows[0] ?? { waiting: 0, scheduled: 0, running: 0, failed: 0, oldestSeconds: 0 };
  }

  /**
   * Gives back the jobs of workers that died, and removes those that were superseded while they ran and
   * then failed. A worker lives while it holds the advisory lock of its id. Returns how many were given back.
   */
  async tidy(client: ClientBase, task: string): Promise<number> {
    await client.query(
      `SELECT 1 FROM ${this.#schema}.complete_jobs(ARRAY(
         SELECT id FROM ${this.#schema}.jobs
          WHERE task_identifier = $1 AND key IS NULL AND locked_at IS NULL AND attempts >= max_attempts))`,
      [task],
    );
    const { rows } = await client.query<{ worker: string; jobs: number }>(
      `SELECT locked_by AS worker, count(*)::int AS jobs FROM ${this.#schema}.jobs
        WHERE task_identifier = $1 AND locked_at < now() - interval '5 seconds' AND NOT EXISTS (
          SELECT FROM pg_locks
           WHERE locktype = 'advisory' AND granted AND classid = $2 AND objid::bigint = ${lockNumber('locked_by')}
             AND database = (SELECT oid FROM pg_database WHERE datname = current_database()))
        GROUP BY 1`,
      [task, WORKER_LOCK],
    );
    if (rows.length === 0) return 0;
    await client.query(`SELECT ${this.#schema}.force_unlock_workers($1::text[])`, [
      rows.map((row) => row.worker),
    ]);
    return rows.reduce((sum, row) => sum + row.jobs, 0);
  }

  /** Until the session ends, tells every other that this worker lives. */
  async announce(client: ClientBase, workerId: string): Promise<void> {
    await client.query('SELECT pg_advisory_lock($1, hashtext($2))', [WORKER_LOCK, workerId]);
  }

  /** A job that failed for good keeps its key: it would stay behind, without one, when it is enqueued again. */
  async #removeFailed(client: ClientBase, specs: readonly JobSpec[]): Promise<void> {
    await client.query({
      name: `freshet_remove_failed_jobs/${this.schema}`,
      text: `SELECT 1 FROM ${this.#schema}.complete_jobs(ARRAY(
               SELECT id FROM ${this.#schema}.jobs
                WHERE key = ANY ($1::text[]) AND locked_at IS NULL AND attempts >= max_attempts))`,
      values: [specs.map((spec) => spec.key)],
    });
  }

  /** A job that a worker takes just now is not in the answer: it may not see what this transaction wrote. */
  async #add(client: ClientBase, kind: JobKind, specs: readonly JobSpec[]): Promise<Set<string>> {
    const { rows } = await client.query<{ key: string }>({
      name: `freshet_add_jobs/${this.schema}`,
      text: `SELECT key FROM ${this.#schema}.add_jobs(ARRAY(
               SELECT ($1, payload, NULL, run_at, $2::smallint, key, $3::smallint, NULL)::${this.#schema}.job_spec
                 FROM unnest($4::text[], $5::json[], $6::timestamptz[]) WITH ORDINALITY AS spec(key, payload, run_at, n)
                ORDER BY n))`,
      values: [
        kind.task,
        kind.maxAttempts,
        kind.priority,
        specs.map((spec) => spec.key),
        specs.map((spec) => JSON.stringify(spec.payload)),
        specs.map((spec) => spec.runAt?.toISOString() ?? null),
      ],
    });
    return new Set(rows.map((row) => row.key));
  }
}

/** For statements that join the queue's public views. */
export function quotedSchema(queue: JobQueue): string {
  return quoteIdent(queue.schema);
}

/** Any number, the same in every process. */
const WORKER_LOCK = 724_101_337;

/** How pg_locks shows the second half of an advisory lock's key. */
function lockNumber(column: string): string {
  return `(hashtext(${column})::bigint & 4294967295)`;
}
