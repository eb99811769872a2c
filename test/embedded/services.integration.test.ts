import { fork } from 'node:child_process';
import { once } from 'node:events';
import { access, chmod, mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Client } from 'pg';
import { describe, expect, it } from 'vitest';
import { servicesDown, servicesStatus, servicesUp } from '../../src/embedded/background.ts';
import { outsidePath, removeDataFolder } from '../../src/embedded/data-folder.ts';
import { probeKafka } from '../../src/embedded/kafka-probe.ts';
import { identify } from '../../src/embedded/process-identity.ts';
import { readRunRecord } from '../../src/embedded/run-record.ts';
import { type EmbeddedServices, startServices } from '../../src/embedded/services.ts';
import { until } from '../support/capture.ts';
import { queryAt } from '../support/database.ts';
import { cacheDir, temporaryDataDir } from '../support/services-environment.ts';

const START_TIMEOUT_MS = 300_000;
const GIVEN = {
  postgres: { url: { source: 'postgres://127.0.0.1:1/a', target: 'postgres://127.0.0.1:1/b' } },
};
/** Services that somebody else would run. */
const AWAY = { kafka: { brokers: ['127.0.0.1:1'] }, registry: { url: 'http://127.0.0.1:1' } };
const cache = cacheDir(process.env);

async function untilGone(pids: readonly number[]): Promise<void> {
  await expect
    .poll(async () => (await Promise.all(pids.map(identify))).filter(Boolean), { timeout: 60_000 })
    .toEqual([]);
}

function numbers(pids: EmbeddedServices['pids']): number[] {
  const found = Object.values(pids);
  expect(found).toHaveLength(3);
  return found;
}

/** Forks a process that starts the services, and resolves when they are ready. */
async function forkParent(dataDir: string): Promise<{ kill(): void; pids: number[] }> {
  const parent = fork(join(import.meta.dirname, '../support/embedded-parent.ts'), [dataDir], {
    execArgv: [],
  });
  const [pids] = (await once(parent, 'message')) as [EmbeddedServices['pids']];
  return { kill: () => void parent.kill('SIGKILL'), pids: numbers(pids) };
}

