import { randomBytes } from 'node:crypto';
import { Webhook } from 'standardwebhooks';
import { describe, expect, it } from 'vitest';
import { authenticate, type Credentials } from '../../src/items-api/authentication.ts';

const NOW = new Date('2026-03-01T12:00:00Z');
const [OLD, NEW, STRANGE] = [1, 2, 3].map(() => randomBytes(32)) as [Buffer, Buffer, Buffer];
const BODY = Buffer.from('{"items":[{"key":"ä"}]}');

const credentials = (signingKeys: readonly Buffer[]): Credentials => ({
  signingKeys,
  tokens: ['a-token-of-a-shop'],
  toleranceSeconds: 300,
});

/** As the scheme's own library signs. */
function signed(key: Buffer, id = 'msg_1', at = NOW): Record<string, string> {
  return {
    'webhook-id': id,
    'webhook-timestamp': String(Math.floor(at.getTime() / 1000)),
    'webhook-signature': new Webhook(key.toString('base64')).sign(id, at, BODY.toString()),
  };
}

function isLetIn(headers: Record<string, string>, keys: readonly Buffer[], body = BODY): boolean {
  const caller = authenticate(headers, credentials(keys), NOW.getTime());
  return 'kind' in caller && (caller.kind === 'token' || caller.isGenuine(body));
}

describe('who posts items', () => {
  it('is let in by a signature of any key that is valid, while keys are changed', () => {
    expect(isLetIn(signed(OLD), [OLD, NEW])).toBe(true);
    expect(isLetIn(signed(NEW), [OLD, NEW])).toBe(true);
    const both = `${signed(STRANGE)['webhook-signature']} ${signed(NEW)['webhook-signature']}`;
    expect(isLetIn({ ...signed(NEW), 'webhook-signature': both }, [NEW])).toBe(true);
  });

  it.each<[string, Record<string, string>]>([
    ['another key', signed(STRANGE)],
    ['another id', { ...signed(OLD), 'webhook-id': 'msg_2' }],
    ['another time', { ...signed(OLD), 'webhook-timestamp': String(NOW.getTime() / 1000 + 1) }],
    ['a version that is not known', { ...signed(OLD), 'webhook-signature': 'v2,AAAA' }],
    ['no signature at all', { ...signed(OLD), 'webhook-signature': '' }],
    ['a time long ago', signed(OLD, 'msg_1', new Date(NOW.getTime() - 301_000))],
    ['a time to come', signed(OLD, 'msg_1', new Date(NOW.getTime() + 301_000))],
    ['a time that is none', { ...signed(OLD), 'webhook-timestamp': 'now' }],
    ['no headers', {}],
    ['another token', { authorization: 'Bearer a-token-of-a-sho' }],
    ['a token and no scheme', { authorization: 'a-token-of-a-shop' }],
    ['a wrong token beside a signature', { ...signed(OLD), authorization: 'Bearer x' }],
  ])('is not let in with %s', (_, headers) => {
    expect(isLetIn(headers, [OLD])).toBe(false);
  });

  it('is not let in with the signature of another body', () => {
    expect(isLetIn(signed(OLD), [OLD], Buffer.from(BODY.toString().replace('ä', 'a')))).toBe(false);
  });

  it('is let in within the tolerance, and by a token', () => {
    expect(isLetIn(signed(OLD, 'msg_1', new Date(NOW.getTime() - 299_000)), [OLD])).toBe(true);
    expect(isLetIn({ authorization: 'bearer a-token-of-a-shop' }, [])).toBe(true);
  });
});
