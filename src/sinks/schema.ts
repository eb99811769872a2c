import type { ClientBase } from 'pg';
import { FreshetError } from '../runtime/errors.ts';
import { lockedTransaction } from './locked-transaction.ts';
import { rowType, rowTypeStatement } from './statements.ts';
import { EPOCH_COLUMN, FROM_COLUMN, type TargetTable, quoteIdent, quoteTable } from './target-table.ts';

/** What a pipeline needs in the target database. */
export interface TargetNeeds {
  readonly name: string;
  readonly targets: readonly TargetTable[];
  /** Run once each, in order, after the tables were created. Ids are for ever. */
  readonly migrations: readonly Migration[];
}

export interface Migration {
  readonly id: string;
  readonly sql: string;
}

/** Element n brings the schema from version n to n + 1. */
const STEPS: readonly string[] = [
  `CREATE TABLE freshet.positions (
     group_name text NOT NULL,
     topic text NOT NULL,
     partition int NOT NULL,
     position text COLLATE "C" NOT NULL,
     next_offset bigint NOT NULL,
     updated_at timestamptz NOT NULL DEFAULT now(),
     PRIMARY KEY (group_name, topic, partition)
   ) WITH (fillfactor = 50);
   CREATE TABLE freshet.owed_keys (
     group_name text NOT NULL,
     topic text NOT NULL,
     partition int NOT NULL,
     identity text COLLATE "C" NOT NULL,
     key_text text,
     position text COLLATE "C" NOT NULL,
     record_offset bigint NOT NULL,
     code text NOT NULL,
     owed_since timestamptz NOT NULL DEFAULT now(),
     PRIMARY KEY (group_name, topic, partition, identity)
   );
   CREATE TABLE freshet.pipeline_migrations (
     pipeline text NOT NULL,
     id text NOT NULL,
     applied_at timestamptz NOT NULL DEFAULT now(),
     PRIMARY KEY (pipeline, id)
   )`,
  `CREATE TABLE freshet.refresh_tallies (
     group_id text NOT NULL,
     refresh_id text NOT NULL,
     topic text NOT NULL,
     partition int NOT NULL,
     name text NOT NULL,
     count bigint NOT NULL,
     PRIMARY KEY (group_id, refresh_id, topic, partition, name)
   ) WITH (fillfactor = 50)`,
  `CREATE TABLE freshet.unit_rows (
     group_name text NOT NULL,
     source text NOT NULL,
     key text COLLATE "C" NOT NULL,
     unit text COLLATE "C" NOT NULL,
     origin text NOT NULL,
     epoch bigint NOT NULL,
     content text COLLATE "C" NOT NULL,
     PRIMARY KEY (group_name, source, key, unit)
   );
   CREATE INDEX unit_rows_by_unit ON freshet.unit_rows (group_name, unit);
   CREATE TABLE freshet.units (
     group_name text NOT NULL,
     unit text COLLATE "C" NOT NULL,
     outputs text COLLATE "C" NOT NULL DEFAULT '[]',
     PRIMARY KEY (group_name, unit)
   )`,
  `ALTER TABLE freshet.owed_keys ADD COLUMN first_offset bigint, ADD COLUMN failures int NOT NULL DEFAULT 1;
   UPDATE freshet.owed_keys SET first_offset = record_offset;
   ALTER TABLE freshet.owed_keys ALTER COLUMN first_offset SET NOT NULL`,
  `CREATE TABLE freshet.paused_groups (
     group_name text PRIMARY KEY,
     paused_at timestamptz NOT NULL DEFAULT now()
   )`,
  `ALTER TABLE freshet.owed_keys ADD COLUMN asked int NOT NULL DEFAULT 0, ADD COLUMN refresh_at timestamptz;
   UPDATE freshet.owed_keys SET refresh_at = now() WHERE code = 'INCOMPLETE';
   CREATE INDEX owed_keys_refresh_at ON freshet.owed_keys (group_name, refresh_at) WHERE refresh_at IS NOT NULL`,
];

export const SCHEMA_VERSION = STEPS.length;
/** Any number, the same in every process: two that start at once migrate one after the other. */
const ADVISORY_LOCK = 7_236_450_118;

/**
 * Creates what is missing in the target: Freshet's own schema, the pipelines' tables, the stamp columns of
 * tables that were there before. Idempotent. Throws VERSION_NEWER where a newer Freshet was here.
 */
