import { type ErrorCode, FreshetError } from '../../runtime/errors.ts';

/** Why there is no score, as a word for metrics and job errors. */
export type ScorerFailure =
  | 'time-out'
  | 'connection'
  | 'rate-limited'
  | 'server-error'
  | 'rejected'
  | 'no-answer'
  | 'malformed'
  | 'wrong-shape'
  | 'out-of-scale'
  | 'too-large';

const CODES: Readonly<Record<ScorerFailure, ErrorCode>> = {
  'time-out': 'SCORER_UNAVAILABLE',
  connection: 'SCORER_UNAVAILABLE',
  'rate-limited': 'SCORER_UNAVAILABLE',
  'server-error': 'SCORER_UNAVAILABLE',
  rejected: 'SCORER_REJECTED',
  'no-answer': 'SCORER_ANSWER',
  malformed: 'SCORER_ANSWER',
  'wrong-shape': 'SCORER_ANSWER',
  'out-of-scale': 'SCORER_ANSWER',
  'too-large': 'SCORER_ANSWER',
};

/**
 * A scorer gave no valid score. The message names what was wrong and never holds what was sent or
 * answered: neither prompt, reasons nor key. It has no `cause` for the same reason.
 */
export class ScorerError extends FreshetError {
  readonly failure: ScorerFailure;
  /** How long the endpoint asked us to wait, in milliseconds; null where it did not say. */
  readonly retryAfterMs: number | null;

  constructor(failure: ScorerFailure, message: string, retryAfterMs: number | null = null) {
    super(CODES[failure], message);
    this.name = 'ScorerError';
    this.failure = failure;
    this.retryAfterMs = retryAfterMs;
  }
}
