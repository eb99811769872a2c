import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { until } from '../support/capture.ts';
import { listenHere } from '../support/local-server.ts';
import { TcpProxy } from './tcp-proxy.ts';

/** By turns the shortest time until the next harm, and a stall. */
function stallAllTheTime(): () => number {
  let asked = 0;
  return () => (asked++ % 2 === 0 ? 0 : 0.99);
}

describe('the proxy of the chaos run', () => {
  it('loses and repeats nothing of a connection that it stalls again and again', async () => {
    const echo = createServer((socket) => void socket.pipe(socket));
    await using server = await listenHere(echo);
    await using proxy = await TcpProxy.before(server.port, stallAllTheTime());
    const client = connect(proxy.port, '127.0.0.1');
    await once(client, 'connect');
    let heard = '';
    client.on('data', (bytes) => (heard += bytes.toString()));
    proxy.harming = true;
    await until('it stalled', () => proxy.harms.stall === 1);
    client.write('one ');
    await until('it stalled again', () => proxy.harms.stall === 2);
    proxy.harming = false;
    client.write('two ');
    await until('it goes on', () => heard.endsWith('two '));
    // By then the end of each stall has come.
    await sleep(1_000);
    client.write('three');
    await until('all is said', () => heard.endsWith('three'));
    expect(heard).toBe('one two three');
    client.destroy();
  });
});
