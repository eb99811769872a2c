import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { ReceivedRequests } from '../sinks/received-requests.ts';
import type { PostedItem } from '../topics/posted-items.ts';
import { authenticate, type Caller, type Credentials } from './authentication.ts';
import { bodySchema, describeIssue, parseItem } from './item-schema.ts';
import { type Problem, problem } from './problem.ts';
import { BodyBudget, parseBody, promisedBytes, readBody, tooLarge } from './request-body.ts';

export interface EndpointOptions {
  readonly credentials: Credentials;
  readonly maxBodyBytes: number;
  readonly maxItems: number;
  /** Of all requests that are read or worked on at once. */
  readonly maxInFlightBytes: number;
  readonly log: { append(items: readonly PostedItem[]): Promise<void> };
  readonly received: Pick<ReceivedRequests, 'claim' | 'finish' | 'release'>;
  readonly observer: EndpointObserver;
}

interface EndpointObserver {
  items(outcome: 'accepted' | 'refused' | 'repeated', count: number): void;
  failed(error: unknown): void;
}

/** The answer to a request that was worked on. */
export interface Answer {
  readonly status: 200 | 207;
  /** JSON. */
  readonly body: string;
  /** It was given before, to the same request. */
  readonly repeated: boolean;
}

interface ItemResult {
  readonly status: 202 | 422;
  readonly error?: string;
}

const RETRY_SECONDS = 1;
const UNAVAILABLE_SECONDS = 5;
const MAX_KEY_LENGTH = 300;

/**
 * `POST /v1/items:upsert`. An item is accepted when the topic's replicas have it; only then the request is answered.
 * A request that was answered once, by its id, gets the same answer again and changes nothing.
 */
export class ItemsEndpoint {
  readonly #options: EndpointOptions;
  readonly #budget: BodyBudget;

  constructor(options: EndpointOptions) {
    this.#options = options;
    this.#budget = new BodyBudget(options.maxInFlightBytes);
  }

  async handle(request: IncomingMessage): Promise<Answer | Problem> {
    const { credentials, maxBodyBytes } = this.#options;
    const caller = authenticate(request.headers, credentials, Date.now());
    if ('status' in caller) return caller;
    const form = formProblem(request);
    if (form !== null) return form;
    const promised = promisedBytes(request) ?? maxBodyBytes;
    if (promised > maxBodyBytes) return tooLarge(maxBodyBytes);
    using room = this.#budget.reserve(promised);
    if (room === null) return problem(429, 'too much is being worked on', RETRY_SECONDS);
    const body = await readBody(request, maxBodyBytes);
    if ('status' in body) return body;
    if (caller.kind === 'signed' && !caller.isGenuine(body))
      return problem(401, 'webhook-signature: not of this body and time by any known key');
    const items = this.#itemsOf(body);
    return 'status' in items ? items : await this.#once(requestId(request, caller), body, items);
  }

  #itemsOf(body: Buffer): readonly unknown[] | Problem {
    const parsed = parseBody(body);
    if ('status' in parsed) return parsed;
    const checked = bodySchema.safeParse(parsed.value);
    if (!checked.success) {
      const [issue] = checked.error.issues;
      return problem(400, issue === undefined ? 'the body is not as it should be' : describeIssue(issue));
    }
    const { items } = checked.data;
    const { maxItems } = this.#options;
    if (items.length <= maxItems) return items;
    return problem(413, `${items.length} items: send at most ${maxItems} at once`);
  }

  async #once(id: string | null, body: Buffer, items: readonly unknown[]): Promise<Answer | Problem> {
    if (id === null) return this.#accept(items).catch((error: unknown) => this.#unavailable(error));
    const { received, observer } = this.#options;
    try {
      const claim = await received.claim(id, createHash('sha256').update(body).digest('base64'));
      switch (claim.kind) {
        case 'busy':
          return problem(409, 'a request with this id is being worked on', RETRY_SECONDS);
        case 'other':
          return problem(422, 'this id was used for another request');
        case 'done':
          observer.items('repeated', items.length);
          return answerOf(claim.answer, true);
        case 'mine':
          return await this.#claimed(id, items);
      }
    } catch (error) {
      return this.#unavailable(error);
    }
  }

  async #claimed(id: string, items: readonly unknown[]): Promise<Answer> {
    const { received } = this.#options;
    let answer: Answer;
    try {
      answer = await this.#accept(items);
    } catch (error) {
      await received.release(id).catch(() => {});
      throw error;
    }
    // Unless this is kept a replay would be taken for new: the sender does not hear that all is well.
    await received.finish(id, answer.body);
    return answer;
  }

  async #accept(items: readonly unknown[]): Promise<Answer> {
    const accepted: PostedItem[] = [];
    const results = items.map((input): ItemResult => {
      const item = parseItem(input);
      if ('error' in item) return { status: 422, error: item.error };
      accepted.push(item);
      return { status: 202 };
    });
    if (accepted.length > 0) await this.#options.log.append(accepted);
    this.#options.observer.items('accepted', accepted.length);
    this.#options.observer.items('refused', items.length - accepted.length);
    return answerOf(JSON.stringify({ results }), false);
  }

  #unavailable(error: unknown): Problem {
    this.#options.observer.failed(error);
    return problem(503, 'the items cannot be kept now: send them again', UNAVAILABLE_SECONDS);
  }
}

function answerOf(body: string, repeated: boolean): Answer {
  return { status: body.includes('{"status":422') ? 207 : 200, body, repeated };
}

function formProblem(request: IncomingMessage): Problem | null {
  const { 'content-type': type = '', 'content-encoding': encoding = 'identity' } = request.headers;
  if (!/^application\/json\s*(?:;|$)/i.test(type))
    return problem(415, 'content-type: application/json is wanted');
  if (encoding !== 'identity') return problem(415, `content-encoding: ${encoding.slice(0, 50)} is not read`);
  const key = request.headers['idempotency-key'];
  if (key !== undefined && (key.length === 0 || key.length > MAX_KEY_LENGTH))
    return problem(400, `idempotency-key: 1 to ${MAX_KEY_LENGTH} characters`);
  return null;
}

/** By which a request is known again; null where it has none, and is done as often as it comes. */
function requestId(request: IncomingMessage, caller: Caller): string | null {
  if (caller.kind === 'signed') return `webhook ${caller.id}`;
  const key = request.headers['idempotency-key'];
  return typeof key === 'string' ? `key ${key}` : null;
}
