import type pg from 'pg';
import { type Lsn, parseLsn } from '../change/lsn.ts';

/** Where the server's WAL ends now: of a standby, what it has replayed. */
const CURRENT_WAL =
  'CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_insert_lsn() END';

export async function currentWal(client: Pick<pg.ClientBase, 'query'>): Promise<Lsn> {
  const { rows } = await client.query<{ lsn: string }>(`SELECT (${CURRENT_WAL})::text AS lsn`);
  return parseLsn(rows[0]?.lsn ?? '0/0');
}

/** All that was committed before `ms` of the source's clock, Unix milliseconds, lies below `lsn`. */
export async function readWalReading(
  client: Pick<pg.ClientBase, 'query'>,
): Promise<{ readonly ms: number; readonly lsn: Lsn }> {
  const { rows } = await client.query<{ ms: number; lsn: string }>(
    `SELECT extract(epoch FROM statement_timestamp())::float8 * 1000 AS ms, (${CURRENT_WAL})::text AS lsn`,
  );
  const [row] = rows;
  return { ms: row?.ms ?? 0, lsn: parseLsn(row?.lsn ?? '0/0') };
}
