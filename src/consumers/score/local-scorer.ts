import { type LeadSignal, type MessageReading, readMessage } from './lead-signals.ts';
import {
  checkScale,
  type Conversation,
  type ConversationMessage,
  DEFAULT_SCALE,
  type LeadScorer,
  type ScoreResult,
  type ScoreScale,
} from './scorer.ts';

/** One finding: what was seen and how many points of 100 it is worth. */
interface Finding {
  readonly points: number;
  readonly reason: string;
}

/** Where a lead stands that has answered, and of whom nothing else is known. */
const START_POINTS = 35;
/** Only the last messages of the lead are read; older ones say little about today. */
const MAX_INBOUND = 12;
/** Messages of which a signal counts in full; in older ones it counts half. */
const FRESH_INBOUND = 3;
const MAX_REASONS = 5;

const SIGNALS: Readonly<Record<LeadSignal, Finding>> = {
  need: { points: 16, reason: 'says what is wanted' },
  price: { points: 12, reason: 'asks about price or budget' },
  meeting: { points: 14, reason: 'wants to talk or to meet' },
  timeline: { points: 9, reason: 'names a time' },
  agreement: { points: 8, reason: 'agrees' },
  thanks: { points: 2, reason: 'is friendly' },
  objection: { points: -10, reason: 'raises an objection' },
  postponed: { points: -8, reason: 'puts it off' },
  refusal: { points: -22, reason: 'refuses' },
  'wrong-person': { points: -24, reason: 'seems to be the wrong person' },
  hostile: { points: -35, reason: 'is hostile' },
};

/**
 * A deterministic heuristic, not a trained model: points for what the lead's messages show, added up,
 * cut to 0 … 100 and spread evenly over the scale. docs/score.md lists them. The same conversation
 * has the same score at any time: only distances between its messages count, never the clock.
 */
export class LocalScorer implements LeadScorer {
  readonly version: string;
  readonly billed = false;
  readonly #scale: ScoreScale;

  constructor(scale: ScoreScale = DEFAULT_SCALE) {
    this.#scale = checkScale(scale);
    this.version = `local-1:${scale.min}-${scale.max}`;
  }

  score(conversation: Conversation, signal: AbortSignal): Promise<ScoreResult> {
    if (signal.aborted) return Promise.reject(signal.reason as Error);
    return Promise.resolve(this.judge(conversation));
  }

  /** `score` without the promise. */
  judge(conversation: Conversation): ScoreResult {
    const findings = findAll(conversation.messages);
    const points = findings.reduce((sum, finding) => sum + finding.points, START_POINTS);
    const share = Math.min(Math.max(points, 0), 100) / 100;
    const { min, max } = this.#scale;
    return { score: min + Math.round(share * (max - min)), reasons: reasonsOf(findings) };
  }
}

function findAll(messages: readonly ConversationMessage[]): Finding[] {
  const inbound = messages.filter(({ direction }) => direction === 'inbound').slice(-MAX_INBOUND);
  const newest = inbound.at(-1);
  if (newest === undefined) return [{ points: -START_POINTS, reason: 'never wrote' }];
  const readings = inbound.map(({ body }) => readMessage(body));
  return [
    ...byNewest(readings),
    ...bySignals(readings),
    ...byCount(inbound.length),
    ...byLatency(messages, newest),
    ...bySilence(messages, newest),
  ];
}

function byNewest(readings: readonly MessageReading[]): Finding[] {
  const newest = readings.at(-1);
  if (newest === undefined) return [];
  const findings: Finding[] = [];
  if (newest.words <= 1) findings.push({ points: -5, reason: 'last reply is a single word' });
  else if (newest.words >= 20) findings.push({ points: 8, reason: 'last reply is long' });
  else if (newest.words >= 8) findings.push({ points: 5, reason: 'last reply is a full sentence' });
  if (newest.question) findings.push({ points: 10, reason: 'last reply asks a question' });
  if (readings.some(({ contactDetail }) => contactDetail))
    findings.push({ points: 8, reason: 'gave contact details' });
  return findings;
}

/** Each signal once, at the weight of its newest message. A refusal in the newest reply outdoes older interest. */
function bySignals(readings: readonly MessageReading[]): Finding[] {
  const findings = new Map<LeadSignal, Finding>();
  for (const [back, reading] of readings.toReversed().entries()) {
    for (const signal of reading.signals) {
      if (findings.has(signal)) continue;
      const { points, reason } = SIGNALS[signal];
      const weight = back < FRESH_INBOUND ? 1 : 0.5;
      findings.set(signal, {
        points: points * weight,
        reason: weight === 1 ? reason : `${reason} (earlier)`,
      });
    }
  }
  const newest = readings.at(-1)?.signals;
  if (newest?.has('refusal') || newest?.has('wrong-person') || newest?.has('hostile')) {
    return [...findings.values()].filter(({ points }) => points < 0);
  }
  return [...findings.values()];
}

function byCount(inbound: number): Finding[] {
  if (inbound >= 4) return [{ points: 10, reason: 'wrote four times or more' }];
  return inbound >= 2 ? [{ points: 5, reason: 'wrote more than once' }] : [];
}

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

/** How long the newest reply took after the message of ours before it. */
function byLatency(messages: readonly ConversationMessage[], newest: ConversationMessage): Finding[] {
  const asked = messages
    .slice(0, messages.lastIndexOf(newest))
    .findLast(({ direction }) => direction === 'outbound');
  if (asked === undefined) return [];
  const latencyMs = newest.createdAt.getTime() - asked.createdAt.getTime();
  if (latencyMs < 10 * MINUTE_MS) return [{ points: 7, reason: 'replied within ten minutes' }];
  if (latencyMs < 2 * HOUR_MS) return [{ points: 4, reason: 'replied within two hours' }];
  return latencyMs > 168 * HOUR_MS ? [{ points: -5, reason: 'took more than a week to reply' }] : [];
}

/** Messages of ours that the lead has not answered. */
function bySilence(messages: readonly ConversationMessage[], newest: ConversationMessage): Finding[] {
  const unanswered = messages.length - 1 - messages.lastIndexOf(newest);
  if (unanswered < 2) return [];
  return [{ points: -4 * Math.min(unanswered, 4), reason: `has left ${unanswered} messages unanswered` }];
}

/** The weightiest findings first, each with its points. */
function reasonsOf(findings: readonly Finding[]): string[] {
  const weighty = findings.toSorted((a, b) => Math.abs(b.points) - Math.abs(a.points)).slice(0, MAX_REASONS);
  if (weighty.length === 0) return ['wrote, with nothing to tell by'];
  return weighty.map(({ points, reason }) => `${reason} (${points > 0 ? '+' : ''}${points})`);
}
