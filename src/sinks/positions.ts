import type { ClientBase, PoolClient, QueryConfig, QueryResult } from 'pg';

/** One partition of one consumer group. */
export interface Lane {
  readonly group: string;
  readonly topic: string;
  readonly partition: number;
}

/** How far a lane has come: everything up to `position` is applied, `nextOffset` is to be read next. */
export interface Progress {
  /** The highest applied position's wire form; empty before the first. Ordered as text. */
  readonly position: string;
  readonly nextOffset: bigint;
}

interface ProgressRow {
  readonly position: string;
  readonly next_offset: string;
}

const OF_LANE = 'group_name = $1 AND topic = $2 AND partition = $3';

export function sameProgress(a: Progress, b: Progress): boolean {
  return a.position === b.position && a.nextOffset === b.nextOffset;
}

/** The stored progress; a lane without one begins at `nextOffset`, and is stored so. */
export async function openLane(client: ClientBase, lane: Lane, nextOffset: bigint): Promise<Progress> {
  const key = [lane.group, lane.topic, lane.partition];
  await client.query(
    `INSERT INTO freshet.positions (group_name, topic, partition, position, next_offset)
     VALUES ($1, $2, $3, '', $4) ON CONFLICT DO NOTHING`,
    [...key, String(nextOffset)],
  );
  const { rows } = await client.query<ProgressRow>(
    `SELECT position, next_offset FROM freshet.positions WHERE ${OF_LANE}`,
    key,
  );
  return progressOf(rows[0]);
}

/** The stored progress, locked until the transaction ends: nobody else can apply a batch of this lane meanwhile. */
export async function lockLane(client: PoolClient, lane: Lane): Promise<Progress> {
  return lockedProgress(await client.query(lockStatement(lane)));
}

/** Locks the lane as `lockLane` does; `lockedProgress` reads its answer. */
export function lockStatement(lane: Lane): QueryConfig {
  return {
    name: 'freshet_lock_lane',
    text: `SELECT position, next_offset FROM freshet.positions WHERE ${OF_LANE} FOR UPDATE`,
    values: [lane.group, lane.topic, lane.partition],
  };
}

export function lockedProgress(answer: QueryResult | undefined): Progress {
  return progressOf((answer as QueryResult<ProgressRow> | undefined)?.rows[0]);
}

export function progressStatement(lane: Lane, progress: Progress): QueryConfig {
  return {
    name: 'freshet_store_progress',
    text: `UPDATE freshet.positions SET position = $4, next_offset = $5, updated_at = clock_timestamp() WHERE ${OF_LANE}`,
    values: [lane.group, lane.topic, lane.partition, progress.position, String(progress.nextOffset)],
  };
}

/** Every lane of the group that was ever opened. */
export async function readLanes(client: ClientBase, group: string): Promise<(Lane & Progress)[]> {
  const { rows } = await client.query<ProgressRow & { topic: string; partition: number }>(
    'SELECT topic, partition, position, next_offset FROM freshet.positions WHERE group_name = $1',
    [group],
  );
  return rows.map((row) => ({ group, topic: row.topic, partition: row.partition, ...progressOf(row) }));
}

/** Every lane of the topic that was ever opened, of whatever group. */
export async function readTopicLanes(client: ClientBase, topic: string): Promise<(Lane & Progress)[]> {
  const { rows } = await client.query<ProgressRow & { group: string; partition: number }>(
    'SELECT group_name AS "group", partition, position, next_offset FROM freshet.positions WHERE topic = $1',
    [topic],
  );
  return rows.map((row) => ({ group: row.group, topic, partition: row.partition, ...progressOf(row) }));
}

/** Lets a lane read from another offset; what it has applied stays known. Nobody may be reading it. */
export async function moveLane(client: ClientBase, lane: Lane, nextOffset: bigint): Promise<void> {
  await client.query(
    `UPDATE freshet.positions SET next_offset = $4, updated_at = clock_timestamp() WHERE ${OF_LANE}`,
    [lane.group, lane.topic, lane.partition, String(nextOffset)],
  );
}

/** A row that somebody deleted matches no progress that is believed in: the lane is opened anew. */
function progressOf(row: ProgressRow | undefined): Progress {
  if (row === undefined) return { position: '', nextOffset: -1n };
  return { position: row.position, nextOffset: BigInt(row.next_offset) };
}
