import type { Pool } from 'pg';
import { CallLog } from '../../src/consumers/score/call-log.ts';
import { LocalScorer } from '../../src/consumers/score/local-scorer.ts';
import { SCORE_MIGRATIONS, SCORE_SOURCE_SQL } from '../../src/consumers/score/migrations.ts';
import { SCORE_TASK } from '../../src/consumers/score/score-jobs.ts';
import { ScoreWorker } from '../../src/consumers/score/score-worker.ts';
import type { LeadScorer } from '../../src/consumers/score/scorer.ts';
import { JobQueue } from '../../src/sinks/job-queue.ts';
import { type JobWorkerOptions, runJobWorker } from '../../src/sinks/job-worker.ts';
import { migrateTarget } from '../../src/sinks/schema.ts';
import { TARGET_DEFAULTS, createTargetPool } from '../../src/sinks/target-pool.ts';
import { type TestDatabase, createDatabase } from './database.ts';
import { type Running, start } from './running.ts';

export interface ScoreDatabase extends TestDatabase {
  readonly queue: JobQueue;
}

/** A database with the example's tables, the pipeline's columns and a queue. */
export async function scoreDatabase(): Promise<ScoreDatabase> {
  const database = await createDatabase();
  const client = await database.pool.connect();
  const queue = new JobQueue('graphile_worker');
  try {
    await client.query(SCORE_SOURCE_SQL);
    await migrateTarget(client, [{ name: 'score', targets: [], migrations: SCORE_MIGRATIONS }]);
    await queue.migrate({ url: database.url });
  } finally {
    client.release();
  }
  return { ...database, queue };
}

export interface LeadTexts {
  readonly id: string;
  readonly client?: string;
  readonly blacklisted?: boolean;
  /** Inbound; with a leading ">" outbound. Their ids are `<lead>-m<n>`, from 1. */
  readonly messages?: readonly string[];
}

export async function addLeads(pool: Pool, leads: readonly LeadTexts[]): Promise<void> {
  const clients = [...new Set(leads.map((lead) => lead.client ?? 'c1'))];
  await pool.query(
    'INSERT INTO clients (id, name) SELECT id, id FROM unnest($1::text[]) AS id ON CONFLICT DO NOTHING',
    [clients],
  );
  for (const { id, client = 'c1', blacklisted = false, messages = [] } of leads) {
    await pool.query('INSERT INTO leads (id, client_id, blacklisted) VALUES ($1, $2, $3)', [
      id,
      client,
      blacklisted,
    ]);
    for (const [index, text] of messages.entries()) await addMessage(pool, id, `${id}-m${index + 1}`, text);
  }
}

export async function addMessage(pool: Pool, leadId: string, id: string, text: string): Promise<void> {
  const outbound = text.startsWith('>');
  await pool.query(
    'INSERT INTO messages (id, lead_id, direction, body, created_at) VALUES ($1, $2, $3, $4, clock_timestamp())',
    [id, leadId, outbound ? 'outbound' : 'inbound', outbound ? text.slice(1) : text],
  );
}

export interface StoredScore {
  readonly overall_score: number | null;
  readonly score_anchor: string | null;
  readonly score_model_version: string | null;
  readonly score_reasons: readonly string[] | null;
  readonly opt_out_message_id: string | null;
}

export async function leadScore(pool: Pool, id: string): Promise<StoredScore | undefined> {
  const { rows } = await pool.query<StoredScore>(
    `SELECT overall_score, score_anchor, score_model_version, score_reasons, opt_out_message_id FROM leads WHERE id = $1`,
    [id],
  );
  return rows[0];
}

interface RunningWorker extends Running {
  readonly outcomes: string[];
  readonly failures: string[];
}

/** `await using worker = startWorker(database)`: works on the score jobs until the end of the scope. */
export function startWorker(
  database: ScoreDatabase,
  scorer: LeadScorer = new LocalScorer(),
  settings: { readonly concurrency?: number; readonly prefetch?: number } = {},
): RunningWorker {
  const pool = createTargetPool({ url: database.url }, 'work', { ...TARGET_DEFAULTS, poolSize: 6 });
  const outcomes: string[] = [];
  const failures: string[] = [];
  const worker = new ScoreWorker({
    pool,
    scorer,
    lowestScore: 1,
    calls: new CallLog(pool),
    finished: (outcome) => void outcomes.push(outcome),
  });
  const options: JobWorkerOptions = {
    queue: database.queue,
    pool,
    task: SCORE_TASK,
    handle: (payload, signal) => worker.handle(payload, signal),
    concurrency: settings.concurrency ?? 20,
    prefetch: settings.prefetch ?? 50,
    observer: { jobFailed: (message) => void failures.push(message), log: () => {} },
  };
  const running = start(async (signal) => {
    try {
      await runJobWorker(options, signal);
    } finally {
      await pool.end();
    }
  });
  return { outcomes, failures, ...running };
}
