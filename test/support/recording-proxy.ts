import { connect, createServer } from 'node:net';
import { listenHere, type LocalServer } from './local-server.ts';

/** Forwards TCP connections, and keeps what came from the clients: what was sent in one turn is one piece. */
export class RecordingProxy implements AsyncDisposable {
  readonly sent: string[] = [];
  /** What a client sends, as the server is to read it: of the same length. */
  misread: (piece: string) => string = (piece) => piece;
  readonly #server: LocalServer;

  private constructor(server: LocalServer) {
    this.#server = server;
  }

  /** To the server of a database; `urlOf` gives the way through the proxy. */
  static async open(database: { readonly url: string }): Promise<RecordingProxy> {
    const { hostname, port } = new URL(database.url);
    const server = createServer();
    const proxy = new RecordingProxy(await listenHere(server));
    server.on('connection', (near) => {
      const far = connect(Number(port), hostname);
      near.on('data', (bytes) => {
        const piece = bytes.toString('latin1');
        proxy.sent.push(piece);
        far.write(Buffer.from(proxy.misread(piece), 'latin1'));
      });
      near.on('end', () => far.end());
      far.pipe(near);
      for (const [socket, other] of [
        [near, far],
        [far, near],
      ] as const) {
        socket.on('error', () => {});
        socket.on('close', () => other.destroy());
      }
    });
    return proxy;
  }

  urlOf(database: { readonly url: string }): string {
    return Object.assign(new URL(database.url), { hostname: '127.0.0.1', port: String(this.#server.port) })
      .href;
  }

  /** Whether the texts were sent in one piece. */
  sentAtOnce(...texts: readonly string[]): boolean {
    return this.sent.some((piece) => texts.every((text) => piece.includes(text)));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server[Symbol.asyncDispose]();
  }
}
