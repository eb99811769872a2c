import type { ClientBase } from 'pg';
import { decideJob, type LeadFacts, disqualifyReasons, type Skip } from './decision.ts';
import {
  type LeadOutcome,
  type LeadRow,
  lockLeads,
  type MessagePlace,
  type OptOutHit,
  type StoredMessage,
  writeOutcomes,
} from './lead-rows.ts';
import { detectOptOut } from './opt-out/detect-opt-out.ts';
import { DISQUALIFIED_VERSION } from './scorer.ts';

/** The newest inbound message that opts out and does not stand behind one that was judged before. */
export function findOptOut(
  messages: readonly StoredMessage[],
  judgedUpTo: MessagePlace | null,
): OptOutHit | null {
  for (const message of messages.toReversed()) {
    if (message.direction !== 'inbound' || !isAfter(message, judgedUpTo)) continue;
    const hit = optOutOf(message);
    if (hit !== null) return hit;
  }
  return null;
}

/** Null where the message does not opt out. */
export function optOutOf(message: MessagePlace & { readonly body: string }): OptOutHit | null {
  const { optOut, rule, evidence } = detectOptOut(message.body);
  return optOut ? { id: message.id, atUs: message.atUs, rule, evidence } : null;
}

/** Of two messages of the same microsecond, both count as later than the other. */
function isAfter(message: MessagePlace, place: MessagePlace | null): boolean {
  return (
    place === null || message.atUs > place.atUs || (message.atUs === place.atUs && message.id !== place.id)
  );
}

export interface Verdict {
  readonly scorerVersion: string;
  readonly lowestScore: number;
  readonly rescore: boolean;
}

/** What a job is to do about the lead; `optOut`: found in its messages, and not in its row yet. */
export function judgeLead(
  lead: LeadRow | null,
  optOut: OptOutHit | null,
  verdict: Verdict,
): LeadOutcome | { readonly score: string } | Skip {
  if (lead === null) return { skip: 'lead-gone' };
  const known = { ...lead, optedOut: lead.optedOut ?? evidenceOf(optOut) };
  const decision = decideJob({ ...known, ...verdict });
  if (decision !== 'disqualify') return decision;
  return disqualification(lead, optOut, verdict.lowestScore);
}

/** Score and reasons of a lead that must not be contacted. */
function disqualification(lead: LeadRow, optOut: OptOutHit | null, lowestScore: number): LeadOutcome {
  const reasons = disqualifyReasons({ ...lead, optedOut: lead.optedOut ?? evidenceOf(optOut) });
  return {
    id: lead.id,
    score: lowestScore,
    reasons,
    anchor: lead.newestInboundId,
    version: DISQUALIFIED_VERSION,
    disqualified: true,
    optOut: lead.optedOut === null ? optOut : null,
  };
}

export function evidenceOf(hit: OptOutHit | null): LeadFacts['optedOut'] {
  return hit === null ? null : { messageId: hit.id, rule: hit.rule, evidence: hit.evidence };
}

/**
 * Stores at once, under the rows' locks, that leads are disqualified. Keys: leads that seem to be; values:
 * the message that opted out, null where the row itself says so. Returns the leads that were changed.
 */
export async function disqualifyLeads(
  client: ClientBase,
  suspects: ReadonlyMap<string, OptOutHit | null>,
  lowestScore: number,
): Promise<string[]> {
  if (suspects.size === 0) return [];
  const leads = await lockLeads(client, [...suspects.keys()]);
  const outcomes: LeadOutcome[] = [];
  for (const [id, hit] of suspects) {
    const lead = leads.get(id) ?? null;
    const standing = standingOptOut(hit, lead);
    const judged = judgeLead(lead, standing, { scorerVersion: '', lowestScore, rescore: true });
    if ('version' in judged) outcomes.push(judged);
  }
  await writeOutcomes(client, outcomes);
  return outcomes.map((outcome) => outcome.id);
}

/** Somebody may have lifted the opt-out since it was found. */
export function standingOptOut(hit: OptOutHit | null, lead: LeadRow | null): OptOutHit | null {
  return hit !== null && isAfter(hit, lead?.judgedUpTo ?? null) ? hit : null;
}
