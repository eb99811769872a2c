import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';
import { FreshetError } from '../runtime/errors.ts';

/**
 * Below the ephemeral ranges of Linux (32768 up) and macOS (49152 up), so that no outgoing connection
 * takes a remembered port while the services are down.
 */
const FIRST = 20_000;
const END = 32_000;
const TRIES = 200;

export async function isPortFree(port: number): Promise<boolean> {
  const server = createServer();
  return new Promise((resolve) => {
    server.once('error', () => resolve(false));
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => server.close(() => resolve(true)));
  });
}

/** A free TCP port of the loopback interface that is not among `taken`. */
export async function chooseFreePort(taken: readonly number[]): Promise<number> {
  for (let attempt = 0; attempt < TRIES; attempt++) {
    const port = randomInt(FIRST, END);
    if (!taken.includes(port) && (await isPortFree(port))) return port;
  }
  throw new FreshetError('SERVICE_START', `no free port between ${FIRST} and ${END} on 127.0.0.1`, {
    cure: 'Stop what occupies these ports.',
  });
}
