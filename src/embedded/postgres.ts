import { execFile } from 'node:child_process';
import { access, chown, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Client } from 'pg';
import { FreshetError } from '../runtime/errors.ts';
import { type DataFolder, logPath } from './data-folder.ts';
import { findPostgres, type PostgresBinaries } from './postgres-binaries.ts';
import type { ServicePlan, UnixUser } from './service-plan.ts';
import { folderOf, unprivilegedUser } from './unprivileged-user.ts';

const run = promisify(execFile);
const DATABASES = ['source', 'target'] as const;

/**
 * Everything that differs from PostgreSQL's defaults. Given on the command line, so that a new
 * version of Freshet changes it for data folders that are there already.
 */
const SETTINGS: Readonly<Record<string, string>> = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  wal_level: 'logical',
  max_replication_slots: '20',
  max_wal_senders: '20',
  max_connections: '200',
};

export function postgresUrl(folder: DataFolder, database: string): string {
  return `postgres://postgres:${folder.password}@127.0.0.1:${folder.ports.postgres}/${database}`;
}

/** Makes the cluster on the first start. Throws PREFLIGHT or SERVICE_START. */
export async function preparePostgres(folder: DataFolder, binDir: string | undefined): Promise<ServicePlan> {
  const user = await unprivilegedUser();
  const binaries = await findPostgres(folder, user, binDir);
  const home = user === null ? join(folder.path, 'postgres') : await folderOf(user, folder);
  await mkdir(home, { recursive: true, mode: 0o700 });
  const data = join(home, 'data');
  const version = await readFile(join(data, 'PG_VERSION'), 'utf8').catch(() => null);
  if (version === null) await makeCluster(folder, home, binaries, user);
  else refuseOtherVersion(data, Number(version), binaries.majorVersion);
  const settings = { ...SETTINGS, port: String(folder.ports.postgres) };
  return {
    service: 'postgres',
    title: 'PostgreSQL',
    command: binaries.postgres,
    args: ['-D', data, ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])],
    cwd: home,
    logFile: logPath(folder.path, 'postgres'),
    ...(user === null ? {} : { user }),
    readyTimeoutMs: 120_000,
    // A backend sees that its server is gone once it waits for something: not in the middle of a statement.
    tooEarly: /pre-existing shared memory block .* is still in use/,
    stopTimeoutMs: 15_000,
    probe: () => createDatabases(folder),
  };
}

/** Made aside and renamed: an interrupted initdb is never taken for a cluster. */
async function makeCluster(
  folder: DataFolder,
  home: string,
  binaries: PostgresBinaries,
  user: UnixUser | null,
): Promise<void> {
  const fresh = join(home, 'data.new');
  const passwordFile = join(home, 'initdb.password');
  await rm(fresh, { recursive: true, force: true });
  await writeFile(passwordFile, folder.password, { mode: 0o600 });
  if (user !== null) await chown(passwordFile, user.uid, user.gid);
  const locale =
    binaries.majorVersion >= 17
      ? ['--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8']
      : [`--locale=${process.platform === 'linux' ? 'C.UTF-8' : 'C'}`];
  const args = ['-D', fresh, '-U', 'postgres', '--auth=scram-sha-256', `--pwfile=${passwordFile}`];
  try {
    await run(binaries.initdb, [...args, '--encoding=UTF8', ...locale], { cwd: home, ...user });
    await rename(fresh, join(home, 'data'));
  } catch (cause) {
    throw initFailure(home, cause);
  } finally {
    await rm(passwordFile, { force: true });
  }
  await access(join(home, 'data', 'PG_VERSION'));
}

function initFailure(home: string, cause: unknown): FreshetError {
  const full = /no space left on device/i.test(String(cause));
  return new FreshetError(
    'SERVICE_START',
    `initdb could not make a PostgreSQL cluster in ${home}: ${String(cause)}`,
    {
      cause,
      cure: full
        ? 'The disk is full: free at least 1 GB, then start again.'
        : 'Cure what initdb names, then start again.',
    },
  );
}

function refuseOtherVersion(data: string, found: number, binaries: number): void {
  if (found === binaries) return;
  throw new FreshetError(
    'PREFLIGHT',
    `${data} was made by PostgreSQL ${found}, the binaries are of ${binaries}`,
    {
      cure: `Use binaries of PostgreSQL ${found} with postgres.binDir, or another data folder.`,
    },
  );
}

async function createDatabases(folder: DataFolder): Promise<void> {
  const client = new Client({
    connectionString: postgresUrl(folder, 'postgres'),
    connectionTimeoutMillis: 5_000,
  });
  // Without a listener, a connection that the server ends would end this process.
  client.on('error', () => undefined);
  try {
    await client.connect();
    const { rows } = await client.query<{ datname: string }>('SELECT datname FROM pg_database');
    const present = new Set(rows.map((row) => row.datname));
    for (const name of DATABASES) {
      if (!present.has(name)) await client.query(`CREATE DATABASE ${name}`);
    }
  } finally {
    await client.end();
  }
}
