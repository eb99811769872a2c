import { setTimeout as sleep } from 'node:timers/promises';
import type { ClientBase } from 'pg';
import { isInProgress, parseVisibility } from '../change/visibility.ts';
import { FreshetError } from '../runtime/errors.ts';
import type { AnyChange } from './define-pipeline.ts';

const FIRST_PAUSE_MS = 2;
const LONGEST_PAUSE_MS = 100;
/** Then the batch's transaction is given up, and its lane tries again. */
const PATIENCE_MS = 5_000;

/**
 * Waits until the next statement sees the rows that some changes speak of, in the database that they come from.
 * A transaction is streamed once its commit record is written, which is before other sessions see it: by
 * microseconds, by what a busy machine takes to run that backend again, or for as long as a synchronous standby is
 * missing. A pipeline that read or updated its row too early would find the old row, or none, and never hear of
 * it again. Throws CONNECTION where it takes long.
 */
export async function untilVisible(client: ClientBase, changes: readonly AnyChange[]): Promise<void> {
  const xids = new Set(changes.flatMap(({ xid }) => xid ?? []));
  if (xids.size === 0) return;
  const deadline = performance.now() + PATIENCE_MS;
  let ended = new Set<number>();
  for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)) {
    const unseen = await unseenOf(client, xids);
    // What had ended before this look, and is not seen by it, is none of this server's (any more).
    const awaited = unseen.filter((xid) => !ended.has(xid));
    if (awaited.length === 0) return;
    if (performance.now() > deadline) throw notVisible(awaited);
    const running = await runningOf(client, awaited);
    ended = new Set(unseen.filter((xid) => !running.has(xid)));
    if (running.size > 0) await sleep(pauseMs);
  }
}

async function unseenOf(client: ClientBase, xids: ReadonlySet<number>): Promise<number[]> {
  const { rows } = await client.query<{ snapshot: string }>({
    name: 'freshet_snapshot',
    text: 'SELECT pg_current_snapshot()::text AS snapshot',
  });
  const visibility = parseVisibility(rows[0]?.snapshot ?? '');
  return [...xids].filter((xid) => isInProgress(visibility, xid));
}

/** A transaction holds the lock of its id until it is visible to all. */
async function runningOf(client: ClientBase, xids: readonly number[]): Promise<Set<number>> {
  const { rows } = await client.query<{ xid: string }>(
    `SELECT transactionid::text AS xid FROM pg_catalog.pg_locks
      WHERE locktype = 'transactionid' AND granted AND mode = 'ExclusiveLock' AND transactionid::text = ANY ($1)`,
    [xids.map(String)],
  );
  return new Set(rows.map(({ xid }) => Number(xid)));
}

function notVisible(xids: readonly number[]): FreshetError {
  return new FreshetError(
    'CONNECTION',
    `transaction ${xids.slice(0, 3).join(', ')} is committed, but not visible yet`,
    {
      cure: 'Nothing, if it passes. A commit that waits for a synchronous standby waits until that is back.',
    },
  );
}
