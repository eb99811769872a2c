import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { json } from 'node:stream/consumers';
import { listenHere, type LocalServer } from './local-server.ts';

interface Asked {
  readonly model: string;
  readonly input: readonly string[];
  readonly dimensions?: number;
}

/** An OpenAI-compatible endpoint on this machine: a text's vector tells which letters are in it. */
export class EmbeddingsApi implements AsyncDisposable {
  /** The texts of each request that was taken. */
  readonly requests: (readonly string[])[] = [];
  /** Asked for each request; a status other than 200 refuses it. */
  statusOf: (texts: readonly string[]) => number | Promise<number> = () => 200;
  readonly #server: LocalServer;

  private constructor(server: LocalServer) {
    this.#server = server;
  }

  static async start(): Promise<EmbeddingsApi> {
    const server = createServer();
    const api = new EmbeddingsApi(await listenHere(server));
    server.on('request', (request, response) => {
      void api.#answer(request, response).catch(() => response.destroy());
    });
    return api;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#server.port}/v1`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server[Symbol.asyncDispose]();
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { model, input } = (await json(request)) as Asked;
    const status = await this.statusOf(input);
    if (status !== 200) {
      response.writeHead(status, { 'retry-after': '0' }).end('{"error":{"message":"no"}}');
      return;
    }
    this.requests.push(input);
    // In another order than asked: `index` counts.
    const data = input
      .map((text, index) => ({ object: 'embedding', index, embedding: letters(text) }))
      .toReversed();
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(
      JSON.stringify({ object: 'list', model, data, usage: { prompt_tokens: 1, total_tokens: 1 } }),
    );
  }
}

function letters(text: string): number[] {
  const counts = Array.from({ length: 26 }, () => 0.01);
  for (const letter of text.toLowerCase()) {
    const at = letter.charCodeAt(0) - 97;
    if (at >= 0 && at < 26) counts[at] = (counts[at] ?? 0) + 1;
  }
  return counts;
}
