import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { inBatches } from '../../runtime/batches.ts';
import { boundedFetch } from '../../runtime/bounded-fetch.ts';
import { FreshetError } from '../../runtime/errors.ts';
import { errorMessage } from '../../runtime/postgres.ts';
import { RequestGate } from '../../runtime/request-gate.ts';
import { itemOutcomes, isTransient, type ItemOutcome, outcomeOf, retryAfterMs } from './answer.ts';
import { type BreakerSettings, CircuitBreaker } from './circuit-breaker.ts';
import {
  type Delivery,
  type DeliveryListener,
  type DeliveryWait,
  idempotencyKey,
  type Refusal,
} from './delivery.ts';

export interface HttpSinkOptions {
  /** Takes a POST of `{"items": [{"idempotency_key", "key", "version", "op", "data"}, …]}`. */
  readonly url: string;
  /** Asked for each request: credentials can change. */
  readonly headers?: () => Readonly<Record<string, string>>;
  readonly itemsPerRequest?: number;
  /** Of a request's body; a larger item goes alone. */
  readonly bytesPerRequest?: number;
  /** Of this process; without one there is no limit. */
  readonly requestsPerMinute?: number;
  /** For one request, headers and body. */
  readonly timeoutMs?: number;
  /** How long one call tries before it gives up, to be called again with the same items. */
  readonly patienceMs?: number;
  /** The first pause before another try; it doubles. */
  readonly firstPauseMs?: number;
  readonly breaker?: BreakerSettings;
}

/** Less than a minute: the caller holds a transaction open. */
const DEFAULTS = {
  headers: () => ({}),
  itemsPerRequest: 500,
  bytesPerRequest: 1024 * 1024,
  requestsPerMinute: Number.POSITIVE_INFINITY,
  timeoutMs: 10_000,
  patienceMs: 30_000,
  firstPauseMs: 200,
  breaker: { failures: 5, openMs: 5_000 },
} satisfies Partial<HttpSinkOptions>;

const MAX_ANSWER_BYTES = 4 * 1024 * 1024;
const MAX_PAUSE_MS = 5_000;

interface Answer {
  readonly status: number;
  readonly body: string;
  readonly retryAfterMs: number | null;
}

/** What is left of some items after a request: those to send again, and how long to wait before. */
interface Rest {
  readonly again: readonly Delivery[];
  readonly pauseMs: number | null;
  readonly why: string;
  readonly waitsFor?: DeliveryWait;
}

const DONE: Rest = { again: [], pauseMs: null, why: '' };
const NOBODY: DeliveryListener = { request: () => {}, waits: () => {}, circuit: () => {} };

/** Delivers items to an HTTP API, at least once, each try with the same idempotency keys. */
export class HttpSink {
  readonly #options: Required<HttpSinkOptions>;
  readonly #gate: RequestGate;
  readonly #breaker: CircuitBreaker;
  readonly #fetch = boundedFetch(MAX_ANSWER_BYTES);
  #listener = NOBODY;

  constructor(options: HttpSinkOptions) {
    this.#options = { ...DEFAULTS, ...options };
    this.#gate = new RequestGate(this.#options.requestsPerMinute);
    this.#breaker = new CircuitBreaker(this.#options.breaker);
  }

  /** Of several listeners the last one hears. */
  watch(listener: DeliveryListener): void {
    this.#listener = listener;
  }

  /**
   * Resolves when every item was taken or refused for good. Throws CONNECTION where the API did not answer in
   * time: some may have been taken. Throws PREFLIGHT where it lets nobody in, or is not there.
   */
  async deliver(deliveries: readonly Delivery[]): Promise<Refusal[]> {
    const refusals: Refusal[] = [];
    const deadline = performance.now() + this.#options.patienceMs;
    const limits = { count: this.#options.itemsPerRequest, bytes: this.#options.bytesPerRequest };
    const sizeOf = (delivery: Delivery): number => Buffer.byteLength(itemText(delivery));
    for (const batch of inBatches(deliveries, limits, sizeOf)) await this.#deliver(batch, refusals, deadline);
    return refusals;
  }

  async #deliver(batch: readonly Delivery[], refusals: Refusal[], deadline: number): Promise<void> {
    let items = batch;
    for (let attempt = 0; items.length > 0; attempt++) {
      const { again, pauseMs, why, waitsFor = 'retry' } = await this.#try(items, refusals, deadline);
      if (again.length === 0) return;
      const wait = pauseMs ?? Math.min(this.#options.firstPauseMs * 2 ** attempt, MAX_PAUSE_MS);
      if (performance.now() + wait > deadline)
        throw this.#unavailable(`${why}, ${again.length} items are left`);
      this.#listener.waits(waitsFor, wait / 1_000);
      await sleep(wait);
      items = again;
    }
  }

  async #try(items: readonly Delivery[], refusals: Refusal[], deadline: number): Promise<Rest> {
    const closedMs = this.#breaker.admit();
    if (closedMs > 0) {
      const why = 'the endpoint failed again and again';
      return { again: items, pauseMs: closedMs, why, waitsFor: 'circuit' };
    }
    const answer = await this.#request(items, deadline);
    if (answer instanceof Error) return { again: items, pauseMs: null, why: errorMessage(answer) };
    const { status } = answer;
    if (status === 429) this.#gate.quiet(answer.retryAfterMs ?? 0);
    if (isTransient(status))
      return { again: items, pauseMs: answer.retryAfterMs, why: `it answered ${status}` };
    if (status === 401 || status === 403 || status === 404 || status === 405) throw this.#closed(answer);
    if (status < 200 || status >= 300) return this.#refused(items, answer, refusals, deadline);
    const outcomes = itemOutcomes(answer.body, items);
    if (outcomes !== null) return this.#settle(items, outcomes, answer, refusals);
    return {
      again: items,
      pauseMs: null,
      why: `its answer has not one result for each of ${items.length} items`,
    };
  }

