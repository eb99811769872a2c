import type { ClientBase, Pool, PoolClient } from 'pg';
import { textArray } from './array-parameter.ts';
import type { Lane } from './positions.ts';

/** A key whose row in the sink lacks a change: its record became a dead letter, or lacked a value itself. */
export interface OwedKey {
  /** The key's bytes on the wire without the schema's id, base64: known even where nothing can be decoded. */
  readonly identity: string;
  /** The key for people, JSON; null where it could not be decoded. */
  readonly keyText: string | null;
  /** The failed record's position; empty where it had none. */
  readonly position: string;
  readonly offset: bigint;
  readonly code: string;
  /** A refresh would bring the row: nothing is known to be wrong with it, or it has changed since it failed. */
  readonly refreshable: boolean;
}

/** How long after the refresh of a key was asked for it may be asked for again. */
const PAUSE = `least(interval '1 hour', interval '20 seconds' * power(4, least(asked, 8)))`;

const OF_LANE = 'group_name = $1 AND topic = $2 AND partition = $3';

export async function laneOwes(client: PoolClient, lane: Lane): Promise<boolean> {
  const { rows } = await client.query(
    `SELECT 1 FROM freshet.owed_keys WHERE ${OF_LANE} LIMIT 1`,
    laneValues(lane),
  );
  return rows.length > 0;
}

/** Which of the identities are owed. */
export async function findOwed(
  client: PoolClient,
  lane: Lane,
  identities: readonly string[],
): Promise<Set<string>> {
  const { rows } = await client.query<{ identity: string }>(
    `SELECT identity FROM freshet.owed_keys WHERE ${OF_LANE} AND identity = ANY ($4::text[])`,
    [...laneValues(lane), textArray(identities)],
  );
  return new Set(rows.map((row) => row.identity));
}

/** `keys`: at most one of each identity. */
export async function owe(client: PoolClient, lane: Lane, keys: readonly OwedKey[]): Promise<void> {
  if (keys.length === 0) return;
  await client.query(
    `INSERT INTO freshet.owed_keys AS o
       (group_name, topic, partition, identity, key_text, position, record_offset, first_offset, code, refresh_at)
     SELECT $1, $2, $3, n.identity, n.key_text, n.position, n.at, n.at, n.code,
            CASE WHEN n.refreshable THEN now() END
     FROM unnest($4::text[], $5::text[], $6::text[], $7::int8[], $8::text[], $9::bool[])
       AS n(identity, key_text, position, at, code, refreshable)
     ON CONFLICT (group_name, topic, partition, identity) DO UPDATE
     SET position = EXCLUDED.position, record_offset = EXCLUDED.record_offset, code = EXCLUDED.code,
         key_text = coalesce(EXCLUDED.key_text, o.key_text), failures = o.failures + 1,
         refresh_at = CASE WHEN EXCLUDED.refresh_at IS NOT NULL THEN greatest(o.refresh_at, EXCLUDED.refresh_at) END`,
    [
      ...laneValues(lane),
      textArray(keys.map(({ identity }) => identity)),
      textArray(keys.map(({ keyText }) => keyText)),
      textArray(keys.map(({ position }) => position)),
      textArray(keys.map(({ offset }) => String(offset))),
      textArray(keys.map(({ code }) => code)),
      textArray(keys.map(({ refreshable }) => String(refreshable))),
    ],
  );
}

/** Keys that are owed already have changed since: a refresh may bring them now. */
export async function wantRefresh(
  client: PoolClient,
  lane: Lane,
  identities: readonly string[],
): Promise<void> {
  if (identities.length === 0) return;
  await client.query(
    `UPDATE freshet.owed_keys SET refresh_at = now() + CASE WHEN asked = 0 THEN interval '0' ELSE ${PAUSE} END
     WHERE ${OF_LANE} AND identity = ANY ($4::text[]) AND refresh_at IS NULL AND key_text IS NOT NULL`,
    [...laneValues(lane), textArray(identities)],
  );
}

/** A key to be refreshed. */
export interface WantedKey {
  readonly topic: string;
  readonly keyText: string;
  readonly failures: number;
}

/**
 * Takes keys whose refresh has been due for `waitedMs`, the longest due first. Each is due again later, and later
 * each time, unless it is settled before: a request may be lost, and a row may never come whole.
 */
