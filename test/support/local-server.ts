import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';

/** A test's own server, on this machine. At its end its open connections are cut. */
export interface LocalServer extends AsyncDisposable {
  readonly port: number;
}

/** `at`: the port to listen on; 0: any that is free. */
export async function listenHere(server: Server, at = 0): Promise<LocalServer> {
  const open = new Set<Socket>();
  server.on('connection', (socket) => {
    open.add(socket);
    socket.once('close', () => open.delete(socket));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(at, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    port,
    async [Symbol.asyncDispose]() {
      const closed = new Promise((resolve) => server.close(resolve));
      for (const socket of open) socket.destroy();
      await closed;
    },
  };
}

/** A port on which nobody listens. */
export async function closedPort(): Promise<number> {
  await using server = await listenHere(createServer());
  return server.port;
}
