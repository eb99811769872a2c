import type { ClientBase } from 'pg';
import { type JobQueue, quotedSchema } from '../../sinks/job-queue.ts';
import { DISQUALIFIED_VERSION, type ScoreScale } from './scorer.ts';
import { SCORE_TASK } from './score-jobs.ts';

/** What stands otherwise than it should; all 0 when scoring is done. */
export interface ScoreVerification {
  /** Leads that wrote and have no score. */
  readonly unscored: number;
  /** Of those, the ones that a job waits or runs for. */
  readonly unscoredWithJob: number;
  /** Dedupe keys with more than one live job. */
  readonly doubledJobs: number;
  /** Blacklisted or opted-out leads that wrote, or have a score, and whose score is not the lowest. */
  readonly wronglyScored: number;
  readonly outOfScale: number;
  /** Calls of a scorer that costs money, begun after the lead was disqualified. */
  readonly callsForDisqualified: number;
  readonly leads: number;
  readonly scored: number;
  readonly disqualified: number;
  readonly failedJobs: number;
}

/** A disqualification counts from its commit, which follows its time stamp by no more than this. */
const COMMIT_SECONDS = 10;

/** Reads one consistent state; the client must stand in a READ ONLY transaction. */
export async function verifyScores(
  client: ClientBase,
  queue: JobQueue,
  scale: ScoreScale,
): Promise<ScoreVerification> {
  const jobs = `${quotedSchema(queue)}.jobs`;
  const live = '(attempts < max_attempts OR locked_at IS NOT NULL)';
  const { rows } = await client.query<ScoreVerification>(
    `WITH l AS (
       SELECT *, blacklisted OR opted_out_at IS NOT NULL AS disqualified, EXISTS (
                SELECT FROM public.messages AS m WHERE m.lead_id = leads.id AND m.direction = 'inbound') AS wrote
         FROM public.leads),
     unscored AS (SELECT id FROM l WHERE wrote AND overall_score IS NULL),
     job AS (SELECT key, regexp_replace(key, '^lead_scoring(_backfill)?:', '') AS lead_id FROM ${jobs}
              WHERE task_identifier = $4 AND key IS NOT NULL AND ${live})
     SELECT (SELECT count(*) FROM unscored)::int AS unscored,
            (SELECT count(*) FROM unscored WHERE id IN (SELECT lead_id FROM job))::int AS "unscoredWithJob",
            (SELECT count(*) FROM (SELECT key FROM job GROUP BY key HAVING count(*) > 1) AS d)::int AS "doubledJobs",
            count(*) FILTER (WHERE disqualified AND (wrote OR overall_score IS NOT NULL)
                               AND (overall_score IS DISTINCT FROM $1 OR score_model_version IS DISTINCT FROM $3))::int
              AS "wronglyScored",
            count(*) FILTER (WHERE overall_score NOT BETWEEN $1 AND $2)::int AS "outOfScale",
            (SELECT count(*) FROM freshet.score_calls AS c JOIN l ON l.id = c.lead_id
              WHERE l.disqualified AND c.called_at > l.disqualified_at + make_interval(secs => ${COMMIT_SECONDS}))::int
              AS "callsForDisqualified",
            count(*)::int AS leads,
            count(overall_score)::int AS scored,
            count(*) FILTER (WHERE disqualified)::int AS disqualified,
            (SELECT count(*) FROM ${jobs} WHERE task_identifier = $4 AND locked_at IS NULL
                AND attempts >= max_attempts AND key IS NOT NULL)::int AS "failedJobs"
       FROM l`,
    [scale.min, scale.max, DISQUALIFIED_VERSION, SCORE_TASK],
  );
  const [found] = rows;
  if (found === undefined) throw new Error('the verification gave no row');
  return found;
}

/** How many things are not as they should be. */
export function differencesOf(found: ScoreVerification): number {
  const { unscored, doubledJobs, wronglyScored, outOfScale, callsForDisqualified } = found;
  return unscored + doubledJobs + wronglyScored + outOfScale + callsForDisqualified;
}
