import { createHmac, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { HttpAccess } from '../metrics/http-access.ts';
import { type Problem, problem } from './problem.ts';

export interface Credentials {
  /** Keys of Standard Webhooks, decoded: two while they are changed. */
  readonly signingKeys: readonly Buffer[];
  readonly tokens: readonly string[];
  /** How far a signature's time may be from ours, to either side. */
  readonly toleranceSeconds: number;
}

/** Who is let in so far: by a token, or by a signature that is to be compared with the body. */
export type Caller =
  | { readonly kind: 'token' }
  | {
      readonly kind: 'signed';
      readonly id: string;
      readonly isGenuine: (body: Buffer) => boolean;
    };

const SIGNED = 'v1,';
const MAX_ID_LENGTH = 300;
/** A header full of signatures is not worth an HMAC each. */
const MAX_SIGNATURES = 10;

/**
 * Judges the headers alone: nobody has to read the body of a stranger. A bearer token, or the headers of Standard
 * Webhooks (https://www.standardwebhooks.com): `webhook-id`, `webhook-timestamp` and `webhook-signature`, the
 * base64 of HMAC-SHA256 over "<id>.<timestamp>.<body>" behind "v1,".
 */
export function authenticate(
  headers: IncomingHttpHeaders,
  credentials: Credentials,
  nowMs: number,
): Caller | Problem {
  const { authorization } = headers;
  if (authorization !== undefined)
    return isToken(authorization, credentials.tokens) ? { kind: 'token' } : problem(401, 'unknown token');
  const id = only(headers['webhook-id']);
  const timestamp = only(headers['webhook-timestamp']);
  const signatures = only(headers['webhook-signature']);
  if (id === null || timestamp === null || signatures === null)
    return problem(
      401,
      'needs "authorization: Bearer …", or webhook-id, webhook-timestamp and webhook-signature',
    );
  if (id.length > MAX_ID_LENGTH) return problem(400, `webhook-id: at most ${MAX_ID_LENGTH} characters`);
  const skewSeconds = /^\d{1,12}$/.test(timestamp) ? Math.abs(nowMs / 1000 - Number(timestamp)) : Number.NaN;
  if (!(skewSeconds <= credentials.toleranceSeconds))
    return problem(401, `webhook-timestamp: more than ${credentials.toleranceSeconds} s from now`);
  return {
    kind: 'signed',
    id,
    isGenuine: (body) => isGenuine(`${id}.${timestamp}.`, body, signatures, credentials.signingKeys),
  };
}

function isGenuine(signed: string, body: Buffer, signatures: string, keys: readonly Buffer[]): boolean {
  const given = signatures
    .split(' ')
    .filter((each) => each.startsWith(SIGNED))
    .slice(0, MAX_SIGNATURES)
    .map((each) => Buffer.from(each.slice(SIGNED.length), 'base64'));
  return keys.some((key) => {
    const expected = createHmac('sha256', key).update(signed).update(body).digest();
    return given.some((each) => each.length === expected.length && timingSafeEqual(each, expected));
  });
}

function isToken(authorization: string, tokens: readonly string[]): boolean {
  const [, token = ''] = /^Bearer +(\S+) *$/i.exec(authorization) ?? [];
  return tokens.some((each) => new HttpAccess(each).isToken(token));
}

function only(header: string | string[] | undefined): string | null {
  return typeof header === 'string' && header !== '' ? header : null;
}