  /** A request that is refused as a whole is halved, until the item that is at fault stands alone. */
  async #refused(
    items: readonly Delivery[],
    answer: Answer,
    refusals: Refusal[],
    deadline: number,
  ): Promise<Rest> {
    const [only] = items;
    if (items.length === 1 && only !== undefined)
      return this.#settle(items, [outcomeOf(answer.status, answer.body, only)], answer, refusals);
    const middle = Math.ceil(items.length / 2);
    await this.#deliver(items.slice(0, middle), refusals, deadline);
    await this.#deliver(items.slice(middle), refusals, deadline);
    return DONE;
  }

  #settle(
    items: readonly Delivery[],
    outcomes: readonly ItemOutcome[],
    answer: Answer,
    refusals: Refusal[],
  ): Rest {
    const again: Delivery[] = [];
    for (const [i, delivery] of items.entries()) {
      const outcome = outcomes[i];
      if (outcome?.kind === 'again') again.push(delivery);
      if (outcome?.kind === 'refused')
        refusals.push({ delivery, status: outcome.status, message: outcome.message });
    }
    return { again, pauseMs: answer.retryAfterMs, why: 'it put items off' };
  }

  /** The answer, or why there was none. */
  async #request(items: readonly Delivery[], deadline: number): Promise<Answer | Error> {
    const left = AbortSignal.timeout(Math.max(1, Math.ceil(deadline - performance.now())));
    try {
      const waitedMs = await this.#gate.pass(left);
      // Less is what a timer is late.
      if (waitedMs >= 1) this.#listener.waits('rate', waitedMs / 1_000);
    } catch {
      this.#breaker.forgotten();
      return new Error('its rate limit left no time');
    }
    const startedAt = performance.now();
    const answer = await this.#post(items, left);
    const seconds = (performance.now() - startedAt) / 1_000;
    this.#listener.request(answer instanceof Error ? null : answer.status, seconds);
    this.#listener.circuit(this.#breaker.isOpen);
    return answer;
  }

  async #post(items: readonly Delivery[], left: AbortSignal): Promise<Answer | Error> {
    const { url, headers, timeoutMs } = this.#options;
    try {
      const response = await this.#fetch(url, {
        method: 'POST',
        headers: {
          ...headers(),
          'content-type': 'application/json',
          'idempotency-key': requestKey(items),
        },
        body: requestBody(items),
        signal: AbortSignal.any([left, AbortSignal.timeout(timeoutMs)]),
      });
      const { status } = response;
      if (status >= 500) this.#breaker.failed();
      else this.#breaker.succeeded();
      return {
        status,
        body: await response.text(),
        retryAfterMs: retryAfterMs(response.headers.get('retry-after'), Date.now()),
      };
    } catch (error) {
      this.#breaker.failed();
      return error instanceof Error ? error : new Error(String(error));
    }
  }

  #unavailable(why: string): FreshetError {
    return new FreshetError('CONNECTION', `${this.#place}: ${why}`);
  }

  #closed({ status, body }: Answer): FreshetError {
    return new FreshetError('PREFLIGHT', `${this.#place} answered ${status}: ${body.slice(0, 200)}`, {
      cure: 'Check the URL and the credentials of the sink, then start again.',
    });
  }

  /** Without what may be secret in a URL. */
  get #place(): string {
    const { host, pathname } = new URL(this.#options.url);
    return `${host}${pathname}`;
  }
}

function requestBody(items: readonly Delivery[]): string {
  return `{"items":[${items.map(itemText).join(',')}]}`;
}

function itemText(delivery: Delivery): string {
  const { key, version, op, body } = delivery;
  return JSON.stringify({ idempotency_key: idempotencyKey(delivery), key, version, op, data: body });
}

/** Of the same items the same one. */
function requestKey(items: readonly Delivery[]): string {
  const hash = createHash('sha256');
  for (const item of items) hash.update(`${idempotencyKey(item)}\n`);
  return hash.digest('hex').slice(0, 32);
}
