import { connect, createServer, type Socket } from 'node:net';
import { listenHere, type LocalServer } from '../support/local-server.ts';

/** What happens to a connection: closed, reset, or left open without a byte passing for a while. */
const HARMS = ['cut', 'reset', 'stall'] as const;
const STALL_MS = 2_000;

/** Stands before a service, and while `harming` harms every connection after a random time. */
export class TcpProxy implements AsyncDisposable {
  readonly #server: LocalServer;
  readonly #random: () => number;
  readonly #pairs = new Set<readonly [Socket, Socket]>();
  /** Piped twice, they would hear and say everything twice. */
  readonly #stalled = new Set<readonly [Socket, Socket]>();
  readonly harms = { cut: 0, reset: 0, stall: 0 };
  harming = false;

  private constructor(server: LocalServer, random: () => number) {
    this.#server = server;
    this.#random = random;
  }

  /** `port`: of a service on this machine. */
  static async before(port: number, random: () => number): Promise<TcpProxy> {
    const server = createServer();
    const proxy = new TcpProxy(await listenHere(server), random);
    server.on('connection', (client) => proxy.#join(client, connect(port, '127.0.0.1')));
    return proxy;
  }

  get port(): number {
    return this.#server.port;
  }

  #join(client: Socket, service: Socket): void {
    const pair = [client, service] as const;
    this.#pairs.add(pair);
    const end = (): void => {
      this.#pairs.delete(pair);
      client.destroy();
      service.destroy();
    };
    for (const socket of pair) socket.on('error', end).on('close', end);
    client.pipe(service);
    service.pipe(client);
    this.#harmLater(pair);
  }

  #harmLater(pair: readonly [Socket, Socket]): void {
    setTimeout(
      () => {
        if (!this.#pairs.has(pair)) return;
        if (this.harming) this.#harm(pair);
        this.#harmLater(pair);
      },
      300 + this.#random() * 4_000,
    ).unref();
  }

  #harm(pair: readonly [Socket, Socket]): void {
    const [client, service] = pair;
    const harm = HARMS[Math.floor(this.#random() * HARMS.length)] ?? 'cut';
    if (harm === 'stall' && this.#stalled.has(pair)) return;
    this.harms[harm]++;
    if (harm === 'cut') client.destroy();
    else if (harm === 'reset') client.resetAndDestroy();
    else {
      this.#stalled.add(pair);
      client.unpipe(service);
      service.unpipe(client);
      setTimeout(() => {
        this.#stalled.delete(pair);
        client.pipe(service);
        service.pipe(client);
      }, STALL_MS).unref();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server[Symbol.asyncDispose]();
  }
}