describe('the embedded services', { timeout: START_TIMEOUT_MS }, () => {
  it('do real work, keep everything across a stop and a kill, and start again on the same ports', async () => {
    await using data = await temporaryDataDir();
    const schema = { schema: JSON.stringify({ type: 'record', name: 'R', fields: [] }) };
    await using first = await startServices({ dataDir: data.path, ...cache });
    const versions = `${first.urls.registryUrl}/subjects/s/versions`;
    const headers = { 'content-type': 'application/vnd.schemaregistry.v1+json' };
    const registered = await fetch(versions, { method: 'POST', headers, body: JSON.stringify(schema) });
    expect(registered.status).toBe(200);
    await queryAt(first.urls.sourceUrl, 'CREATE TABLE kept AS SELECT 7 AS number');
    expect(await queryAt(first.urls.targetUrl, 'SHOW wal_level')).toEqual([{ wal_level: 'logical' }]);
    const pids = numbers(first.pids);
    await first.stop();
    await untilGone(pids);

    const begin = performance.now();
    await using second = await startServices({ dataDir: data.path, ...cache });
    process.stdout.write(`the second start took ${((performance.now() - begin) / 1000).toFixed(1)} s\n`);
    expect(second.urls).toEqual(first.urls);
    expect(await queryAt(second.urls.sourceUrl, 'SELECT number FROM kept')).toEqual([{ number: 7 }]);
    expect(await (await fetch(versions)).json()).toEqual([1]);

    const before = second.pids;
    for (const service of ['kafka', 'postgres', 'registry'] as const) {
      await second.restart(service, { immediate: true });
      expect(second.pids[service]).not.toBe(before[service]);
    }
    expect(await queryAt(second.urls.sourceUrl, 'SELECT number FROM kept')).toEqual([{ number: 7 }]);
    expect(await (await fetch(versions)).json()).toEqual([1]);
  });

  it('come back when they are killed, also where a backend of PostgreSQL ends only later', async () => {
    await using data = await temporaryDataDir();
    await using services = await startServices({ dataDir: data.path, ...AWAY });
    const client = new Client({ connectionString: services.urls.sourceUrl });
    client.on('error', () => {});
    await client.connect();
    const { rows } = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
    const backend = rows[0]?.pid ?? 0;
    process.kill(backend, 'SIGSTOP');
    const restarted = services.restart('postgres', { immediate: true });
    const earlier = join(data.path, 'logs', 'postgres.log.1');
    const cameTooEarly = until('a start came too early', async () =>
      (await readFile(earlier, 'utf8').catch(() => '')).includes('pre-existing shared memory block'),
    );
    await Promise.race([restarted, cameTooEarly]);
    process.kill(backend, 'SIGCONT');
    await restarted;
    await client.end();
    expect(await queryAt(services.urls.sourceUrl, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });

  it('end with the process that started them when it is killed, and leave the folder free', async () => {
    await using data = await temporaryDataDir();
    const parent = await forkParent(data.path);
    const supervisor = (await readRunRecord(data.path))?.supervisor.pid ?? 0;
    await expect(startServices({ dataDir: data.path, ...cache })).rejects.toMatchObject({
      code: 'SERVICE_START',
      message: expect.stringContaining(`${data.path} is in use by process ${supervisor}`),
    });
    parent.kill();
    await untilGone([...parent.pids, supervisor]);
    await expect(readRunRecord(data.path)).resolves.toBeNull();
  });

  it('are ended by the next start when their supervisor was killed as well', async () => {
    await using data = await temporaryDataDir();
    const parent = await forkParent(data.path);
    process.kill((await readRunRecord(data.path))?.supervisor.pid ?? 0, 'SIGKILL');
    parent.kill();
    await using services = await startServices({ dataDir: data.path, ...cache });
    await untilGone(parent.pids);
    expect(numbers(services.pids)).not.toContain(parent.pids[0]);
  });

  it('stay up in the background until they are told to go down', async () => {
    await using data = await temporaryDataDir();
    const urls = await servicesUp(data.path, cache);
    try {
      expect(await servicesUp(data.path, cache)).toEqual(urls);
      const status = await servicesStatus(data.path);
      expect(status.map(({ service, state }) => [service, state])).toEqual([
        ['postgres', 'running'],
        ['kafka', 'running'],
        ['registry', 'running'],
      ]);
      const password = (await readFile(join(data.path, 'postgres.password'), 'utf8')).trim();
      expect(JSON.stringify(status)).not.toContain(password);
      await expect(removeDataFolder(data.path)).rejects.toMatchObject({ code: 'SERVICE_START' });
      await probeKafka(Number(urls.kafkaBrokers[0]?.split(':')[1]), AbortSignal.timeout(10_000));
    } finally {
      expect(await servicesDown(data.path)).toBe(true);
    }
    expect((await servicesStatus(data.path)).map(({ state }) => state)).toEqual([
      'stopped',
      'stopped',
      'stopped',
    ]);
    expect(await servicesDown(data.path)).toBe(false);
  });

  it.runIf(process.getuid?.() === 0)(
    'keep PostgreSQL where its user can enter, when root has a private folder',
    async () => {
      await using data = await temporaryDataDir();
      await chmod(data.path, 0o700);
      const external = { kafka: { brokers: ['127.0.0.1:1'] }, registry: { url: 'http://127.0.0.1:1' } };
      await using services = await startServices({ dataDir: data.path, ...external });
      expect(Object.keys(services.pids)).toEqual(['postgres']);
      expect(await queryAt(services.urls.sourceUrl, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
      await access(join(outsidePath(data.path), 'postgres', 'data', 'PG_VERSION'));
      await services.stop();
      await removeDataFolder(data.path);
      await expect(access(outsidePath(data.path))).rejects.toMatchObject({ code: 'ENOENT' });
    },
  );

  it('are not started where all are given', async () => {
    await using data = await temporaryDataDir();
    const options = {
      ...GIVEN,
      kafka: { brokers: ['127.0.0.1:1'] },
      registry: { url: 'http://127.0.0.1:1/x' },
    };
    await using services = await startServices({ dataDir: data.path, ...options });
    expect(services.pids).toEqual({});
    expect(services.urls).toEqual({
      sourceUrl: GIVEN.postgres.url.source,
      targetUrl: GIVEN.postgres.url.target,
      kafkaBrokers: ['127.0.0.1:1'],
      registryUrl: 'http://127.0.0.1:1/x',
    });
  });
});

describe(
  'a machine that lacks something is told what and how to cure it',
  { timeout: START_TIMEOUT_MS },
  () => {
    /** Runs with a PATH of its own: `id`, which PostgreSQL's start needs, and the given scripts. */
    async function withPath<T>(
      dir: string,
      scripts: Record<string, string>,
      act: () => Promise<T>,
    ): Promise<T> {
      const bin = join(dir, 'bin');
      await mkdir(bin);
      await symlink('/usr/bin/id', join(bin, 'id'));
      for (const [name, text] of Object.entries(scripts))
        await writeFile(join(bin, name), text, { mode: 0o755 });
      const path = process.env['PATH'];
      process.env['PATH'] = bin;
      try {
        return await act();
      } finally {
        process.env['PATH'] = path;
      }
    }

    const JAVA_17 = '#!/bin/sh\necho \'openjdk version "17.0.1"\' >&2\n';

    it.each([
      ['no Java', {}, 'no java could be run', 'openjdk-17-jre-headless'],
      [
        'an old Java',
        { java: '#!/bin/sh\necho \'openjdk version "11.0.2"\' >&2\n' },
        'has Java 11',
        'openjdk-17-jre-headless',
      ],
      ['no Maven', { java: JAVA_17 }, 'no mvn could be run', 'apt-get install maven'],
      [
        'no network',
        { java: JAVA_17, mvn: '#!/bin/sh\necho "[ERROR] Unknown host"\nexit 1\n' },
        'Unknown host',
        '~/.m2',
      ],
    ])('%s', async (_, scripts, message, cure) => {
      await using data = await temporaryDataDir();
      const start = (): Promise<EmbeddedServices> =>
        startServices({ ...GIVEN, dataDir: data.path, cacheDir: join(data.path, 'cache') });
      await expect(withPath(data.path, scripts, start)).rejects.toMatchObject({
        message: expect.stringContaining(message),
        cure: expect.stringContaining(cure),
      });
    });

    it('and what had started by then is stopped again', async () => {
      await using data = await temporaryDataDir();
      const start = (): Promise<EmbeddedServices> =>
        startServices({ dataDir: data.path, cacheDir: join(data.path, 'cache') });
      await expect(withPath(data.path, {}, start)).rejects.toMatchObject({ code: 'PREFLIGHT' });
      await expect(readRunRecord(data.path)).resolves.toBeNull();
      await removeDataFolder(data.path);
    });

    it('a service that cannot start shows the end of its log', async () => {
      await using data = await temporaryDataDir();
      const bin = join(data.path, 'broken');
      await mkdir(bin);
      await writeFile(
        join(bin, 'postgres'),
        '#!/bin/sh\n[ "$1" = --version ] && echo "postgres (PostgreSQL) 18.1" && exit\necho "FATAL: No space left on device"\nexit 1\n',
        { mode: 0o755 },
      );
      await writeFile(join(bin, 'initdb'), '#!/bin/sh\nmkdir "$2" && echo 18 > "$2/PG_VERSION"\n', {
        mode: 0o755,
      });
      const options = { dataDir: data.path, postgres: { binDir: bin }, ...AWAY };
      await expect(startServices(options)).rejects.toMatchObject({
        code: 'SERVICE_START',
        message: expect.stringMatching(
          /PostgreSQL ended with code 1 before it was ready.*No space left on device/s,
        ),
        cure: expect.stringContaining('The disk is full'),
      });
    });

    it('binaries of a PostgreSQL that is too old are refused', async () => {
      await using data = await temporaryDataDir();
      const bin = join(data.path, 'old');
      await mkdir(bin);
      await writeFile(join(bin, 'postgres'), '#!/bin/sh\necho "postgres (PostgreSQL) 14.9"\n', {
        mode: 0o755,
      });
      const options = { dataDir: data.path, postgres: { binDir: bin }, ...AWAY };
      await expect(startServices(options)).rejects.toMatchObject({
        code: 'PREFLIGHT',
        message: expect.stringContaining('14.9'),
      });
    });
  },
);
