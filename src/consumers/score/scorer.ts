/** One message of a lead's conversation. */
export interface ConversationMessage {
  readonly id: string;
  readonly direction: 'inbound' | 'outbound';
  readonly body: string;
  readonly createdAt: Date;
}

/** What a scorer judges. `messages` are in the order of `createdAt`, then `id`. */
export interface Conversation {
  readonly leadId: string;
  readonly messages: readonly ConversationMessage[];
}

/** Scores are whole numbers from `min` (lowest) to `max`. */
export interface ScoreScale {
  readonly min: number;
  readonly max: number;
}

export const DEFAULT_SCALE: ScoreScale = { min: 1, max: 10 };

export interface ScoreUsage {
  readonly promptTokens: number;
  readonly completionTokens: number;
  /** Only where the tokens' prices are configured. */
  readonly costUsd?: number;
}

export interface ScoreResult {
  /** Within the scorer's scale. */
  readonly score: number;
  /** Why, for people; at least one. */
  readonly reasons: readonly string[];
  readonly usage?: ScoreUsage;
}

/**
 * Judges a conversation. Rejects with `ScorerError` where it has no valid score to give, and with
 * `signal.reason` when `signal` aborts. It never gives a score outside its scale.
 */
export interface LeadScorer {
  /** Stored with each score: another version's score is out of date. */
  readonly version: string;
  /** Whether a call costs money, and is to be accounted for. */
  readonly billed: boolean;
  score(conversation: Conversation, signal: AbortSignal): Promise<ScoreResult>;
}

/** The score of blacklisted and opted-out leads, and what is stored as their model version. */
export const DISQUALIFIED_VERSION = 'disqualified-1';

/** Throws RangeError where a scale has no room for two scores. */
export function checkScale(scale: ScoreScale): ScoreScale {
  if (!Number.isSafeInteger(scale.min) || !Number.isSafeInteger(scale.max) || scale.min >= scale.max) {
    throw new RangeError(
      `A scale from ${scale.min} to ${scale.max} is none: give whole numbers, min below max`,
    );
  }
  return scale;
}
