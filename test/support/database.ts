import { randomBytes } from 'node:crypto';
import { Client, Pool } from 'pg';
import { services } from './services.ts';

const DROP_TIMEOUT_MS = 10_000;

/** A database of its own for one test or file. */
export interface TestDatabase extends AsyncDisposable {
  readonly name: string;
  readonly url: string;
  readonly pool: Pool;
}

/**
 * `await using database = await createDatabase()`: dropped at the end of the scope, together with the
 * connections and replication slots that are left in it. `server` defaults to the run's source server.
 */
export async function createDatabase(server: string = services().sourceUrl): Promise<TestDatabase> {
  const name = `test_${randomBytes(6).toString('hex')}`;
  await withClient(server, (admin) => admin.query(`CREATE DATABASE ${name}`));
  const url = Object.assign(new URL(server), { pathname: `/${name}` }).href;
  const pool = new Pool({ connectionString: url, max: 10 });
  // An idle connection that a test cuts on purpose is not an error of the test.
  pool.on('error', () => undefined);
  return {
    name,
    url,
    pool,
    async [Symbol.asyncDispose]() {
      await pool.end();
      await withClient(server, (admin) => drop(admin, name));
    },
  };
}

/** A slot keeps its database: end who uses it, wait until it is free, drop it. */
async function drop(admin: Client, name: string): Promise<void> {
  const deadline = Date.now() + DROP_TIMEOUT_MS;
  for (;;) {
    const { rows } = await admin.query<{ slot_name: string; active_pid: number | null }>(
      'SELECT slot_name, active_pid FROM pg_replication_slots WHERE database = $1',
      [name],
    );
    if (rows.length === 0) break;
    if (Date.now() > deadline) throw new Error(`slots of ${name} stay in use: ${JSON.stringify(rows)}`);
    for (const { slot_name, active_pid } of rows) {
      if (active_pid !== null) await admin.query('SELECT pg_terminate_backend($1, 5000)', [active_pid]);
      else await admin.query('SELECT pg_drop_replication_slot($1)', [slot_name]).catch(() => undefined);
    }
  }
  await admin.query(`DROP DATABASE ${name} WITH (FORCE)`);
}

/** The rows of one query, over a connection of its own. */
export async function queryAt(url: string, sql: string): Promise<Record<string, unknown>[]> {
  return withClient(url, async (client) => (await client.query<Record<string, unknown>>(sql)).rows);
}

async function withClient<T>(url: string, act: (client: Client) => Promise<T>): Promise<T> {
  const client = new Client({ connectionString: url });
  // A server that ends the connection fails the query; it must not end the process.
  client.on('error', () => undefined);
  await client.connect();
  try {
    return await act(client);
  } finally {
    await client.end().catch(() => undefined);
  }
}
