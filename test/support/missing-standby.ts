import { startServices } from '../../src/embedded/services.ts';
import { until } from './capture.ts';
import type { TestDatabase } from './database.ts';
import { services } from './services.ts';

/** PostgreSQL of its own: while a standby is missing, every other commit of the server hangs as well. */
export async function ownServer(path: string): Promise<Awaited<ReturnType<typeof startServices>>> {
  const { kafkaBrokers, registryUrl } = services();
  return startServices({ dataDir: path, kafka: { brokers: kafkaBrokers }, registry: { url: registryUrl } });
}

/** While a standby of that name is missing, commits are written and streamed, but not visible. */
export async function requireStandby({ pool }: TestDatabase, name: string | null): Promise<void> {
  await pool.query(
    name === null
      ? 'ALTER SYSTEM RESET synchronous_standby_names'
      : `ALTER SYSTEM SET synchronous_standby_names = '${name}'`,
  );
  await pool.query('SELECT pg_reload_conf()');
  const shown = async (): Promise<boolean> => {
    const { rows } = await pool.query<{ names: string }>(
      `SELECT current_setting('synchronous_standby_names') AS names`,
    );
    return rows[0]?.names === (name ?? '');
  };
  await until('the setting is taken over', shown);
}
