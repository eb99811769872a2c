import { z } from 'zod';
import { FreshetError } from '../../runtime/errors.ts';
import type { JobKind, JobSpec } from '../../sinks/job-queue.ts';
import { backfillJobKey, continuousJobKey } from './decision.ts';

export const SCORE_TASK = 'LEAD_SCORING_POST_PROCESS';

/** Fresh messages go first, however many jobs of a backfill wait. */
const CONTINUOUS_PRIORITY = 0;
const BACKFILL_PRIORITY = 100;

const PAYLOAD = z.object({
  leadId: z.string().min(1),
  /** The newest inbound message when the job was enqueued, for people; the one at run time counts. */
  messageId: z.string().nullable(),
  /** Score again though the anchor has a score of this version. */
  rescore: z.boolean(),
});
export type ScoreJob = z.output<typeof PAYLOAD>;

export function continuousKind(maxAttempts: number): JobKind {
  return { task: SCORE_TASK, priority: CONTINUOUS_PRIORITY, maxAttempts };
}

export function backfillKind(maxAttempts: number): JobKind {
  return { task: SCORE_TASK, priority: BACKFILL_PRIORITY, maxAttempts };
}

export function continuousJob(leadId: string, messageId: string | null): JobSpec {
  const payload: ScoreJob = { leadId, messageId, rescore: false };
  return { key: continuousJobKey(leadId), payload, runAt: null };
}

export function backfillJob(
  leadId: string,
  messageId: string | null,
  rescore: boolean,
  runAt: Date | null,
): JobSpec {
  const payload: ScoreJob = { leadId, messageId, rescore };
  return { key: backfillJobKey(leadId), payload, runAt };
}

/** Throws RECORD_INVALID on what no Freshet enqueued. */
export function parseScoreJob(payload: unknown): ScoreJob {
  const parsed = PAYLOAD.safeParse(payload);
  if (parsed.success) return parsed.data;
  const fields = parsed.error.issues.map((issue) => issue.path.join('.') || 'payload');
  throw new FreshetError('RECORD_INVALID', `the job's payload has a missing or wrong ${fields.join(', ')}`);
}
