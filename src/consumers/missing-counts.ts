import { setTimeout as sleep } from 'node:timers/promises';
import type { ClientBase } from 'pg';
import { connect, errorMessage } from '../runtime/postgres.ts';
import type { Companion } from './define-pipeline.ts';

const LOOK_MS = 30_000;
/** A table that takes longer to count has no fitting index: the number is not worth its time. */
const TIMEOUT_MS = 5_000;

/** Tells every half a minute how many rows lack what. A count that fails is told, and tried again. */
export function missingCounts(
  what: string,
  count: (client: ClientBase) => Promise<Readonly<Record<string, number>>>,
): Companion {
  return async ({ target, missing, log }, signal) => {
    while (!signal.aborted) {
      try {
        const client = await connect(target, 'missing values');
        try {
          await client.query(`SET statement_timeout = ${TIMEOUT_MS}`);
          for (const [field, rows] of Object.entries(await count(client))) missing(field, rows);
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
