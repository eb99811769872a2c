import type pg from 'pg';
import { type Lsn, parseLsn } from '../change/lsn.ts';
import { FreshetError } from '../runtime/errors.ts';
import { errorMessage, isConnectionLoss, sqlState } from '../runtime/postgres.ts';

/** A logical slot as `pg_replication_slots` shows it. */
export interface SlotStatus {
  readonly plugin: string;
  readonly database: string;
  readonly active: boolean;
  readonly activePid: number | null;
  readonly confirmedLsn: Lsn | null;
  readonly restartLsn: Lsn | null;
  /** reserved, extended, unreserved or lost; null before the slot was ever used */
  readonly walStatus: string | null;
  /** A physical standby keeps a copy, and a failover goes on with it (PostgreSQL 17). */
  readonly failover: boolean;
  /** WAL that the slot keeps on the server's disk. */
  readonly retainedBytes: number;
  /** WAL that may still be written before the slot is lost; null where `max_slot_wal_keep_size` is −1. */
  readonly safeBytes: number | null;
}

/** Who a server is: both change together with the history that a slot belongs to. */
export interface SystemIdentity {
  readonly systemId: string;
  readonly timeline: number;
}

const SLOT = `
  SELECT plugin, database, active, active_pid, confirmed_flush_lsn::text AS confirmed, restart_lsn::text AS restart,
         wal_status, safe_wal_size::text AS safe, coalesce(to_jsonb(s) ->> 'failover', 'false')::bool AS failover,
         coalesce(pg_wal_lsn_diff(CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_lsn() END, restart_lsn), 0)::text AS retained
    FROM pg_catalog.pg_replication_slots s WHERE slot_name = $1`;

interface SlotRow {
  readonly plugin: string;
  readonly database: string;
  readonly active: boolean;
  readonly active_pid: number | null;
  readonly confirmed: string | null;
  readonly restart: string | null;
  readonly wal_status: string | null;
  readonly safe: string | null;
  readonly failover: boolean;
  readonly retained: string;
}

export async function readSlot(client: pg.ClientBase, slot: string): Promise<SlotStatus | null> {
  const row = (await client.query<SlotRow>(SLOT, [slot])).rows[0];
  if (row === undefined) return null;
  return {
    plugin: row.plugin,
    database: row.database,
    active: row.active,
    activePid: row.active_pid,
    confirmedLsn: row.confirmed === null ? null : parseLsn(row.confirmed),
    restartLsn: row.restart === null ? null : parseLsn(row.restart),
    walStatus: row.wal_status,
    failover: row.failover,
    retainedBytes: Number(row.retained),
    safeBytes: row.safe === null ? null : Number(row.safe),
  };
}

/** Creates the slot; waits for every transaction that runs now, and says which one if that takes too long. */
export async function createSlot(
  client: pg.ClientBase,
  slot: string,
  timeoutMs: number,
  failover = false,
): Promise<Lsn> {
  try {
    await client.query(`SET statement_timeout = ${Math.floor(timeoutMs)}`);
    const { rows } = await client.query<{ lsn: string }>(
      `SELECT lsn::text AS lsn FROM pg_create_logical_replication_slot($1, 'pgoutput'${failover ? ', failover => true' : ''})`,
      [slot],
    );
    return parseLsn(rows[0]?.lsn ?? '0/0');
  } catch (error) {
    throw await slotCreationError(client, slot, error);
  } finally {
    await client.query('RESET statement_timeout').catch(() => {});
  }
}

/** Does nothing where there is none. Throws SLOT_BUSY while somebody streams from it. */
export async function dropSlot(client: pg.ClientBase, slot: string): Promise<void> {
  try {
    await client.query(
      `SELECT pg_drop_replication_slot(slot_name) FROM pg_catalog.pg_replication_slots WHERE slot_name = $1`,
      [slot],
    );
  } catch (error) {
    throw slotBusy(slot, error) ?? error;
  }
}

