import type { ClientBase } from 'pg';
import { FreshetError } from '../../../runtime/errors.ts';
import { quoteIdent } from '../../../sinks/target-table.ts';

/** The newest feed, whole: a source of items beside the products of the source database. */
export const FEED_TABLE = { schema: 'analytics', name: 'catalog_feed' } as const;
const PREFIX = 'catalog_snapshot_';

/** Snapshots have the columns of the feed. */
export const SNAPSHOT_SQL = `
  CREATE SCHEMA IF NOT EXISTS analytics;
  CREATE TABLE IF NOT EXISTS analytics.catalog_feed (
    sku text PRIMARY KEY, name text, manufacturer text, category_path text, description text, image_url text,
    price numeric, currency text, availability text, updated_at timestamptz
  );
  CREATE TABLE IF NOT EXISTS analytics.catalog_snapshots (
    snapshot     text PRIMARY KEY,
    taken_at     timestamptz NOT NULL DEFAULT clock_timestamp(),
    origin       text NOT NULL,
    taken_from   text NOT NULL,
    rows         bigint NOT NULL,
    duplicates   bigint NOT NULL,
    rejected     bigint NOT NULL,
    content_hash text NOT NULL
  );
  COMMENT ON COLUMN analytics.catalog_snapshots.content_hash IS 'equal content has an equal hash, whatever the order of its rows'`;

/** Of feeds that tell it; snapshots from before have none. */
export const FEED_VERSION_SQL =
  'ALTER TABLE analytics.catalog_feed ADD COLUMN IF NOT EXISTS metadata_version text';

/** Where a snapshot's rows came from: the source's table, or a feed. */
export type SnapshotOrigin = 'products' | 'feed';

export interface CatalogSnapshot {
  /** Its table's name within the schema "analytics". */
  readonly snapshot: string;
  readonly takenAt: string;
  readonly origin: SnapshotOrigin;
  /** The table or the file. */
  readonly takenFrom: string;
  readonly rows: number;
  readonly duplicates: number;
  readonly rejected: number;
  readonly contentHash: string;
}

export function snapshotTable(snapshot: string): string {
  return `analytics.${quoteIdent(snapshot)}`;
}

/** `catalog_snapshot_20261121`, in UTC; the second of a day ends in `_2`. The caller's transaction holds the name. */
export async function freeName(client: ClientBase, now: Date): Promise<string> {
  await client.query(`SELECT pg_advisory_xact_lock(hashtext('freshet'), hashtext('catalog snapshots'))`);
  const day = `${PREFIX}${now.toISOString().slice(0, 10).replaceAll('-', '')}`;
  for (let n = 1; ; n++) {
    const name = n === 1 ? day : `${day}_${n}`;
    const { rows } = await client.query<{ free: boolean }>(
      `SELECT to_regclass($1) IS NULL AND NOT EXISTS (SELECT FROM analytics.catalog_snapshots WHERE snapshot = $2) AS free`,
      [snapshotTable(name), name],
    );
    if (rows[0]?.free === true) return name;
  }
}

/** The newest first; none where nothing was made yet. */
export async function listSnapshots(client: ClientBase): Promise<CatalogSnapshot[]> {
  const register = await client.query<{ present: boolean }>(
    `SELECT to_regclass('analytics.catalog_snapshots') IS NOT NULL AS present`,
  );
  if (register.rows[0]?.present !== true) return [];
  const { rows } = await client.query<CatalogSnapshot>(
    `SELECT snapshot, to_char(taken_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS "takenAt", origin,
            taken_from AS "takenFrom", rows::float8 AS rows, duplicates::float8 AS duplicates,
            rejected::float8 AS rejected, content_hash AS "contentHash"
       FROM analytics.catalog_snapshots ORDER BY taken_at DESC`,
  );
  return rows;
}

/** By `2026-11-21`, `20261121`, `20261121_2` or the table's name. Throws USAGE. */
export async function findSnapshot(client: ClientBase, name: string): Promise<CatalogSnapshot> {
  const wanted = `${PREFIX}${name.replace(/^(analytics\.)?catalog_snapshot_/, '').replaceAll('-', '')}`;
  const known = await listSnapshots(client);
  const found = known.find(({ snapshot }) => snapshot === wanted);
  if (found !== undefined) return found;
  const names = known.map(({ snapshot }) => snapshot.slice(PREFIX.length));
  throw new FreshetError('USAGE', `there is no snapshot "${name}"`, {
    cure:
      names.length === 0
        ? 'Make one with freshet backfill upsert.'
        : `Choose one of: ${names.slice(0, 20).join(', ')}.`,
  });
}

/** Drops the oldest beyond `keep`, never the pinned one. Gives the names. */
export async function dropOldSnapshots(
  client: ClientBase,
  keep: number,
  pinned: string | null,
): Promise<string[]> {
  const old = (await listSnapshots(client)).slice(keep).filter(({ snapshot }) => snapshot !== pinned);
  for (const { snapshot } of old) {
    await client.query(`DROP TABLE IF EXISTS ${snapshotTable(snapshot)}`);
    await client.query('DELETE FROM analytics.catalog_snapshots WHERE snapshot = $1', [snapshot]);
  }
  return old.map(({ snapshot }) => snapshot);
}
