import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import { parseLsn } from '../change/lsn.ts';
import type { LiveStatus } from '../metrics/live-status.ts';
import { FreshetError } from '../runtime/errors.ts';
import { atPageStart } from '../snapshot/chunk-reader.ts';
import { GroupProgress } from './group-progress.ts';

const POLL_MS = 20;

/** A consumer group that has to be there. */
interface AwaitedGroup {
  readonly name: string;
  /** The topics it reads. */
  readonly topics: readonly string[];
  /** A connection to the database that has its positions. */
  readonly target: pg.ClientBase;
}

interface CaughtUpOptions {
  /** A connection to the source. */
  readonly source: pg.ClientBase;
  readonly sourceName: string;
  readonly groups: readonly AwaitedGroup[];
  readonly status: LiveStatus;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/**
 * Returns when all that is committed at the source now is published and applied by every group. By
 * positions: the capture's last one in each partition against the one that the group applied.
 */
export async function waitUntilCaughtUp(options: CaughtUpOptions): Promise<void> {
  const { source, status, sourceName, timeoutMs, signal } = options;
  const { rows } = await source.query<{ lsn: string }>('SELECT pg_current_wal_insert_lsn()::text AS lsn');
  const lsn = atPageStart(parseLsn(rows[0]?.lsn ?? '0/0'));
  const deadline = Date.now() + timeoutMs;
  const live = status.source(sourceName);
  const until = async (what: string, reached: () => boolean | Promise<boolean>): Promise<void> => {
    while (!(await reached())) {
      signal.throwIfAborted();
      if (Date.now() > deadline)
        throw new FreshetError('INTERNAL', `${what} took more than ${timeoutMs / 1000} s`);
      await sleep(POLL_MS);
    }
  };
  await until('publishing what is committed', () => live.passed !== null && live.passed >= lsn);
  const { ends } = live;
  await until('applying what is published', async () => {
    for (const { name, topics, target } of options.groups)
      if (!(await GroupProgress.read(target, name)).reaches(topics, ends)) return false;
    return true;
  });
}
