import type { ClientBase, PoolClient } from 'pg';
import { textArray } from './array-parameter.ts';
import type { Lane } from './positions.ts';

/** A key whose record became a dead letter: its row in the sink lacks that change. */
export interface OwedKey {
  /** The key's bytes on the wire without the schema's id, base64: known even where nothing can be decoded. */
  readonly identity: string;
  /** The key for people, JSON; null where it could not be decoded. */
  readonly keyText: string | null;
  /** The failed record's position; empty where it had none. */
  readonly position: string;
  readonly offset: bigint;
  readonly code: string;
}

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

export async function owe(client: PoolClient, lane: Lane, keys: readonly OwedKey[]): Promise<void> {
  for (const { identity, keyText, position, offset, code } of keys) {
    await client.query(
      `INSERT INTO freshet.owed_keys AS o
         (group_name, topic, partition, identity, key_text, position, record_offset, first_offset, code)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $7, $8)
       ON CONFLICT (group_name, topic, partition, identity) DO UPDATE
       SET position = EXCLUDED.position, record_offset = EXCLUDED.record_offset, code = EXCLUDED.code,
           key_text = coalesce(EXCLUDED.key_text, o.key_text), failures = o.failures + 1`,
      [...laneValues(lane), identity, keyText, position, String(offset), code],
    );
  }
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
