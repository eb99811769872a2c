import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import { parseLsn } from '../change/lsn.ts';
import type { LiveStatus } from '../metrics/live-status.ts';
import { FreshetError } from '../runtime/errors.ts';
import { atPageStart } from '../snapshot/chunk-reader.ts';

const POLL_MS = 20;

export interface CaughtUpOptions {
  /** A connection to the source. */
  readonly source: pg.ClientBase;
  readonly sourceName: string;
  /** A connection to the target. */
  readonly target: pg.ClientBase;
  /** Consumer groups that have to be there. */
  readonly groups: readonly string[];
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
  await until('applying what is published', () => isApplied(options, ends));
}

async function isApplied(
  { target, groups }: CaughtUpOptions,
  ends: ReadonlyMap<string, readonly string[]>,
): Promise<boolean> {
  const { rows } = await target.query<{
    group_name: string;
    topic: string;
    partition: number;
    position: string;
  }>('SELECT group_name, topic, partition, position FROM freshet.positions WHERE group_name = ANY ($1)', [
    groups,
  ]);
  const topics = new Set(rows.map((row) => row.topic));
  const applied = new Map(
    rows.map((row) => [`${row.group_name} ${row.topic} ${row.partition}`, row.position]),
  );
  if (rows.length === 0) return false;
  return groups.every((group) =>
    [...ends].every(
      ([topic, positions]) =>
        !topics.has(topic) ||
        positions.every((end, partition) => (applied.get(`${group} ${topic} ${partition}`) ?? '') >= end),
    ),
  );
}
