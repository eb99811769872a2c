import pg from 'pg';
import type { Config, SourceConfig } from '../config.ts';
import { formatTable, type TableId } from '../change/table.ts';
import { FreshetError } from '../runtime/errors.ts';
import { connect, errorMessage, type PostgresConfig } from '../runtime/postgres.ts';
import { readPublication } from '../source/publication.ts';
import { isMigrated } from '../sinks/schema.ts';
import { readSlot } from '../source/slot.ts';
import { readTable } from '../source/table-catalog.ts';
import { TypeCatalog } from '../source/type-catalog.ts';
import { createKafka } from '../topics/kafka.ts';
import { withAdmin } from '../topics/topic-admin.ts';

export interface Finding {
  readonly check: string;
  readonly ok: boolean;
  /** What was found. */
  readonly found: string;
  /** What to do about it: SQL where SQL cures it. */
  readonly cure?: string;
}

const OLDEST_POSTGRES = 150_000;

/** Looks at everything that a start needs, changes nothing, and names a cure for each thing that is missing. */
export async function diagnose(config: Config): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const source of config.sources) findings.push(...(await diagnoseSource(source)));
  findings.push(
    await diagnoseTarget(config.target),
    await diagnoseKafka(config),
    await diagnoseRegistry(config),
  );
  return findings;
}

/** A start needs every service once: what cannot be reached now is named, instead of being tried for ever. Throws PREFLIGHT. */
export async function assertReachable(config: Config): Promise<void> {
  const findings = await Promise.all([
    ...config.sources.map((source) => diagnoseConnection(`source ${source.name}`, source.connection)),
    diagnoseTarget(config.target),
    diagnoseKafka(config),
    diagnoseRegistry(config),
  ]);
  const missing = findings.filter((finding) => !finding.ok);
  if (missing.length === 0) return;
  throw new FreshetError('PREFLIGHT', missing.map(({ check, found }) => `${check}: ${found}`).join('; '), {
    cure: [...new Set(missing.map(({ cure }) => cure ?? ''))].join(' '),
  });
}

async function diagnoseConnection(name: string, config: PostgresConfig): Promise<Finding> {
  const check = `${name}: connection`;
  try {
    await using _client = await connect(config, 'doctor');
    return { check, ok: true, found: 'connected' };
  } catch (error) {
    return failed(check, error);
  }
}

async function diagnoseSource(source: SourceConfig): Promise<Finding[]> {
  const prefix = `source ${source.name}`;
  let client: pg.Client;
  try {
    client = await connect(source.connection, 'doctor');
  } catch (error) {
    return [failed(`${prefix}: connection`, error)];
  }
  try {
    return [
      { check: `${prefix}: connection`, ok: true, found: 'connected' },
      ...(source.mode === 'snapshot-only'
        ? [withoutStream(prefix)]
        : [
            ...(await serverSettings(client, prefix)),
            await role(client, prefix),
            await slot(client, prefix, source),
            await publication(client, prefix, source),
          ]),
      ...(await tables(client, prefix, source)),
    ];
  } finally {
    await client.end();
  }
}

function withoutStream(prefix: string): Finding {
  const found =
    'snapshot-only: changes show when they are refreshed, deletes after a refresh of the whole table';
  return { check: `${prefix}: mode`, ok: true, found };
}

interface SettingsRow {
  readonly version: number;
  readonly wal_level: string;
  readonly slots: number;
  readonly slots_used: number;
  readonly senders: number;
  readonly senders_used: number;
}

async function serverSettings(client: pg.Client, prefix: string): Promise<Finding[]> {
  const { rows } = await client.query<SettingsRow>(`
    SELECT current_setting('server_version_num')::int AS version, current_setting('wal_level') AS wal_level,
           current_setting('max_replication_slots')::int AS slots, current_setting('max_wal_senders')::int AS senders,
           (SELECT count(*)::int FROM pg_catalog.pg_replication_slots) AS slots_used,
           (SELECT count(*)::int FROM pg_catalog.pg_stat_replication) AS senders_used`);
  const row = rows[0];
  if (row === undefined) return [];
  return [
    finding(
      `${prefix}: version`,
      row.version >= OLDEST_POSTGRES,
      `PostgreSQL ${Math.floor(row.version / 10_000)}`,
      'Freshet needs PostgreSQL 15 or newer: upgrade the server.',
    ),
    finding(
      `${prefix}: wal_level`,
      row.wal_level === 'logical',
      row.wal_level,
      "ALTER SYSTEM SET wal_level = 'logical'; -- then restart PostgreSQL",
    ),
    finding(
      `${prefix}: replication slots`,
      row.slots_used < row.slots,
      `${row.slots_used} of ${row.slots} in use`,
      `ALTER SYSTEM SET max_replication_slots = ${row.slots + 10}; -- then restart PostgreSQL`,
    ),
    finding(
      `${prefix}: WAL senders`,
      row.senders_used < row.senders,
      `${row.senders_used} of ${row.senders} in use`,
      `ALTER SYSTEM SET max_wal_senders = ${row.senders + 10}; -- then restart PostgreSQL`,
    ),
  ];
}

async function role(client: pg.Client, prefix: string): Promise<Finding> {
  const { rows } = await client.query<{ name: string; may: boolean }>(
    `SELECT rolname AS name, rolreplication OR rolsuper AS may FROM pg_catalog.pg_roles WHERE rolname = current_user`,
  );
  const name = rows[0]?.name ?? '';
  const cure = `ALTER ROLE ${pg.escapeIdentifier(name)} REPLICATION;`;
  return finding(
    `${prefix}: role`,
    rows[0]?.may === true,
    `${name} ${rows[0]?.may === true ? 'may' : 'may not'} replicate`,
    cure,
  );
}

