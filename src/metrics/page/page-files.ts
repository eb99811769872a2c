import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { extname, join } from 'node:path';
import { FreshetError } from '../../runtime/errors.ts';
import type { HttpRoute } from '../http-server.ts';

/** Beside `src/` and `dist/`: the page is the same for both. */
const FOLDER = join(import.meta.dirname, '../../../page');
const RUNBOOKS = join(import.meta.dirname, '../../../docs/runbooks');

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
  // Shown, not saved.
  '.md': 'text/plain; charset=utf-8',
};

/** Nothing from elsewhere, nothing inline; nobody frames the page. */
const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
  "base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

interface PageFile {
  readonly name: string;
  read(): Buffer;
}

/** Throws INTERNAL where the package lacks the file. */
export function pageFile(name: string, folder = FOLDER): PageFile {
  return {
    name,
    read: () => {
      const path = join(folder, name);
      try {
        return readFileSync(path);
      } catch (error) {
        throw new FreshetError('INTERNAL', `the package lacks ${path}`, { cause: error });
      }
    },
  };
}

/** `/` is index.html; the others lie under /page/. Style and marks are open: the form that asks for the token has them. */
export function pageRoutes(): HttpRoute[] {
  return readdirSync(FOLDER)
    .filter((name) => extname(name) in TYPES && name !== 'login.html')
    .map((name): HttpRoute => {
      const file = pageFile(name);
      const isOpen = name.endsWith('.css') || name.endsWith('.svg');
      return {
        path: name === 'index.html' ? '/' : `/page/${name}`,
        methods: ['GET'],
        access: isOpen ? 'open' : 'token',
        answer: ({ request, response }) => {
          const body = file.read();
          const etag = `"${createHash('sha256').update(body).digest('base64url').slice(0, 20)}"`;
          response.setHeader('etag', etag);
          if (request.headers['if-none-match'] === etag) response.writeHead(304).end();
          else sendPage(response, 200, file, body);
        },
      };
    });
}

/** What to do about each alert, under /runbooks/: where an alert's `runbook_url` can lead. They say nothing of the data. */
export function runbookRoutes(): HttpRoute[] {
  return readdirSync(RUNBOOKS).map((name): HttpRoute => {
    const file = pageFile(name, RUNBOOKS);
    return {
      path: `/runbooks/${name}`,
      methods: ['GET'],
      access: 'open',
      answer: ({ response }) => sendPage(response, 200, file, file.read()),
    };
  });
}

export function sendPage(response: ServerResponse, status: number, { name }: PageFile, body: Buffer): void {
  response
    .writeHead(status, {
      'content-type': TYPES[extname(name)] ?? 'application/octet-stream',
      'content-length': body.length,
      'cache-control': 'no-cache',
      'content-security-policy': POLICY,
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
    })
    .end(body);
}
