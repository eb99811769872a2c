import type pg from 'pg';
import { type Lsn, parseLsn } from '../change/lsn.ts';

/** Where the server's WAL ends now: of a standby, what it has replayed. */
const CURRENT_WAL =
  'CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_insert_lsn() END';

export async function currentWal(client: Pick<pg.ClientBase, 'query'>): Promise<Lsn> {
  const { rows } = await client.query<{ lsn: string }>(`SELECT (${CURRENT_WAL})::text AS lsn`);
  return parseLsn(rows[0]?.lsn ?? '0/0');
}
