import { z } from 'zod';
import type { Delivery } from './delivery.ts';

/** What became of one item: taken, to be sent again, or refused for good. */
export type ItemOutcome =
  | { readonly kind: 'taken' }
  | { readonly kind: 'again'; readonly status: number }
  | { readonly kind: 'refused'; readonly status: number; readonly message: string };

const TAKEN: ItemOutcome = { kind: 'taken' };

const answer = z.object({
  results: z.array(
    z.object({ status: z.int().min(100).max(599), error: z.union([z.string(), z.unknown()]).optional() }),
  ),
});

/** Worth another try: time-outs, conflicts with a request under way, rate limits, faults of the server. */
export function isTransient(status: number): boolean {
  return status === 408 || status === 409 || status === 425 || status === 429 || status >= 500;
}

/**
 * The outcome of each item by the body of a 2xx answer: `{"results": [{"status": 422, "error": "…"}, …]}`, in
 * the order of the request. A body of another form took them all; null: a list of another length says nothing.
 */
export function itemOutcomes(body: string, deliveries: readonly Delivery[]): ItemOutcome[] | null {
  const parsed = answer.safeParse(parseJson(body));
  if (!parsed.success) return deliveries.map(() => TAKEN);
  const { results } = parsed.data;
  if (results.length !== deliveries.length) return null;
  return results.map(({ status, error }, i) => outcomeOf(status, error, deliveries[i]));
}

export function outcomeOf(status: number, error: unknown, delivery: Delivery | undefined): ItemOutcome {
  if (status < 300) return TAKEN;
  // What is to be deleted and is not there is deleted.
  if (delivery?.op === 'delete' && (status === 404 || status === 410)) return TAKEN;
  if (isTransient(status)) return { kind: 'again', status };
  const message = typeof error === 'string' ? error : (JSON.stringify(error) ?? '');
  return { kind: 'refused', status, message: message.slice(0, 300) };
}

/** Milliseconds; null where there is none. Seconds or an HTTP date (RFC 9110, 10.2.3). */
export function retryAfterMs(header: string | null, nowMs: number): number | null {
  if (header === null) return null;
  if (/^\d+$/.test(header.trim())) return Number(header) * 1_000;
  const at = Date.parse(header);
  return Number.isNaN(at) ? null : Math.max(0, at - nowMs);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
