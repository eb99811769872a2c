import type { Socket } from 'node:net';
import pg from 'pg';
import type { ClientConfig } from 'pg';
import { FreshetError } from './errors.ts';

/** How to reach one PostgreSQL database. Secrets never appear in messages: see `describeDatabase`. */
export interface PostgresConfig {
  /** postgres://user:password@host:port/database */
  readonly url: string;
  /** Overrides the URL's password; from the environment or a file. */
  readonly password?: string | undefined;
  readonly ssl?: PostgresTls | undefined;
}

export interface PostgresTls {
  readonly ca?: string | undefined;
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
}

/**
 * Every session of ours reads values in one text form, whatever the server's or the role's defaults
 * say: the stream and the snapshot must give the same bytes for the same value.
 */
const SESSION_OPTIONS = [
  'TimeZone=UTC',
  'DateStyle=ISO',
  'IntervalStyle=postgres',
  'extra_float_digits=1',
  'bytea_output=hex',
  'client_encoding=UTF8',
]
  .map((setting) => `-c ${setting}`)
  .join(' ');

/** Options for `pg.Client`; `role` tells an administrator in `pg_stat_activity` what the session is for. */
export function clientConfig(config: PostgresConfig, role: string): ClientConfig {
  const base: ClientConfig = {
    // A URL's own sslmode would replace what `ssl` says, verification included.
    connectionString: config.ssl === undefined ? config.url : withoutTlsParameters(config.url),
    application_name: `freshet ${role}`,
    options: SESSION_OPTIONS,
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
    connectionTimeoutMillis: 10_000,
  };
  if (config.password !== undefined) base.password = config.password;
  if (config.ssl !== undefined) {
    base.ssl = { rejectUnauthorized: true, ca: config.ssl.ca, cert: config.ssl.cert, key: config.ssl.key };
  }
  return base;
}

const TLS_PARAMETERS = [
  'ssl',
  'sslmode',
  'sslcert',
  'sslkey',
  'sslrootcert',
  'sslnegotiation',
  'uselibpqcompat',
];

function withoutTlsParameters(text: string): string {
  const url = new URL(text);
  for (const name of TLS_PARAMETERS) url.searchParams.delete(name);
  return url.href;
}

/** Ends with its scope. */
export type Connection = pg.Client & AsyncDisposable;

const FAREWELL_MS = 1_000;

/** Ends a connection, in order if the server still listens. */
async function disconnect(client: pg.Client): Promise<void> {
  const cut = setTimeout(() => destroySocket(client), FAREWELL_MS);
  await client.end().catch(() => {});
  clearTimeout(cut);
}

/** `pg` does not publish its socket. Null before there is one. */
export function socketOf(client: pg.ClientBase | null): Socket | null {
  const { connection } = (client ?? {}) as { connection?: { stream?: Socket } };
  return connection?.stream ?? null;
}

export function destroySocket(client: pg.ClientBase | null): void {
  socketOf(client)?.destroy();
}

/** Connects, and turns what PostgreSQL answers into an error that names the cure. */
export async function connect(config: PostgresConfig, role: string): Promise<Connection> {
  return open(config, new pg.Client(clientConfig(config, role)));
}

/** For replication commands; the role must have REPLICATION. */
export async function connectReplication(config: PostgresConfig, role: string): Promise<Connection> {
  const replication = { ...clientConfig(config, role), replication: 'database' };
  return open(config, new pg.Client(replication));
}

async function open(config: PostgresConfig, client: pg.Client): Promise<Connection> {
  // A connection that breaks while nobody waits on it must not end the process: the next query fails.
  client.on('error', () => {});
  try {
    await client.connect();
    return Object.assign(client, { [Symbol.asyncDispose]: () => disconnect(client) });
  } catch (error) {
    await client.end().catch(() => {});
    throw connectionError(error, config);
  }
}

/** "host:port/database", without user and password. */
function describeDatabase(config: PostgresConfig): string {
  try {
    const url = new URL(config.url);
    if (url.hostname === '') return 'the configured database';
    return `${url.hostname}:${url.port === '' ? '5432' : url.port}${url.pathname}`;
  } catch {
    return 'the configured database';
  }
}

const CURES: Readonly<Record<string, string>> = {
  '28P01': 'Correct the password in the URL, or in the environment variable that the config names.',
  '28000': 'Correct the user in the URL, or let pg_hba.conf admit it.',
  '3D000': 'Create the database, or correct its name in the URL.',
  ECONNREFUSED: 'Start PostgreSQL, or correct host and port in the URL.',
  ENOTFOUND: 'Correct the host in the URL.',
  '53300': 'Raise max_connections, or close sessions that are not needed.',
};

/** Wrong credentials are a preflight failure; a server that cannot be reached may come back. */
export function connectionError(error: unknown, config: PostgresConfig): FreshetError {
  const code = sqlState(error);
  const permanent = code !== undefined && ['28P01', '28000', '3D000'].includes(code);
  const cure = code === undefined ? undefined : CURES[code];
  return new FreshetError(
    permanent ? 'PREFLIGHT' : 'CONNECTION',
    `PostgreSQL at ${describeDatabase(config)}: ${errorMessage(error)}`,
    { cause: error, ...(cure === undefined ? {} : { cure }) },
  );
}

/** The five-character SQLSTATE or Node's error code. */
export function sqlState(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}

export function errorMessage(error: unknown): string {
  if (error instanceof AggregateError && error.message === '') {
    return error.errors.map((each) => errorMessage(each)).join('; ');
  }
  return error instanceof Error ? error.message : String(error);
}

const LOST = new Set([
  'ECONNRESET',
  'ECONNREFUSED',
  'EPIPE',
  'ETIMEDOUT',
  'ENOTFOUND',
  'EHOSTUNREACH',
  '57P01',
  '57P02',
  '57P03',
  // The server's time-outs of idle sessions and transactions: a process that stood still meets them.
  '25P03',
  '25P04',
  '57P05',
]);

/** Five characters, of which one is a digit: Node's codes have none. */
const SQLSTATE = /^(?=.*\d)[0-9A-Z]{5}$/;

/** Whether the server or the network ended the connection: what was being done may be tried again on a new one. */
export function isConnectionLoss(error: unknown): boolean {
  const state = sqlState(error);
  if (state !== undefined && (LOST.has(state) || state.startsWith('08'))) return true;
  // What the server says names columns and constraints, whatever they are called.
  if (state !== undefined && SQLSTATE.test(state)) return false;
  return /connection terminated|connection ended|not queryable|socket/i.test(errorMessage(error));
}
