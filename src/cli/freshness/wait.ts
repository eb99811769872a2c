import { setTimeout as sleep } from 'node:timers/promises';
import { type Lsn, parseLsn } from '../../change/lsn.ts';
import type { FreshnessReport, PipelineReport, SourceReport } from '../../metrics/freshness-report.ts';
import { FreshetError } from '../../runtime/errors.ts';
import type { FreshnessWatch } from './freshness-watch.ts';

const POLL_MS = 100;
/** Commit times are taken a moment before the commit is in the WAL: a time is reached this much later. */
const SKEW_MS = 1_000;

export type Until =
  | { readonly kind: 'now' }
  | { readonly kind: 'time'; readonly ms: number }
  | { readonly kind: 'lsn'; readonly lsn: Lsn };

/** What has to be applied of one source: all below `lsn`, or, where that says so earlier, all before `ms`. */
interface Goal {
  readonly lsn: Lsn | null;
  readonly ms: number;
}

export interface WaitOptions {
  readonly until: Until;
  /** Dead letters, jobs and stale embeddings count as not applied. */
  readonly strict: boolean;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/** Throws USAGE. */
export function parseUntil(text: string): Until {
  if (text === 'now') return { kind: 'now' };
  if (/^[0-9A-F]{1,8}\/[0-9A-F]{1,8}$/i.test(text)) return { kind: 'lsn', lsn: parseLsn(text) };
  const ms = Date.parse(text);
  if (/^\d{4}-\d\d-\d\d/.test(text) && !Number.isNaN(ms)) return { kind: 'time', ms };
  throw new FreshetError('USAGE', `--until: "${text}" is no time and no WAL address`, {
    cure: 'Give now, a time like 2026-01-31T12:00:00Z, or a WAL address like 16/B374D848.',
  });
}

/**
 * Returns when all that the goal names is applied by every pipeline of the watch. Never earlier: by positions
 * in the WAL and in the topics. Throws WAIT_TIMEOUT, which says who is behind.
 */
export async function waitUntilApplied(
  watch: Pick<FreshnessWatch, 'look' | 'walOf'>,
  options: WaitOptions,
): Promise<FreshnessReport> {
  const deadline = Date.now() + options.timeoutMs;
  const goals = new Map<string, Goal>();
  for (;;) {
    options.signal.throwIfAborted();
    const report = await watch.look({ everything: options.strict });
    for (const { name, error } of report.sources) {
      // Only what was read after the call says what "now" is.
      const wal = error === null ? watch.walOf(name) : null;
      const goal = goals.has(name) ? null : goalOf(options.until, wal);
      if (goal !== null) goals.set(name, goal);
    }
    const behind = report.pipelines.filter((pipeline) => !hasReached(pipeline, goals, options.strict));
    if (behind.length === 0) return report;
    if (Date.now() > deadline) throw timedOut(options.timeoutMs, report.sources, behind);
    await sleep(POLL_MS, undefined, { signal: options.signal }).catch(() => {});
  }
}

/** Null as long as the time is to come, or the source does not answer. */
function goalOf(until: Until, wal: { readonly ms: number; readonly lsn: Lsn } | null): Goal | null {
  if (until.kind === 'lsn') return { lsn: until.lsn, ms: Infinity };
  if (wal === null) return null;
  if (until.kind === 'now') return { lsn: wal.lsn, ms: wal.ms };
  return until.ms > wal.ms ? null : { lsn: wal.lsn, ms: until.ms };
}

function hasReached(pipeline: PipelineReport, goals: ReadonlyMap<string, Goal>, strict: boolean): boolean {
  const goal = goals.get(pipeline.source);
  if (goal === undefined) return false;
  if (strict && isOwing(pipeline)) return false;
  return pipeline.tables.every(({ appliedLsn, appliedThrough }) => {
    if (goal.lsn !== null && appliedLsn !== null && parseLsn(appliedLsn) >= goal.lsn) return true;
    return appliedThrough !== null && Date.parse(appliedThrough) >= goal.ms + SKEW_MS;
  });
}

function isOwing({ deadLetters, jobs, staleEmbeddings }: PipelineReport): boolean {
  if (staleEmbeddings !== null && staleEmbeddings > 0) return true;
  if (Object.values(deadLetters).some((keys) => keys > 0)) return true;
  return jobs !== null && jobs.waiting + jobs.scheduled + jobs.running + jobs.failed > 0;
}

function timedOut(
  timeoutMs: number,
  sources: readonly SourceReport[],
  behind: readonly PipelineReport[],
): FreshetError {
  const idle = sources
    .filter(({ state }) => state !== 'streaming')
    .map(({ name, state }) => `source ${name} is ${state}`);
  const who = behind.map(
    ({ name, state, appliedThrough }) =>
      `${name} (${state}) has applied what was committed before ${appliedThrough ?? 'nothing known'}`,
  );
  return new FreshetError(
    'WAIT_TIMEOUT',
    `not applied after ${timeoutMs / 1_000} s: ${[...who, ...idle].join('; ')}`,
  );
}
