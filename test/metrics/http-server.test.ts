import { request } from 'node:http';
import { describe, expect, it } from 'vitest';
import { HttpAccess, isLoopback } from '../../src/metrics/http-access.ts';
import { type HttpRoute, HttpServer } from '../../src/metrics/http-server.ts';

const TOKEN = 'a-token-of-the-tests';

const ROUTES: readonly HttpRoute[] = [
  { path: '/figures', methods: ['GET'], access: 'token', answer: ({ response }) => void response.end('42') },
  { path: '/healthz', methods: ['GET'], access: 'open', answer: ({ response }) => void response.end('ok') },
  {
    path: '/broken',
    methods: ['GET'],
    access: 'open',
    answer: () => {
      throw new Error('it broke');
    },
  },
];

interface Asked {
  readonly status: number;
  readonly text: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}

/** `fetch` does not let the Host header be chosen. */
function ask(
  url: string,
  options: { method?: string; headers?: Record<string, string> } = {},
): Promise<Asked> {
  return new Promise((resolve, reject) => {
    request(url, { ...options, agent: false }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (part: string) => (text += part));
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, text, headers: response.headers }),
      );
    })
      .on('error', reject)
      .end();
  });
}

const listen = (token: string | null, host = '127.0.0.1'): Promise<HttpServer> =>
  HttpServer.listen({ host, port: 0, token }, ROUTES);

describe('the HTTP server', () => {
  it('answers at the paths of its routes, and names them elsewhere', async () => {
    await using server = await listen(null);
    expect(await ask(`${server.url}/figures?x=1`)).toMatchObject({ status: 200, text: '42' });
    const missing = await ask(`${server.url}/elsewhere`);
    expect(missing.status).toBe(404);
    expect(missing.text).toContain('/figures, /healthz');
  });

  it('refuses methods that a path does not have, and answers HEAD like GET', async () => {
    await using server = await listen(null);
    const refused = await ask(`${server.url}/figures`, { method: 'DELETE' });
    expect(refused).toMatchObject({ status: 405, headers: { allow: 'GET' } });
    expect(await ask(`${server.url}/figures`, { method: 'HEAD' })).toMatchObject({ status: 200, text: '' });
  });

  it('goes on after a route that throws', async () => {
    await using server = await listen(null);
    expect(await ask(`${server.url}/broken`)).toMatchObject({ status: 500, text: 'it broke' });
    expect(await ask(`${server.url}/figures`)).toMatchObject({ status: 200 });
  });

  it.each([
    ['nothing', {}, 401],
    ['another token', { authorization: 'Bearer a-token-of-nobody' }, 401],
    ['the token as a prefix', { authorization: `Bearer ${TOKEN}x` }, 401],
    ['the token as a cookie', { cookie: `freshet_session=${TOKEN}` }, 401],
    ['a session of another token', { cookie: cookieOf('another-token-of-tests') }, 401],
    ['the token', { authorization: `Bearer ${TOKEN}` }, 200],
    ['a session', { cookie: `theme=dark; ${cookieOf(TOKEN)}` }, 200],
  ])('where there is a token, %s gives its due', async (_what, headers, status) => {
    await using server = await listen(TOKEN);
    expect((await ask(`${server.url}/figures`, { headers })).status).toBe(status);
    expect((await ask(`${server.url}/healthz`, { headers })).status).toBe(200);
  });

  it.each(['0.0.0.0', '::', '10.0.0.1', 'freshet.example'])(
    'listens on %s only with a token',
    async (host) => {
      await expect(listen(null, host)).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
      expect(isLoopback(host)).toBe(false);
    },
  );

  it('listens everywhere with a token', async () => {
    await using server = await listen(TOKEN, '0.0.0.0');
    const { port } = new URL(server.url);
    expect((await ask(`http://127.0.0.1:${port}/figures`)).status).toBe(401);
  });

  it.each([
    ['127.0.0.1:9464', 200],
    ['localhost', 200],
    ['[::1]:9464', 200],
    ['rebound.example', 403],
    ['127.0.0.1.rebound.example:9464', 403],
  ])('without a token, asked as %s, it answers %d', async (host, status) => {
    await using server = await listen(null);
    expect((await ask(`${server.url}/figures`, { headers: { host } })).status).toBe(status);
  });

  it('with a token it may be asked by any name', async () => {
    await using server = await listen(TOKEN);
    const headers = { host: 'freshet.example', authorization: `Bearer ${TOKEN}` };
    expect((await ask(`${server.url}/figures`, { headers })).status).toBe(200);
  });
});

function cookieOf(token: string): string {
  return new HttpAccess(token).sessionCookie(false).split(';')[0] ?? '';
}