export async function migrateTarget(client: ClientBase, pipelines: readonly TargetNeeds[]): Promise<void> {
  await lockedTransaction(client, ADVISORY_LOCK, async () => {
    await migrateOwn(client);
    for (const pipeline of pipelines) {
      for (const table of pipeline.targets) await migrateTable(client, table);
      for (const migration of pipeline.migrations) await runOnce(client, pipeline.name, migration);
    }
  });
}

/** Whether the target has all that this Freshet reads there. */
export async function isMigrated(client: ClientBase): Promise<boolean> {
  return (await storedVersion(client)) >= SCHEMA_VERSION;
}

async function migrateOwn(client: ClientBase): Promise<void> {
  const version = await storedVersion(client);
  if (version > SCHEMA_VERSION) {
    throw new FreshetError(
      'VERSION_NEWER',
      `the target's schema "freshet" has version ${version}, this Freshet knows ${SCHEMA_VERSION}`,
    );
  }
  if (version === SCHEMA_VERSION) return;
  if (version === 0) {
    await client.query('CREATE SCHEMA IF NOT EXISTS freshet');
    await client.query('CREATE TABLE freshet.schema_version (version int NOT NULL)');
    await client.query('INSERT INTO freshet.schema_version VALUES (0)');
  }
  for (const step of STEPS.slice(version)) await client.query(step);
  await client.query('UPDATE freshet.schema_version SET version = $1', [SCHEMA_VERSION]);
}

async function storedVersion(client: ClientBase): Promise<number> {
  const { rows } = await client.query<{ present: boolean }>(
    `SELECT to_regclass('freshet.schema_version') IS NOT NULL AS present`,
  );
  if (rows[0]?.present !== true) return 0;
  const stored = await client.query<{ version: number }>('SELECT version FROM freshet.schema_version');
  return stored.rows[0]?.version ?? 0;
}

async function migrateTable(client: ClientBase, table: TargetTable): Promise<void> {
  const exists = await client.query<{ present: boolean }>('SELECT to_regclass($1) IS NOT NULL AS present', [
    quoteTable(table),
  ]);
  if (exists.rows[0]?.present !== true) {
    if (table.schema !== 'public')
      await client.query(`CREATE SCHEMA IF NOT EXISTS ${quoteIdent(table.schema)}`);
    await client.query(createTable(table));
  }
  await createRowType(client, table);
  // Even where it changes nothing, ALTER TABLE waits for every reader: only where it is needed.
  if (!table.stamped || (await hasStamps(client, table))) return;
  await client.query(
    `ALTER TABLE ${quoteTable(table)} ADD COLUMN IF NOT EXISTS ${quoteIdent(FROM_COLUMN)} text,
     ADD COLUMN IF NOT EXISTS ${quoteIdent(EPOCH_COLUMN)} bigint`,
  );
}

/** Without it, or where this role may not make it, rows are written column by column. */
async function createRowType(client: ClientBase, table: TargetTable): Promise<void> {
  const { rowCount } = await client.query(
    `SELECT 1 WHERE to_regtype($1) IS NULL AND has_schema_privilege('freshet', 'CREATE')`,
    [rowType(table)],
  );
  if (rowCount === 1) await client.query(rowTypeStatement(table));
}

async function hasStamps(client: ClientBase, table: TargetTable): Promise<boolean> {
  const { rows } = await client.query(
    'SELECT 1 FROM pg_attribute WHERE attrelid = to_regclass($1) AND attname IN ($2, $3) AND NOT attisdropped',
    [quoteTable(table), FROM_COLUMN, EPOCH_COLUMN],
  );
  return rows.length === 2;
}

function createTable(table: TargetTable): string {
  const columns = table.columns.map(
    ({ name, type, notNull = false }) => `${quoteIdent(name)} ${type}${notNull ? ' NOT NULL' : ''}`,
  );
  columns.push(`PRIMARY KEY (${table.key.map(quoteIdent).join(', ')})`);
  return `CREATE TABLE ${quoteTable(table)} (${columns.join(', ')})`;
}

async function runOnce(client: ClientBase, pipeline: string, { id, sql }: Migration): Promise<void> {
  const { rowCount } = await client.query(
    'INSERT INTO freshet.pipeline_migrations (pipeline, id) VALUES ($1, $2) ON CONFLICT DO NOTHING',
    [pipeline, id],
  );
  if (rowCount === 1) await client.query(sql);
}
