import type { ClientBase } from 'pg';
import { textArray } from '../array-parameter.ts';

/** What an API was told last of a key. */
export interface Delivered {
  readonly key: string;
  readonly version: string;
  /** The body, as the JSON that was sent. */
  readonly body: string;
  readonly epoch: number;
}

/** Whose deliveries, and the partition that they came from. */
export interface LogPlace {
  readonly client: ClientBase;
  readonly pipeline: string;
  readonly from: string;
}

export const DELIVERIES_SQL = `CREATE TABLE IF NOT EXISTS freshet.deliveries (
  pipeline text NOT NULL,
  key text COLLATE "C" NOT NULL,
  version text COLLATE "C" NOT NULL,
  body text NOT NULL,
  came_from text NOT NULL,
  epoch bigint NOT NULL,
  PRIMARY KEY (pipeline, key)
);
CREATE INDEX IF NOT EXISTS deliveries_came_from ON freshet.deliveries (pipeline, came_from, epoch)`;

interface LogRow extends Omit<Delivered, 'epoch'> {
  readonly epoch: string;
}

/** What the keys were told, locked until the transaction ends. */
export async function findDelivered(
  { client, pipeline }: LogPlace,
  keys: readonly string[],
): Promise<Map<string, Delivered>> {
  const { rows } = await client.query<LogRow>(
    `SELECT key, version, body, epoch FROM freshet.deliveries
     WHERE pipeline = $1 AND key = ANY ($2::text[]) ORDER BY key FOR UPDATE`,
    [pipeline, textArray(keys)],
  );
  return new Map(rows.map((row) => [row.key, delivered(row)]));
}

/** What came from the partition; with an epoch, what was last seen before it. At most `limit`, the first keys. */
export async function deliveredFrom(
  { client, pipeline, from }: LogPlace,
  before: number | null,
  limit: number,
): Promise<Delivered[]> {
  const { rows } = await client.query<LogRow>(
    `SELECT key, version, body, epoch FROM freshet.deliveries
     WHERE pipeline = $1 AND came_from = $2 AND ($3::bigint IS NULL OR epoch < $3::bigint)
     ORDER BY key LIMIT $4 FOR UPDATE`,
    [pipeline, from, before, limit],
  );
  return rows.map(delivered);
}

/** Keeps what was told; a row that says so already is not written. */
export async function keepDelivered(
  { client, pipeline, from }: LogPlace,
  told: readonly Delivered[],
): Promise<void> {
  if (told.length === 0) return;
  const sorted = told.toSorted((a, b) => (a.key < b.key ? -1 : 1));
  await client.query(
    `INSERT INTO freshet.deliveries AS d (pipeline, key, version, body, came_from, epoch)
     SELECT $1, n.key, n.version, n.body, $2, n.epoch::bigint
     FROM unnest($3::text[], $4::text[], $5::text[], $6::text[]) AS n(key, version, body, epoch)
     ON CONFLICT (pipeline, key) DO UPDATE
     SET version = EXCLUDED.version, body = EXCLUDED.body, came_from = EXCLUDED.came_from, epoch = EXCLUDED.epoch
     WHERE (d.body, d.came_from, d.epoch) IS DISTINCT FROM (EXCLUDED.body, EXCLUDED.came_from, EXCLUDED.epoch)`,
    [
      pipeline,
      from,
      textArray(sorted.map(({ key }) => key)),
      textArray(sorted.map(({ version }) => version)),
      textArray(sorted.map(({ body }) => body)),
      textArray(sorted.map(({ epoch }) => String(epoch))),
    ],
  );
}

export async function forgetDelivered(
  { client, pipeline }: LogPlace,
  keys: readonly string[],
): Promise<void> {
  if (keys.length === 0) return;
  await client.query('DELETE FROM freshet.deliveries WHERE pipeline = $1 AND key = ANY ($2::text[])', [
    pipeline,
    textArray(keys),
  ]);
}

function delivered(row: LogRow): Delivered {
  return { ...row, epoch: Number(row.epoch) };
}
