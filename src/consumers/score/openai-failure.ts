import OpenAI from 'openai';
import { AnswerTooLargeError } from '../../runtime/bounded-fetch.ts';
import { ScorerError } from './scorer-error.ts';

/** What a failed request to a model (`who`) means for us, without anything that was sent or answered. */
export function failureOf(error: unknown, who = 'The scorer'): ScorerError {
  if (error instanceof ScorerError) return error;
  if (causes(error).some((cause) => cause instanceof AnswerTooLargeError)) {
    return new ScorerError('too-large', `The answer of ${who.toLowerCase()} is larger than allowed`);
  }
  if (error instanceof OpenAI.APIConnectionTimeoutError) {
    return new ScorerError('time-out', `${who} did not answer in time`);
  }
  if (error instanceof OpenAI.APIConnectionError) {
    return new ScorerError(
      'connection',
      `The connection to ${who.toLowerCase()} failed${connectionCode(error)}`,
    );
  }
  if (error instanceof OpenAI.APIError && typeof error.status === 'number') {
    const headers: unknown = error.headers;
    return byStatus(error.status, headers instanceof Headers ? headers : undefined, who);
  }
  return new ScorerError('malformed', `${who} answered something else than what was asked for`);
}

/** Only where the same request may soon succeed: an invalid answer is billed and is left to the queue. */
export function isWorthRetrying(error: ScorerError): boolean {
  return error.code === 'SCORER_UNAVAILABLE';
}

function byStatus(status: number, headers: Headers | undefined, who: string): ScorerError {
  const retryAfterMs = parseRetryAfter(headers, Date.now());
  if (status === 429) return new ScorerError('rate-limited', `${who} is busy: it answered 429`, retryAfterMs);
  if (status >= 500 || status === 408 || status === 409) {
    return new ScorerError('server-error', `${who} failed: it answered ${status}`, retryAfterMs);
  }
  return new ScorerError('rejected', `${who} rejected the request: it answered ${status}`);
}

/** `retry-after-ms`, or `Retry-After` in seconds or as a date (RFC 9110, 10.2.3). Null without a valid one. */
export function parseRetryAfter(headers: Headers | undefined, nowMs: number): number | null {
  const exact = positive(headers?.get('retry-after-ms'));
  if (exact !== null) return exact;
  const value = headers?.get('retry-after');
  const seconds = positive(value);
  if (seconds !== null) return seconds * 1_000;
  // Date.parse takes nearly anything for a date; an HTTP date begins with a weekday.
  const date = /^[A-Z][a-z]{2,8},? /.test(value ?? '') ? Date.parse(value ?? '') : Number.NaN;
  return Number.isNaN(date) ? null : Math.max(0, date - nowMs);
}

function positive(text: string | null | undefined): number | null {
  return text !== null && text !== undefined && /^\d+(?:\.\d+)?$/.test(text.trim()) ? Number(text) : null;
}

/** " (ECONNREFUSED)": the system's word for it, and nothing of the address. */
function connectionCode(error: unknown): string {
  for (const cause of causes(error)) {
    const code: unknown = Reflect.get(cause, 'code');
    if (typeof code === 'string' && /^[A-Z_]{3,40}$/.test(code)) return ` (${code})`;
  }
  return '';
}

function causes(error: unknown): Error[] {
  const chain: Error[] = [];
  for (let at = error; at instanceof Error && chain.length < 8; at = at.cause) chain.push(at);
  return chain;
}
