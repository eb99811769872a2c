import { setTimeout as sleep } from 'node:timers/promises';
import type { ClientBase } from 'pg';
import { connect, errorMessage } from '../../runtime/postgres.ts';
import type { Companion } from '../define-pipeline.ts';
import { type ClassifyTables, quoteName } from './tables.ts';

const LOOK_MS = 30_000;
/** A table that takes longer to count has no fitting index: the number is not worth its time. */
const TIMEOUT_MS = 5_000;

/** Tells every half a minute how many URLs have no page type. A count that fails is told, and tried again. */
export function missingTypes(tables: ClassifyTables): Companion {
  return async ({ target, missing, log }, signal) => {
    while (!signal.aborted) {
      try {
        const client = await connect(target, 'missing page types');
        try {
          missing('page_type', await countMissing(client, tables));
        } finally {
          await client.end();
        }
      } catch (error) {
        log('warn', `URLs without a page type are not counted: ${errorMessage(error)}`);
      }
      await sleep(LOOK_MS, undefined, { signal }).catch(() => {});
    }
  };
}

async function countMissing(client: ClientBase, { urls }: ClassifyTables): Promise<number> {
  await client.query(`SET statement_timeout = ${TIMEOUT_MS}`);
  const { rows } = await client.query<{ count: string }>(
    `SELECT count(*) FROM ${quoteName(urls)} WHERE page_type IS NULL`,
  );
  return Number(rows[0]?.count ?? 0);
}
