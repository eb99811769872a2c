import { mkdtempSync, rmSync } from 'node:fs';
import { type IncomingMessage, request, type ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createRegistry, type RegistryOptions } from '../../src/topics/registry.ts';
import { type Certificates, makeCertificates } from '../support/certificates.ts';
import { listenHere, type LocalServer } from '../support/local-server.ts';
import { services } from '../support/services.ts';
import { StallingProxy } from '../support/stalling-proxy.ts';

const USER = { username: 'freshet', password: 'a:pass word' };
const AUTHORIZATION = `Basic ${Buffer.from(`${USER.username}:${USER.password}`).toString('base64')}`;
const SCHEMA = { type: 'record', name: 'r', fields: [{ name: 'a', type: 'int' }] } as const;

/** The registry behind TLS that asks for a client certificate, and behind a password. */
function guard({ ca, server: { cert, key } }: Certificates, url: string) {
  const forward = (from: IncomingMessage, to: ServerResponse): void => {
    if (from.headers.authorization !== AUTHORIZATION) {
      to.writeHead(401, { 'content-type': 'application/json' }).end('{"error_code":401,"message":"no"}');
      return;
    }
    const { host: _, ...headers } = from.headers;
    const onward = request(new URL(url).origin + (from.url ?? ''), { method: from.method, headers });
    onward.on('response', (answer) => {
      to.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(to);
    });
    from.pipe(onward);
  };
  return createServer({ ca, cert, key, requestCert: true, rejectUnauthorized: true }, forward);
}

describe('a registry behind TLS and a password', () => {
  let certificates: Certificates;
  let server: LocalServer;
  let url: string;

  beforeAll(async () => {
    const folder = mkdtempSync(join(tmpdir(), 'freshet-tls-'));
    certificates = makeCertificates(folder);
    rmSync(folder, { recursive: true });
    const registry = new URL(services().registryUrl);
    server = await listenHere(guard(certificates, registry.href));
    url = `https://localhost:${server.port}${registry.pathname}`;
  });

  afterAll(() => server[Symbol.asyncDispose]());

  const registering = (options: Omit<RegistryOptions, 'url'>): Promise<number> =>
    createRegistry({ url, ...options }).register(`guarded-${process.pid}-${performance.now()}`, SCHEMA);

  it('takes the client certificate and the user', async () => {
    const { ca, client } = certificates;
    const options = { url, auth: USER, tls: { ca, ...client } };
    const id = await registering(options);
    await expect(createRegistry(options).schemaById(id)).resolves.toMatchObject(SCHEMA);
  });

  it('refuses a wrong password, and says what to correct', async () => {
    const { ca, client } = certificates;
    const auth = { ...USER, password: 'wrong' };
    await expect(registering({ auth, tls: { ca, ...client } })).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      cure: expect.stringMatching(/password/),
    });
  });

  it.each<[string, (all: Certificates) => NonNullable<RegistryOptions['tls']>]>([
    ['no client certificate', ({ ca }) => ({ ca })],
    ['a certificate of another authority', ({ other, client }) => ({ ca: other, ...client })],
  ])('is not spoken to with %s', async (_what, tls) => {
    await expect(registering({ auth: USER, tls: tls(certificates) })).rejects.toMatchObject({
      code: 'CONNECTION',
    });
  });
});

describe('a registry that falls silent', () => {
  const REQUEST_TIMEOUT_MS = 300;

  async function behindProxy() {
    const { hostname: host, port, pathname } = new URL(services().registryUrl);
    const proxy = await StallingProxy.open({ host, port: Number(port) });
    const url = `http://127.0.0.1:${proxy.port}${pathname}`;
    return { proxy, registry: createRegistry({ url, requestTimeoutMs: REQUEST_TIMEOUT_MS }) };
  }
  const subject = (): string => `silent-${process.pid}-${performance.now()}`;

  it('is asked again over a new connection', async () => {
    const { proxy, registry } = await behindProxy();
    await using _ = proxy;
    await registry.register(subject(), SCHEMA);
    proxy.stall();
    await expect(registry.register(subject(), SCHEMA)).resolves.toBeGreaterThan(0);
  });

  it('for good is told as a lost connection', async () => {
    const { proxy, registry } = await behindProxy();
    await using _ = proxy;
    proxy.stall({ newOnes: true });
    await expect(registry.register(subject(), SCHEMA)).rejects.toMatchObject({ code: 'CONNECTION' });
  });
});
