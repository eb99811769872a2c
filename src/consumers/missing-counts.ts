import { setTimeout as sleep } from 'node:timers/promises';
import type { ClientBase, Pool } from 'pg';
import { connect, errorMessage } from '../runtime/postgres.ts';
import type { Companion } from './define-pipeline.ts';

const LOOK_MS = 30_000;
/** A table that takes longer to count has no fitting index: the number is not worth its time. */
const TIMEOUT_MS = 5_000;

interface MissingCounts {
  /** All that are counted. */
  readonly rows: number;
  /** Field → those that lack it. */
  readonly missing: Readonly<Record<string, number>>;
}

/** Tells every half a minute how many rows lack what. A count that fails is told, and tried again. */
export function missingCounts(
  what: string,
  count: (client: ClientBase) => Promise<MissingCounts>,
): Companion {
  return async ({ target, missing, log }, signal) => {
    while (!signal.aborted) {
      try {
        const client = await connect(target, 'missing values');
        try {
          await client.query(`SET statement_timeout = ${TIMEOUT_MS}`);
          const counts = await count(client);
          for (const [field, lacking] of Object.entries(counts.missing)) missing(field, lacking, counts.rows);
        } finally {
          await client.end();
        }
      } catch (error) {
        log('warn', `${what} are not counted: ${errorMessage(error)}`);
      }
      await sleep(LOOK_MS, undefined, { signal }).catch(() => {});
    }
  };
}

/** Of a table, quoted: as it was last analysed, where it was. To count all rows of a large table costs more than it tells. */
export async function countRows(client: ClientBase | Pool, table: string): Promise<number> {
  const { rows } = await client.query<{ rows: number }>(
    `SELECT CASE WHEN reltuples > 0 THEN reltuples ELSE (SELECT count(*) FROM ${table}) END::float8 AS rows
       FROM pg_class WHERE oid = $1::regclass`,
    [table],
  );
  return rows[0]?.rows ?? 0;
}
