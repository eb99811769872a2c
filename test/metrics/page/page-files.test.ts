import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { HttpAccess } from '../../../src/metrics/http-access.ts';
import { HttpServer } from '../../../src/metrics/http-server.ts';
import { loginRoutes } from '../../../src/metrics/page/login-routes.ts';
import { pageRoutes, runbookRoutes } from '../../../src/metrics/page/page-files.ts';

const FOLDER = join(import.meta.dirname, '../../../page');
const TOKEN = 'a-token-of-the-tests';

const listen = (token: string | null): Promise<HttpServer> =>
  HttpServer.listen({ host: '127.0.0.1', port: 0, token }, [
    ...pageRoutes(),
    ...runbookRoutes(),
    ...loginRoutes(new HttpAccess(token)),
  ]);

const HTML = { headers: { accept: 'text/html' }, redirect: 'manual' } as const;

describe('the files of the page', () => {
  it('are served as what they are, and again only when they changed', async () => {
    await using server = await listen(null);
    for (const name of readdirSync(FOLDER).filter(
      (each) => each !== 'login.html' && !each.endsWith('.json'),
    )) {
      const url = name === 'index.html' ? `${server.url}/` : `${server.url}/page/${name}`;
      const first = await fetch(url);
      expect(await first.text()).toBe(readFileSync(join(FOLDER, name), 'utf8'));
      expect(first.headers.get('content-security-policy')).toContain("default-src 'none'");
      const again = await fetch(url, { headers: { 'if-none-match': first.headers.get('etag') ?? '' } });
      expect(again.status).toBe(304);
    }
  });

  it('name no other place, and nothing that their policy forbids', () => {
    for (const name of readdirSync(FOLDER).filter((each) => !each.endsWith('.json'))) {
      const text = readFileSync(join(FOLDER, name), 'utf8').replaceAll('http://www.w3.org/2000/svg', '');
      expect(text).not.toMatch(/https?:\/\/|\sstyle="|\son[a-z]+="|<style|<script>/);
    }
  });

  it.each([
    '/page/../package.json',
    '/page/%2e%2e/package.json',
    '/page/',
    '/page/login.html',
    '/page/tsconfig.json',
  ])('are all there is: not %s', async (path) => {
    await using server = await listen(null);
    expect((await fetch(`${server.url}${path}`)).status).toBe(404);
  });

  it('have the runbooks beside them, also for who has no token', async () => {
    await using server = await listen(TOKEN);
    const runbook = await fetch(`${server.url}/runbooks/slot-lost.md`);
    expect([runbook.status, runbook.headers.get('content-type')]).toEqual([200, 'text/plain; charset=utf-8']);
    expect(await runbook.text()).toContain('# FreshetSlotLost\n');
  });

  it('lead to the form where the token is missing, and on from there', async () => {
    await using server = await listen(TOKEN);
    const page = await fetch(`${server.url}/`, HTML);
    expect([page.status, page.headers.get('location')]).toEqual([303, '/login']);
    expect((await fetch(`${server.url}/page/main.js`)).status).toBe(401);
    expect(await (await fetch(`${server.url}/login`)).text()).toContain('id="wrong" hidden');
    const logIn = (token: string): Promise<Response> =>
      fetch(`${server.url}/login`, {
        method: 'POST',
        body: new URLSearchParams({ token }),
        redirect: 'manual',
      });
    const wrong = await logIn('a-token-of-nobody');
    expect([wrong.status, wrong.headers.get('set-cookie')]).toEqual([401, null]);
    expect(await wrong.text()).not.toContain('id="wrong" hidden');
    expect((await logIn('x'.repeat(100_000))).status).toBe(401);
    const right = await logIn(TOKEN);
    const cookie = right.headers.get('set-cookie') ?? '';
    expect([right.status, right.headers.get('location')]).toEqual([303, '/']);
    expect(cookie).toMatch(/HttpOnly; SameSite=Strict$/);
    expect(cookie).not.toContain(TOKEN);
    expect((await fetch(`${server.url}/`, { headers: { cookie: cookie.split(';')[0] ?? '' } })).status).toBe(
      200,
    );
  });
});