/** Null: the server refused for another reason. */
export function slotBusy(slot: string, error: unknown): FreshetError | null {
  if (sqlState(error) !== '55006') return null;
  return new FreshetError('SLOT_BUSY', `replication slot "${slot}" is in use: ${errorMessage(error)}`, {
    cause: error,
  });
}

const BLOCKERS = `
  SELECT pid, usename, coalesce(left(query, 60), '') AS query, (now() - xact_start)::text AS age
    FROM pg_catalog.pg_stat_activity
   WHERE backend_xid IS NOT NULL AND pid <> pg_backend_pid() ORDER BY xact_start LIMIT 3`;

async function slotCreationError(client: pg.ClientBase, slot: string, error: unknown): Promise<FreshetError> {
  const state = sqlState(error);
  if (state === '57014') {
    const { rows } = await client
      .query<{ pid: number; usename: string; age: string }>(BLOCKERS)
      .catch(() => ({ rows: [] as { pid: number; usename: string; age: string }[] }));
    const who = rows.map((row) => `pid ${row.pid} (${row.usename}, for ${row.age})`).join(', ');
    return new FreshetError(
      'CONNECTION',
      `creating slot "${slot}" waits for running transactions: ${who || 'unknown'}`,
      {
        cause: error,
        cure: 'End the named transactions; the slot is tried again.',
      },
    );
  }
  if (isConnectionLoss(error) || state === '40P01' || state === '55P03')
    return new FreshetError('CONNECTION', `creating slot "${slot}": ${errorMessage(error)}`, {
      cause: error,
    });
  const cures: Record<string, string> = {
    '42883': 'Failover slots need PostgreSQL 17: leave out sources[].failoverSlot.',
    '42501': 'Give the role REPLICATION: see freshet init --print-sql.',
    '55000':
      "Set wal_level = logical in postgresql.conf and restart PostgreSQL (ALTER SYSTEM SET wal_level = 'logical').",
    '53400': 'Raise max_replication_slots and restart PostgreSQL, or drop slots that nobody uses.',
  };
  const cure = state === undefined ? undefined : cures[state];
  return new FreshetError('PREFLIGHT', `cannot create replication slot "${slot}": ${errorMessage(error)}`, {
    cause: error,
    ...(cure === undefined ? {} : { cure }),
  });
}

/** A standby, or a server that has not finished starting. */
export async function isInRecovery(client: pg.ClientBase): Promise<boolean> {
  const { rows } = await client.query<{ recovering: boolean }>('SELECT pg_is_in_recovery() AS recovering');
  return rows[0]?.recovering === true;
}

/** The timeline that is written to now; the control file's is that of the last checkpoint. */
export async function identifySystem(client: pg.ClientBase): Promise<SystemIdentity> {
  const { rows } = await client.query<{ system: string; timeline: number }>(
    `SELECT system_identifier::text AS system,
            CASE WHEN pg_is_in_recovery() THEN (SELECT timeline_id FROM pg_control_checkpoint())
                 ELSE ('x' || left(pg_walfile_name(pg_current_wal_lsn()), 8))::bit(32)::int END AS timeline
       FROM pg_control_system()`,
  );
  return { systemId: rows[0]?.system ?? '', timeline: rows[0]?.timeline ?? 0 };
}

/**
 * Where timeline `old` ended that `now` comes from; null where `now` does not come from it. Both
 * histories are the same up to there. Needs a replication connection.
 */
export async function readTimelineEnd(client: pg.ClientBase, now: number, old: number): Promise<Lsn | null> {
  const { rows } = await client.query<{ content: Buffer | string }>(`TIMELINE_HISTORY ${now}`);
  for (const line of String(rows[0]?.content ?? '').split('\n')) {
    const [timeline, end] = line.trim().split(/\s+/);
    if (Number(timeline) === old && end !== undefined) return parseLsn(end);
  }
  return null;
}
