import { createHmac, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { isIPv4 } from 'node:net';

const COOKIE = 'freshet_session';
const COOKIE_DAYS = 30;

/** Who may see what is not for everybody: whoever shows the token; where there is none, whoever is on this machine. */
export class HttpAccess {
  readonly #token: string | null;

  constructor(token: string | null) {
    this.#token = token;
  }

  /**
   * Without a token, a page of another site could still ask us through a name of its own that leads to
   * 127.0.0.1 (DNS rebinding): only names of loopback are answered then.
   */
  isNamedRightly({ headers }: Pick<IncomingMessage, 'headers'>): boolean {
    if (this.#token !== null) return true;
    const name = URL.parse(`http://${headers.host ?? 'localhost'}`)?.hostname;
    return name !== undefined && isLoopback(name.replace(/^\[|\]$/g, ''));
  }

  allows({ headers }: Pick<IncomingMessage, 'headers'>): boolean {
    if (this.#token === null) return true;
    const bearer = /^Bearer (.+)$/i.exec(headers.authorization ?? '')?.[1];
    if (bearer !== undefined && this.isToken(bearer)) return true;
    const cookie = cookieNamed(headers.cookie ?? '', COOKIE);
    return cookie !== null && isSame(cookie, sessionOf(this.#token));
  }

  isToken(text: string): boolean {
    return this.#token !== null && isSame(text, this.#token);
  }

  /** The Set-Cookie header for who has shown the token; the cookie does not hold it. */
  sessionCookie(isSecure: boolean): string {
    const value = this.#token === null ? '' : sessionOf(this.#token);
    const age = COOKIE_DAYS * 24 * 3_600;
    return `${COOKIE}=${value}; Path=/; Max-Age=${age}; HttpOnly; SameSite=Strict${isSecure ? '; Secure' : ''}`;
  }
}

/** Whether only this machine can reach what listens there. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIPv4(host) && host.startsWith('127.'));
}

function sessionOf(token: string): string {
  return createHmac('sha256', token).update('freshet status page').digest('base64url');
}

/** Takes the same time whatever differs. */
function isSame(a: string, b: string): boolean {
  const [left, right] = [a, b].map((text) => createHmac('sha256', 'length').update(text).digest());
  return left !== undefined && right !== undefined && timingSafeEqual(left, right);
}

function cookieNamed(header: string, name: string): string | null {
  for (const part of header.split(';')) {
    const [key, value] = part.trim().split('=', 2);
    if (key === name && value !== undefined) return value;
  }
  return null;
}
