import { randomUUID } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openTransform, type TransformSetup, whileStill } from '../../../src/cli/transform/setup.ts';
import { verifyTransform } from '../../../src/cli/transform/verification.ts';
import type { Terminal } from '../../../src/cli/terminal.ts';
import { DEMO_SOURCE_SQL } from '../../../src/consumers/transform/migrations.ts';
import { createDatabase, type TestDatabase } from '../../support/database.ts';
import { services } from '../../support/services.ts';

export const QUIET: Terminal = {
  json: true,
  interactive: false,
  color: false,
  out: () => {},
  note: () => {},
};

/** Two databases, a config with a source of its own, and what commands make of them. */
export interface TransformSite extends AsyncDisposable {
  /** Of the source; the topics begin with it. */
  readonly name: string;
  readonly source: TestDatabase;
  readonly target: TestDatabase;
  /** Where a command can be started. */
  readonly folder: string;
  readonly env: Readonly<Record<string, string>>;
  readonly setup: TransformSetup;
}

/** A site whose source tables are there, filled by the statements. */
export async function openSite(example: string): Promise<TransformSite> {
  const name = `t${randomUUID().slice(0, 8)}`;
  const source = await createDatabase();
  const target = await createDatabase(services().targetUrl);
  await source.pool.query(DEMO_SOURCE_SQL);
  await source.pool.query(example);
  const folder = await mkdtemp(join(tmpdir(), 'freshet-transform-'));
  const file = join(folder, 'freshet.config.mjs');
  const tables = ['public.extracted_positions', 'public.brand_competitors'];
  await writeFile(
    file,
    `export default ${JSON.stringify({ sources: [{ name, tables }], topics: { partitions: 3 } })};`,
  );
  const { kafkaBrokers, registryUrl } = services();
  const env = {
    FRESHET_CONFIG: file,
    FRESHET_SOURCE_URL: source.url,
    FRESHET_TARGET_URL: target.url,
    FRESHET_KAFKA_BROKERS: kafkaBrokers.join(','),
    FRESHET_REGISTRY_URL: registryUrl,
  };
  return {
    name,
    source,
    target,
    folder,
    env,
    setup: await openTransform({ env, cwd: folder }, QUIET),
    async [Symbol.asyncDispose]() {
      await source[Symbol.asyncDispose]();
      await target[Symbol.asyncDispose]();
      await rm(folder, { recursive: true });
    },
  };
}

/** The checks of a verification that fail. */
export async function failingChecks({ setup }: TransformSite): Promise<string[]> {
  const { ok, checks } = await whileStill(setup, (places) =>
    verifyTransform(places, setup.tables, { viewMayLagMs: 0, progress: () => {} }),
  );
  const names = checks.filter((check) => !check.ok).map((check) => check.name);
  if (ok !== (names.length === 0)) throw new Error(`ok is ${ok}, though these fail: ${names.join(', ')}`);
  return names;
}

export async function slots({ source }: TransformSite): Promise<readonly object[]> {
  const { rows } = await source.pool.query<object>(
    'SELECT slot_name FROM pg_replication_slots WHERE database = current_database()',
  );
  return rows;
}