export async function takeWanted(
  pool: Pool,
  group: string,
  { waitedMs, limit }: { readonly waitedMs: number; readonly limit: number },
): Promise<WantedKey[]> {
  const { rows } = await pool.query<WantedKey>(
    `WITH due AS (
       SELECT topic, partition, identity FROM freshet.owed_keys
       WHERE group_name = $1 AND refresh_at <= now() - $2 * interval '1 millisecond' AND key_text IS NOT NULL
       ORDER BY refresh_at LIMIT $3 FOR UPDATE SKIP LOCKED)
     UPDATE freshet.owed_keys AS o SET asked = o.asked + 1, refresh_at = now() + ${PAUSE}
     FROM due AS d
     WHERE o.group_name = $1 AND o.topic = d.topic AND o.partition = d.partition AND o.identity = d.identity
     RETURNING o.topic, o.key_text AS "keyText", o.failures`,
    [group, waitedMs, limit],
  );
  return rows;
}

export async function settle(client: PoolClient, lane: Lane, identities: readonly string[]): Promise<void> {
  if (identities.length === 0) return;
  await client.query(`DELETE FROM freshet.owed_keys WHERE ${OF_LANE} AND identity = ANY ($4::text[])`, [
    ...laneValues(lane),
    textArray(identities),
  ]);
}

/** After a truncate nothing older is owed, after a sweep nothing of an older epoch. `before`: a position's wire form. */
export async function settleBefore(client: PoolClient, lane: Lane, before: string): Promise<void> {
  await client.query(`DELETE FROM freshet.owed_keys WHERE ${OF_LANE} AND position < $4`, [
    ...laneValues(lane),
    before,
  ]);
}

/** A debt as it stands in the target. */
export interface Debt {
  readonly topic: string;
  readonly partition: number;
  readonly identity: string;
  readonly keyText: string | null;
  readonly code: string;
  /** Offsets of the first and the last record of the key that failed since it came whole. */
  readonly firstOffset: bigint;
  readonly lastOffset: bigint;
  readonly failures: number;
  readonly owedSince: Date;
}

/** Everything that a group owes. */
export async function readDebts(client: ClientBase, group: string): Promise<Debt[]> {
  const { rows } = await client.query<
    Omit<Debt, 'firstOffset' | 'lastOffset'> & { first: string; last: string }
  >(
    `SELECT topic, partition, identity, key_text AS "keyText", code, failures, owed_since AS "owedSince",
       first_offset::text AS first, record_offset::text AS last
     FROM freshet.owed_keys WHERE group_name = $1 ORDER BY topic, partition, record_offset`,
    [group],
  );
  return rows.map(({ first, last, ...debt }) => ({
    ...debt,
    firstOffset: BigInt(first),
    lastOffset: BigInt(last),
  }));
}

/** code → how many keys the group owes for it. */
export async function countDebts(client: ClientBase, group: string): Promise<Map<string, number>> {
  const { rows } = await client.query<{ code: string; keys: number }>(
    'SELECT code, count(*)::int AS keys FROM freshet.owed_keys WHERE group_name = $1 GROUP BY 1',
    [group],
  );
  return new Map(rows.map(({ code, keys }) => [code, keys]));
}

/** Debts with the same cause, as far as the target knows it. */
export interface DebtGroup {
  readonly topic: string;
  readonly code: string;
  readonly keys: number;
  readonly oldest: Date;
}

/** Most keys first. */
export async function groupDebts(client: ClientBase, group: string, most: number): Promise<DebtGroup[]> {
  const { rows } = await client.query<DebtGroup>(
    `SELECT topic, code, count(*)::int AS keys, min(owed_since) AS oldest
     FROM freshet.owed_keys WHERE group_name = $1 GROUP BY 1, 2 ORDER BY 3 DESC, 1, 2 LIMIT $2`,
    [group, most],
  );
  return rows;
}

/** Forgets debts that nobody is to make up for; one that grew meanwhile stays. Gives how many. */
export async function dropDebts(client: ClientBase, group: string, debts: readonly Debt[]): Promise<number> {
  const { rowCount } = await client.query(
    `DELETE FROM freshet.owed_keys AS o
     USING unnest($2::text[], $3::int[], $4::text[], $5::int8[]) AS e(topic, partition, identity, last_offset)
     WHERE o.group_name = $1 AND o.topic = e.topic AND o.partition = e.partition AND o.identity = e.identity
       AND o.record_offset <= e.last_offset`,
    [
      group,
      textArray(debts.map(({ topic }) => topic)),
      textArray(debts.map(({ partition }) => String(partition))),
      textArray(debts.map(({ identity }) => identity)),
      textArray(debts.map(({ lastOffset }) => String(lastOffset))),
    ],
  );
  return rowCount ?? 0;
}

function laneValues({ group, topic, partition }: Lane): [string, string, number] {
  return [group, topic, partition];
}
