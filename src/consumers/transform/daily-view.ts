import type { ClientBase } from 'pg';

/** The advisory lock's key: "frsh" and the refresh of the view. */
const REFRESH_LOCK = '(1718776680, 8)';

/**
 * Refreshes the daily view. Single flight: with `wait` after a refresh that is under way, which may have
 * missed the newest rows; without it nothing is done then, and the answer is false.
 */
export async function refreshDailyView(client: ClientBase, { wait }: { wait: boolean }): Promise<boolean> {
  if (wait) await client.query(`SELECT pg_advisory_lock${REFRESH_LOCK}`);
  else {
    const { rows } = await client.query<{ locked: boolean }>(
      `SELECT pg_try_advisory_lock${REFRESH_LOCK} AS locked`,
    );
    if (rows[0]?.locked !== true) return false;
  }
  try {
    await refresh(client);
    return true;
  } finally {
    await client.query(`SELECT pg_advisory_unlock${REFRESH_LOCK}`);
  }
}

/** A view that was never filled, as after a restore, cannot be refreshed beside its readers. */
async function refresh(client: ClientBase): Promise<void> {
  const { rows } = await client.query<{ filled: boolean; began: string }>(
    `SELECT relispopulated AS filled, clock_timestamp()::text AS began
     FROM pg_class WHERE oid = 'mv_brand_daily_metrics'::regclass`,
  );
  const concurrently = rows[0]?.filled === true ? 'CONCURRENTLY ' : '';
  await client.query(`REFRESH MATERIALIZED VIEW ${concurrently}mv_brand_daily_metrics`);
  await client.query('UPDATE freshet.transform_view SET refreshed_at = $1', [rows[0]?.began]);
}

/** Milliseconds since the last refresh began; null where there was none. */
export async function dailyViewAgeMs(client: ClientBase): Promise<number | null> {
  const { rows } = await client.query<{ ms: number | null }>(
    `SELECT (extract(epoch FROM clock_timestamp() - refreshed_at) * 1000)::float8 AS ms FROM freshet.transform_view`,
  );
  return rows[0]?.ms ?? null;
}
