import { chmodSync, chownSync, copyFileSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { startServices } from '../../src/embedded/services.ts';
import { connect } from '../../src/runtime/postgres.ts';
import { ReplicationStream } from '../../src/source/replication-stream.ts';
import { captureContext, until } from '../support/capture.ts';
import { makeCertificates } from '../support/certificates.ts';
import { createDatabase } from '../support/database.ts';
import { services } from '../support/services.ts';
import { temporaryDataDir } from '../support/services-environment.ts';
import { StallingProxy } from '../support/stalling-proxy.ts';

describe('a half-open connection to the source', () => {
  it('is noticed, and the capture goes on with a new one, nothing lost', async () => {
    await using database = await createDatabase();
    await database.pool.query('CREATE TABLE items (id int PRIMARY KEY, n int)');
    await database.pool.query('INSERT INTO items SELECT i, i FROM generate_series(1, 5000) i');
    const url = new URL(database.url);
    await using proxy = await StallingProxy.open({ host: url.hostname, port: Number(url.port) });
    url.port = String(proxy.port);
    const context = captureContext(database, ['items'], { connection: { url: url.href } });
    const { stream } = context.config;
    let connections = 0;
    let published = 0;
    let finished = false;
    await using _ = context.start(
      {
        connected: () => (connections += 1),
        published: (_t, _o, rows) => (published += rows),
        progress: (plan) => (finished = plan.finishedAt !== null),
      },
      { stream: { ...stream, batchRecords: 100, silenceTimeoutMs: 1_500 } },
    );
    await until('a part is published', () => published > 200);
    // In the middle of chunks that are being read.
    proxy.stall();
    await database.pool.query('DELETE FROM items WHERE id = 1');
    await until('it is connected again', () => connections === 2);
    await until('the refresh is finished', () => finished);
    await until('the delete is published', async () =>
      (await context.read('items')).some(
        (change) => change.op === 'd' || (change.op === 'sweep' && published > 4_990),
      ),
    );
    expect(connections).toBe(2);
  });
});

it('a connection that is lost while the slot is made is made anew, as any other', async () => {
  await using database = await createDatabase();
  await database.pool.query('CREATE TABLE items (id int PRIMARY KEY)');
  const context = captureContext(database, ['items']);
  const blocker = await database.pool.connect();
  await blocker.query('BEGIN; SELECT pg_current_xact_id()');
  let isConnected = false;
  const said: string[] = [];
  await using _ = context.start({
    connected: () => (isConnected = true),
    log: (_level, message) => void said.push(message),
  });
  try {
    await until('the connection is ended while it waits for the slot', async () => {
      const { rows } = await database.pool.query<{ ended: boolean }>(
        `SELECT pg_terminate_backend(pid) AS ended FROM pg_stat_activity
          WHERE application_name = $1 AND wait_event_type = 'Lock'`,
        [`freshet control ${context.config.slot}`],
      );
      return rows[0]?.ended === true;
    });
  } finally {
    await blocker.query('ROLLBACK');
    blocker.release();
  }
  await until('it is connected', () => isConnected);
  expect(said).toEqual([expect.stringMatching(/^creating slot .* tried again/)]);
});

function isBroken(stream: ReplicationStream): boolean {
  try {
    while (stream.take() !== undefined) continue;
    return false;
  } catch {
    return true;
  }
}

it('a slot that is to be made anew is dropped, however often somebody takes it back', async () => {
  await using database = await createDatabase();
  await database.pool.query('CREATE TABLE items (id int PRIMARY KEY)');
  const context = captureContext(database, ['items'], { onSlotLoss: 'refresh' });
  const { slot, publication } = context.config;
  await database.pool.query(`CREATE PUBLICATION ${publication} FOR TABLE items`);
  await database.pool.query(`SELECT pg_create_logical_replication_slot($1, 'pgoutput')`, [slot]);
  const hold = (): Promise<ReplicationStream | null> =>
    ReplicationStream.open({
      connection: { url: database.url },
      slot,
      publication,
      queueBytes: 1 << 20,
    }).catch(() => null);
  let holds = 0;
  const holding = (async () => {
    while (holds < 3) {
      await using stream = await hold();
      if (stream === null) return;
      holds += 1;
      await until('it is thrown out', () => isBroken(stream));
    }
  })();
  await until('it is held', () => holds > 0);
  let isConnected = false;
  await using _ = context.start({ connected: () => (isConnected = true) });
  await holding;
  await until('it is connected', () => isConnected);
  expect(holds).toBeGreaterThan(0);
});

describe('TLS to the source', { timeout: 180_000 }, () => {
  it('takes a certificate of the given authority for the given host, and no other', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'freshet-tls-'));
    const { ca, other } = makeCertificates(folder);
    const { kafkaBrokers, registryUrl } = services();
    await using data = await temporaryDataDir();
    await using server = await startServices({
      dataDir: data.path,
      kafka: { brokers: kafkaBrokers },
      registry: { url: registryUrl },
    });
    await using database = await createDatabase(server.urls.sourceUrl);
    const { rows } = await database.pool.query<{ folder: string }>(
      `SELECT current_setting('data_directory') AS folder`,
    );
    const home = rows[0]?.folder ?? '';
    for (const file of ['server.crt', 'server.key']) {
      copyFileSync(join(folder, file), join(home, file));
      chmodSync(join(home, file), 0o600);
      chownSync(join(home, file), statSync(home).uid, statSync(home).gid);
    }
    rmSync(folder, { recursive: true });
    await database.pool.query('ALTER SYSTEM SET ssl = on');
    await database.pool.query('SELECT pg_reload_conf()');
    const url = (host: string, more = ''): string => {
      const changed = new URL(database.url);
      changed.hostname = host;
      return changed.href + more;
    };
    const isEncrypted = async (config: Parameters<typeof connect>[0]): Promise<boolean> => {
      const client = await connect(config, 'test');
      const found = await client.query<{ ssl: boolean }>(
        'SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()',
      );
      await client.end();
      return found.rows[0]?.ssl === true;
    };
    await until('the server speaks TLS', () =>
      isEncrypted({ url: url('localhost'), ssl: { ca } }).catch(() => false),
    );
    await expect(isEncrypted({ url: url('127.0.0.1'), ssl: { ca } })).rejects.toThrow(
      /127\.0\.0\.1|altnames|IP/i,
    );
    await expect(isEncrypted({ url: url('localhost'), ssl: { ca: other } })).rejects.toThrow(
      /certificate|signature/i,
    );
    await expect(isEncrypted({ url: url('localhost'), ssl: {} })).rejects.toThrow(/certificate|self-signed/i);
    // What the URL says cannot switch the verification off.
    await expect(
      isEncrypted({ url: url('localhost', '?sslmode=no-verify'), ssl: { ca: other } }),
    ).rejects.toThrow(/certificate|signature/i);
    expect(await isEncrypted({ url: url('localhost', '?sslmode=disable'), ssl: { ca } })).toBe(true);
  });
});
