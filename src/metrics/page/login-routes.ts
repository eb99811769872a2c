import type { IncomingMessage } from 'node:http';
import type { HttpAccess } from '../http-access.ts';
import type { HttpRoute } from '../http-server.ts';
import { pageFile, sendPage } from './page-files.ts';

const MAX_BODY_BYTES = 4_096;
/** What the form shows only after a wrong token. */
const WRONG = /<p id="wrong" hidden/;

/** /login: asks a person for the token once, and keeps a cookie in the token's stead. */
export function loginRoutes(access: HttpAccess): HttpRoute[] {
  const form = pageFile('login.html');
  return [
    {
      path: '/login',
      methods: ['GET'],
      access: 'open',
      answer: ({ response }) => sendPage(response, 200, form, form.read()),
    },
    {
      path: '/login',
      methods: ['POST'],
      access: 'open',
      answer: async ({ request, response }) => {
        const token = new URLSearchParams(await bodyOf(request)).get('token') ?? '';
        if (access.isToken(token.trim())) {
          const isSecure = request.headers['x-forwarded-proto'] === 'https';
          response.writeHead(303, { location: '/', 'set-cookie': access.sessionCookie(isSecure) }).end();
          return;
        }
        const page = form.read().toString().replace(WRONG, '<p id="wrong"');
        sendPage(response, 401, form, Buffer.from(page));
      },
    },
  ];
}

/** Empty where it is longer than any token. */
async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes <= MAX_BODY_BYTES) chunks.push(chunk);
  }
  return bytes > MAX_BODY_BYTES ? '' : Buffer.concat(chunks).toString();
}
