import type { ClientBase, Pool } from 'pg';

/** Since when a group is paused; null where it is not. */
export async function pausedSince(client: ClientBase | Pool, group: string): Promise<Date | null> {
  const { rows } = await client.query<{ since: Date }>(
    'SELECT paused_at AS since FROM freshet.paused_groups WHERE group_name = $1',
    [group],
  );
  return rows[0]?.since ?? null;
}

export async function pausedGroups(client: ClientBase): Promise<Set<string>> {
  const { rows } = await client.query<{ group: string }>(
    'SELECT group_name AS group FROM freshet.paused_groups',
  );
  return new Set(rows.map(({ group }) => group));
}

/** Every process of the group hears of it within a second or two. Gives whether it was paused before. */
export async function pauseGroup(client: ClientBase, group: string): Promise<boolean> {
  const { rowCount } = await client.query(
    'INSERT INTO freshet.paused_groups (group_name) VALUES ($1) ON CONFLICT DO NOTHING',
    [group],
  );
  return rowCount === 0;
}

/** Gives whether it was paused. */
export async function resumeGroup(client: ClientBase, group: string): Promise<boolean> {
  const { rowCount } = await client.query('DELETE FROM freshet.paused_groups WHERE group_name = $1', [group]);
  return rowCount === 1;
}
