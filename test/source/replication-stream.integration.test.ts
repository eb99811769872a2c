import { connect, createServer, type Socket } from 'node:net';
import { expect, it } from 'vitest';
import { ReplicationStream } from '../../src/source/replication-stream.ts';
import { until } from '../support/capture.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { listenHere } from '../support/local-server.ts';

const SLOT = 'starting';

/** Forwards connections to the database's server; `meet` gets those that ask for a stream, in place of the server. */
async function before(
  { url }: TestDatabase,
  meet: (near: Socket, far: Socket) => void,
): Promise<{ readonly url: string } & AsyncDisposable> {
  const { hostname: host, port } = new URL(url);
  const server = createServer((near) => {
    const far = connect({ host, port: Number(port) });
    for (const socket of [near, far]) {
      socket.on('error', () => {});
      socket.on('close', () => [near, far].forEach((each) => each.destroy()));
    }
    near.on('data', (chunk) => {
      if (chunk.includes('START_REPLICATION')) meet(near, far);
      else far.write(chunk);
    });
    far.pipe(near);
  });
  const listening = await listenHere(server);
  const detour = Object.assign(new URL(url), { port: String(listening.port) });
  return { url: detour.href, [Symbol.asyncDispose]: () => listening[Symbol.asyncDispose]() };
}

async function withSlot(): Promise<{ readonly database: TestDatabase; readonly slot: string }> {
  const database = await createDatabase();
  const slot = `${SLOT}_${database.name}`;
  await database.pool.query('CREATE PUBLICATION everything');
  await database.pool.query(`SELECT pg_create_logical_replication_slot($1, 'pgoutput')`, [slot]);
  return { database, slot };
}

const open = (url: string, slot: string): Promise<ReplicationStream> =>
  ReplicationStream.open({
    connection: { url },
    slot,
    publication: 'everything',
    queueBytes: 1 << 20,
    silenceTimeoutMs: 1_000,
  });

it.each<[string, (near: Socket) => void, RegExp]>([
  ['is cut', (near) => near.destroy(), /ended the replication stream|terminated/],
  ['falls silent', () => {}, /has not answered/],
])('a connection that %s before the server has accepted is told as lost', async (_what, meet, message) => {
  const { database, slot } = await withSlot();
  await using _database = database;
  await using proxy = await before(database, meet);
  await expect(open(proxy.url, slot)).rejects.toMatchObject({
    code: 'CONNECTION',
    message: expect.stringMatching(message),
  });
});

it('a stream that is refused leaves no connection behind', async () => {
  const { database, slot } = await withSlot();
  await using _database = database;
  await using _holder = await open(database.url, slot);
  for (let tries = 0; tries < 3; tries++)
    await expect(open(database.url, slot)).rejects.toMatchObject({ code: 'SLOT_BUSY' });
  await until('only the holder is connected', async () => {
    const { rowCount } = await database.pool.query(
      'SELECT FROM pg_stat_activity WHERE datname = current_database() AND backend_type = $1',
      ['walsender'],
    );
    return rowCount === 1;
  });
});
