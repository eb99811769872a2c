import { connect, createServer, type Socket } from 'node:net';
import { listenHere, type LocalServer } from './local-server.ts';

/** Forwards TCP connections, until it stalls: then those that are open stay open, and nothing comes through. */
export class StallingProxy implements AsyncDisposable {
  readonly #server: LocalServer;
  readonly #pairs = new Set<readonly [Socket, Socket]>();
  #stallsNewOnes = false;

  private constructor(server: LocalServer) {
    this.#server = server;
  }

  /** `at`: the port to listen on; 0: any that is free. */
  static async open(to: { readonly host: string; readonly port: number }, at = 0): Promise<StallingProxy> {
    const server = createServer();
    const proxy = new StallingProxy(await listenHere(server, at));
    server.on('connection', (near) => proxy.#forward(near, connect(to)));
    return proxy;
  }

  get port(): number {
    return this.#server.port;
  }

  /** New connections come through, unless they stall as well. */
  stall({ newOnes = false }: { readonly newOnes?: boolean } = {}): void {
    this.#stallsNewOnes = newOnes;
    for (const [near, far] of this.#pairs) {
      near.unpipe(far).resume();
      far.unpipe(near).resume();
    }
  }

  /** Ends what was stalled: whoever stood behind it connects anew. */
  restore(): void {
    for (const [near, far] of this.#pairs) {
      near.destroy();
      far.destroy();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server[Symbol.asyncDispose]();
  }

  #forward(near: Socket, far: Socket): void {
    const pair = [near, far] as const;
    this.#pairs.add(pair);
    if (!this.#stallsNewOnes) near.pipe(far).pipe(near);
    for (const socket of pair) {
      socket.on('error', () => {});
      socket.on('close', () => {
        near.destroy();
        far.destroy();
        this.#pairs.delete(pair);
      });
    }
  }
}
