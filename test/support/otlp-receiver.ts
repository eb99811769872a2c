import { createServer } from 'node:http';
import { text } from 'node:stream/consumers';
import { z } from 'zod';
import { listenHere, type LocalServer } from './local-server.ts';

const value = z
  .object({ stringValue: z.string(), intValue: z.union([z.string(), z.number()]) })
  .partial()
  .transform(({ stringValue, intValue }) => stringValue ?? Number(intValue));

const span = z.object({
  traceId: z.string(),
  spanId: z.string(),
  parentSpanId: z.string().optional(),
  name: z.string(),
  kind: z.int(),
  attributes: z
    .array(z.object({ key: z.string(), value }))
    .transform((list) => Object.fromEntries(list.map((each) => [each.key, each.value]))),
  links: z
    .array(z.object({ spanId: z.string() }))
    .default([])
    .transform((list) => list.map((link) => link.spanId)),
  status: z.object({ code: z.int(), message: z.string().optional() }),
});

const request = z.object({
  resourceSpans: z.array(z.object({ scopeSpans: z.array(z.object({ spans: z.array(span) })) })),
});

/** Takes spans as a collector does: OTLP as JSON over HTTP. */
export class OtlpReceiver implements AsyncDisposable {
  readonly spans: z.output<typeof span>[] = [];
  readonly #server: LocalServer;

  private constructor(server: LocalServer) {
    this.#server = server;
  }

  static async open(): Promise<OtlpReceiver> {
    const server = createServer();
    const receiver = new OtlpReceiver(await listenHere(server));
    server.on('request', (asked, response) => {
      void text(asked).then((body) => {
        const { resourceSpans } = request.parse(JSON.parse(body));
        for (const { scopeSpans } of resourceSpans)
          for (const { spans } of scopeSpans) receiver.spans.push(...spans);
        response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
      });
    });
    return receiver;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#server.port}/v1/traces`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server[Symbol.asyncDispose]();
  }
}
