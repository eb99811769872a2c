import { DISQUALIFIED_VERSION } from './scorer.ts';

/** Why a lead is bad business whatever it writes. */
interface OptOutEvidence {
  /** The message that opted out; null where the lead's own row says so. */
  readonly messageId: string | null;
  readonly rule: string;
  readonly evidence: string;
}

/** What is known of a lead when it is decided upon. */
export interface LeadFacts {
  readonly blacklisted: boolean;
  readonly optedOut: OptOutEvidence | null;
  readonly inboundCount: number;
  readonly newestInboundId: string | null;
  readonly currentScore: number | null;
  /** The inbound message that the current score was made for. */
  readonly currentAnchor: string | null;
  readonly currentVersion: string | null;
}

export interface LeadQuestion extends LeadFacts {
  readonly scorerVersion: string;
  /** The lowest score of the scale: that of a disqualified lead. */
  readonly lowestScore: number;
  /**
   * `backfill`: leads without a score only. `backfill-all` (`--rescore-all`): every lead again.
   * `continuous`: leads whose newest inbound message has no score of this version.
   */
  readonly purpose: 'backfill' | 'backfill-all' | 'continuous';
  /** A live job of continuous scoring stands for this lead: a backfill leaves it that. */
  readonly continuousJobLive: boolean;
}

export const SKIP_REASONS = [
  'no-inbound',
  'already-scored',
  'already-disqualified',
  'anchor-scored',
  'continuous-job-live',
  'lead-gone',
] as const;
export type SkipReason = (typeof SKIP_REASONS)[number];
export type Skip = { readonly skip: SkipReason };

/** What to do about a lead that a page or a change shows. Pure; the order of the cases is the rule. */
export function decideLead(lead: LeadQuestion): 'disqualify' | 'enqueue' | Skip {
  if (isDisqualified(lead)) return decideDisqualified(lead, lead.lowestScore);
  if (lead.inboundCount === 0 || lead.newestInboundId === null) return { skip: 'no-inbound' };
  if (lead.purpose === 'continuous')
    return isAnchorScored(lead, lead.scorerVersion) ? { skip: 'anchor-scored' } : 'enqueue';
  if (lead.purpose === 'backfill' && lead.currentScore !== null && !wasDisqualified(lead))
    return { skip: 'already-scored' };
  return lead.continuousJobLive ? { skip: 'continuous-job-live' } : 'enqueue';
}

export interface JobQuestion extends LeadFacts {
  readonly scorerVersion: string;
  readonly lowestScore: number;
  /** Re-scoring was asked for: a score of the same anchor and version does not stand against it. */
  readonly rescore: boolean;
}

/**
 * What a job does when it runs, and again, under the lead's row lock, when it stores its score: an
 * opt-out that came meanwhile wins. `lead` is null where the lead is gone.
 */
export function decideJob(lead: JobQuestion | null): 'disqualify' | { readonly score: string } | Skip {
  if (lead === null) return { skip: 'lead-gone' };
  if (isDisqualified(lead)) return decideDisqualified(lead, lead.lowestScore);
  if (lead.inboundCount === 0 || lead.newestInboundId === null) return { skip: 'no-inbound' };
  if (!lead.rescore && isAnchorScored(lead, lead.scorerVersion)) return { skip: 'anchor-scored' };
  return { score: lead.newestInboundId };
}

function isDisqualified(lead: Pick<LeadFacts, 'blacklisted' | 'optedOut'>): boolean {
  return lead.blacklisted || lead.optedOut !== null;
}

/** A lead that never wrote and has no score keeps NULL also when it is blacklisted. */
function decideDisqualified(lead: LeadFacts, lowestScore: number): 'disqualify' | Skip {
  if (lead.inboundCount === 0 && lead.currentScore === null) return { skip: 'no-inbound' };
  if (wasDisqualified(lead) && lead.currentScore === lowestScore) return { skip: 'already-disqualified' };
  return 'disqualify';
}

function wasDisqualified(lead: LeadFacts): boolean {
  return lead.currentVersion === DISQUALIFIED_VERSION;
}

function isAnchorScored(lead: LeadFacts, scorerVersion: string): boolean {
  return (
    lead.currentScore !== null &&
    lead.currentAnchor === lead.newestInboundId &&
    lead.currentVersion === scorerVersion
  );
}

/** Stable dedupe keys (`job_key`): one live job a lead and purpose. */
export function backfillJobKey(leadId: string): string {
  return `lead_scoring_backfill:${leadId}`;
}

export function continuousJobKey(leadId: string): string {
  return `lead_scoring:${leadId}`;
}

/** Reasons that are stored with a disqualified lead's score. */
export function disqualifyReasons(lead: Pick<LeadFacts, 'blacklisted' | 'optedOut'>): string[] {
  const reasons = lead.blacklisted ? ['blacklisted'] : [];
  if (lead.optedOut === null) return reasons;
  const { rule, evidence, messageId } = lead.optedOut;
  const source = messageId === null ? '' : ` in message ${messageId}`;
  return [...reasons, `opted out${source} (${rule}${evidence === '' ? '' : `: "${evidence}"`})`];
}