async function slot(client: pg.Client, prefix: string, source: SourceConfig): Promise<Finding> {
  const check = `${prefix}: slot`;
  const status = await readSlot(client, source.slot);
  if (status === null)
    return { check, ok: true, found: `"${source.slot}" does not exist yet: the first start makes it` };
  const found = `"${source.slot}" ${status.active ? 'in use' : 'idle'}, wal_status ${status.walStatus ?? 'unknown'}, keeps ${status.retainedBytes} bytes`;
  if (status.walStatus === 'lost') {
    return {
      check,
      ok: false,
      found,
      cure: `Start with onSlotLoss: 'refresh', which makes a new slot and refreshes every table.`,
    };
  }
  const atRisk = status.walStatus === 'unreserved';
  return finding(
    check,
    !atRisk,
    found,
    'Start the capture, or raise max_slot_wal_keep_size: the slot is about to be lost.',
  );
}

async function publication(client: pg.Client, prefix: string, source: SourceConfig): Promise<Finding> {
  const check = `${prefix}: publication`;
  const published = await readPublication(client, source.publication);
  const may = await mayCreate(client);
  const create = `CREATE PUBLICATION ${pg.escapeIdentifier(source.publication)} FOR TABLE ${source.tables.map(quote).join(', ')} WITH (publish_via_partition_root = true);`;
  if (published === null) {
    return finding(check, may, `"${source.publication}" does not exist yet`, create);
  }
  const missing = source.tables.filter((table) => !published.includes(formatTable(table)));
  const cure = `ALTER PUBLICATION ${pg.escapeIdentifier(source.publication)} ADD TABLE ${missing.map(quote).join(', ')};`;
  return finding(
    check,
    missing.length === 0 || may,
    `${published.length} tables, ${missing.length} to be added`,
    cure,
  );
}

async function tables(client: pg.Client, prefix: string, source: SourceConfig): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const id of source.tables) {
    const check = `${prefix}: table ${formatTable(id)}`;
    try {
      const { schema } = await readTable(client, new TypeCatalog(), id);
      const { rows } = await client.query<{ may: boolean }>(
        `SELECT has_table_privilege($1::oid, 'SELECT') AS may`,
        [schema.relationOid],
      );
      const grant = `GRANT SELECT ON ${quote(id)} TO CURRENT_USER; -- as the owner`;
      const identity =
        schema.identity === 'nothing' ? 'replica identity is NOTHING' : `replica identity ${schema.identity}`;
      if (schema.identity === 'nothing') {
        findings.push({
          check,
          ok: false,
          found: identity,
          cure: `ALTER TABLE ${quote(id)} REPLICA IDENTITY DEFAULT;`,
        });
      } else findings.push(finding(check, rows[0]?.may === true, identity, grant));
    } catch (error) {
      findings.push(failed(check, error));
    }
  }
  return findings;
}

/** A start makes what is missing there; who finds it made needs no right for that. */
async function diagnoseTarget(config: PostgresConfig): Promise<Finding> {
  try {
    await using client = await connect(config, 'doctor');
    const ok = (await mayCreate(client)) || (await isMigrated(client));
    return finding(
      'target',
      ok,
      ok ? 'connected' : 'its role may not create the schema "freshet", which is not there',
      'GRANT CREATE ON DATABASE … TO the role of target.url; or run freshet migrate as an administrator.',
    );
  } catch (error) {
    return failed('target', error);
  }
}

async function mayCreate(client: pg.Client): Promise<boolean> {
  const { rows } = await client.query<{ may: boolean }>(
    `SELECT has_database_privilege(current_database(), 'CREATE') AS may`,
  );
  return rows[0]?.may === true;
}

async function diagnoseKafka(config: Config): Promise<Finding> {
  try {
    const kafka = createKafka(config.kafka);
    const { brokers } = await withAdmin(kafka, (admin) => admin.describeCluster());
    return {
      check: 'kafka',
      ok: true,
      found: `${brokers.length} ${brokers.length === 1 ? 'broker' : 'brokers'}`,
    };
  } catch (error) {
    return failed('kafka', error);
  }
}

async function diagnoseRegistry(config: Config): Promise<Finding> {
  const url = `${config.registry.url.replace(/\/+$/, '')}/subjects`;
  try {
    const { auth } = config.registry;
    const headers =
      auth === undefined
        ? {}
        : { authorization: `Basic ${Buffer.from(`${auth.username}:${auth.password}`).toString('base64')}` };
    const response = await fetch(url, { headers, signal: AbortSignal.timeout(10_000) });
    return finding(
      'schema registry',
      response.ok,
      `HTTP ${response.status}`,
      'Correct registry.url (with the path of the Confluent API) or registry.auth.',
    );
  } catch (error) {
    return {
      check: 'schema registry',
      ok: false,
      found: errorMessage(error),
      cure: 'Start the registry, or correct registry.url.',
    };
  }
}

function finding(check: string, ok: boolean, found: string, cure: string): Finding {
  return ok ? { check, ok, found } : { check, ok, found, cure };
}

function failed(check: string, error: unknown): Finding {
  const cure = error instanceof FreshetError ? error.cure : 'Cure what the message names.';
  return { check, ok: false, found: errorMessage(error), cure };
}

function quote(id: TableId): string {
  return `${pg.escapeIdentifier(id.schema)}.${pg.escapeIdentifier(id.name)}`;
}
