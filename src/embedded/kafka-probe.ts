import { once } from 'node:events';
import { connect } from 'node:net';

const METADATA = 3;
const VERSION = 1;
const CORRELATION = 0x46_52_45_53;

/**
 * Asks the broker at `port` for cluster metadata and rejects unless it lists an active broker: a
 * broker that answers may still be fenced, and a fenced one is not listed. Metadata v1, no topics
 * (kafka.apache.org/protocol: request header v1; an array of length 0 means no topics).
 */
export async function probeKafka(port: number, signal: AbortSignal): Promise<void> {
  const socket = connect({ port, host: '127.0.0.1' });
  const abort = (): void => void socket.destroy(new Error('no answer from the broker'));
  signal.addEventListener('abort', abort, { once: true });
  try {
    await once(socket, 'connect');
    socket.write(metadataRequest());
    let received = Buffer.alloc(0);
    for await (const chunk of socket) {
      received = Buffer.concat([received, chunk as Buffer]);
      if (received.length < 4 || received.length < 4 + received.readInt32BE(0)) continue;
      if (activeBrokers(received) === 0) throw new Error('the broker is not active yet');
      return;
    }
    throw new Error('the broker closed the connection');
  } finally {
    signal.removeEventListener('abort', abort);
    socket.destroy();
  }
}

function metadataRequest(): Buffer {
  const client = Buffer.from('freshet');
  const body = Buffer.alloc(4 + 2 + 2 + 4 + 2 + client.length + 4);
  let at = body.writeInt32BE(body.length - 4, 0);
  at = body.writeInt16BE(METADATA, at);
  at = body.writeInt16BE(VERSION, at);
  at = body.writeInt32BE(CORRELATION, at);
  at = body.writeInt16BE(client.length, at);
  at += client.copy(body, at);
  body.writeInt32BE(0, at);
  return body;
}

/** The response: size, correlation id, then the array of brokers. */
function activeBrokers(response: Buffer): number {
  if (response.length < 12 || response.readInt32BE(4) !== CORRELATION)
    throw new Error('no Kafka broker answered');
  return response.readInt32BE(8);
}
