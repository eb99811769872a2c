import type { ClientBase } from 'pg';
import { textArray } from './array-parameter.ts';
import type { Lane } from './positions.ts';

/** Refresh id → name → count. */
export type Tallies = ReadonlyMap<string, ReadonlyMap<string, number>>;

/** Adds to what the lane has counted for each refresh, in the transaction of the rows that were counted. */
export async function addTallies(client: ClientBase, lane: Lane, tallies: Tallies): Promise<void> {
  const entries = [...tallies].flatMap(([id, counts]) =>
    [...counts].map(([name, count]) => ({ id, name, count })),
  );
  if (entries.length === 0) return;
  await client.query(
    `INSERT INTO freshet.refresh_tallies AS t (group_id, topic, partition, refresh_id, name, count)
     SELECT $1, $2, $3, e.* FROM unnest($4::text[], $5::text[], $6::bigint[]) AS e(refresh_id, name, count)
     ON CONFLICT (group_id, refresh_id, topic, partition, name) DO UPDATE SET count = t.count + EXCLUDED.count`,
    [
      lane.group,
      lane.topic,
      lane.partition,
      textArray(entries.map(({ id }) => id)),
      textArray(entries.map(({ name }) => name)),
      textArray(entries.map(({ count }) => String(count))),
    ],
  );
}

/** What a group has counted for one refresh so far, whichever process applied it. Name → count. */
export async function readTallies(
  client: ClientBase,
  group: string,
  refreshId: string,
): Promise<Map<string, number>> {
  const { rows } = await client.query<{ name: string; count: string }>(
    'SELECT name, sum(count)::text AS count FROM freshet.refresh_tallies WHERE group_id = $1 AND refresh_id = $2 GROUP BY name',
    [group, refreshId],
  );
  return new Map(rows.map(({ name, count }) => [name, Number(count)]));
}
