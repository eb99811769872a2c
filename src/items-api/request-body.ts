import type { IncomingMessage } from 'node:http';
import { type Problem, problem } from './problem.ts';

const BODY_MS = 30_000;
/** What of a refused body is still read, and thrown away, so that its sender hears the answer. */
const MAX_DRAINED_BYTES = 64 * 1024 * 1024;

/** Bytes of bodies that are in memory at once, over all requests. */
export class BodyBudget {
  readonly #maxBytes: number;
  #used = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Null where there is no room now. */
  reserve(bytes: number): Disposable | null {
    // One that is larger than all the room there is would never come in.
    if (this.#used > 0 && this.#used + bytes > this.#maxBytes) return null;
    this.#used += bytes;
    return { [Symbol.dispose]: () => void (this.#used -= bytes) };
  }
}

/** The body's length as its sender promises it; null where it comes in chunks. */
export function promisedBytes(request: IncomingMessage): number | null {
  const { 'content-length': length } = request.headers;
  return length === undefined ? null : Number(length);
}

/** The whole body, or 413. Rejects where the sender went away, or takes so long that he keeps others out. */
export async function readBody(request: IncomingMessage, maxBytes: number): Promise<Buffer | Problem> {
  const late = setTimeout(() => request.destroy(), BODY_MS);
  try {
    const chunks: Buffer[] = [];
    let bytes = 0;
    for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      if (bytes > maxBytes) return tooLarge(maxBytes);
      chunks.push(chunk);
    }
    return Buffer.concat(chunks);
  } finally {
    clearTimeout(late);
  }
}

export function tooLarge(maxBytes: number): Problem {
  return problem(413, `the body is larger than ${maxBytes} bytes: send fewer items at once`);
}

/** Reads what is left of the body into nothing; gives up on a sender who has no end. */
export async function drain(request: IncomingMessage): Promise<void> {
  let bytes = 0;
  try {
    for await (const chunk of request as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      if (bytes > MAX_DRAINED_BYTES) break;
    }
  } catch {
    // The sender went away: nobody waits for the answer.
  }
}

const UTF8 = new TextDecoder('utf-8', { fatal: true });

/** The body's JSON value, or 400. */
export function parseBody(body: Buffer): { readonly value: unknown } | Problem {
  let text: string;
  try {
    text = UTF8.decode(body);
  } catch {
    return problem(400, 'the body is not UTF-8');
  }
  try {
    return { value: JSON.parse(text) as unknown };
  } catch {
    return problem(400, 'the body is not JSON');
  }
}
