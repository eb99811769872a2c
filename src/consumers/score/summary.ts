import { SKIP_REASONS, type SkipReason } from './decision.ts';
import { DEFAULT_LIMIT, DEFAULT_STATE_FILE, type ScoreBackfillOptions } from './backfill-options.ts';

/** What a backfill did, or in a dry run would do. */
export interface ScoreBackfillTotals {
  readonly pages: number;
  readonly leads: number;
  readonly enqueued: number;
  readonly disqualified: number;
  readonly skipped: Readonly<Record<SkipReason, number>>;
  readonly errors: number;
  /** The last lead that is wholly done: `--cursor` goes on behind it. Null before the first. */
  readonly lastLeadId: string | null;
}

/** `done`: no lead is left. `more`: one page was asked for. `interrupted`: stopped by a signal. */
export type ScoreBackfillEnd = 'done' | 'more' | 'interrupted';

export function emptyTotals(): ScoreBackfillTotals {
  const skipped = Object.fromEntries(SKIP_REASONS.map((reason) => [reason, 0])) as Record<SkipReason, number>;
  return { pages: 0, leads: 0, enqueued: 0, disqualified: 0, skipped, errors: 0, lastLeadId: null };
}

/** The sum of what was done before and a further page. */
export function addTotals(before: ScoreBackfillTotals, page: ScoreBackfillTotals): ScoreBackfillTotals {
  const skipped = { ...before.skipped };
  for (const reason of SKIP_REASONS) skipped[reason] += page.skipped[reason];
  return {
    pages: before.pages + page.pages,
    leads: before.leads + page.leads,
    enqueued: before.enqueued + page.enqueued,
    disqualified: before.disqualified + page.disqualified,
    skipped,
    errors: before.errors + page.errors,
    lastLeadId: page.lastLeadId ?? before.lastLeadId,
  };
}

/** The command that goes on from here; ready to be pasted into a POSIX shell. */
export function nextCommand(
  options: ScoreBackfillOptions,
  totals: ScoreBackfillTotals,
  end: ScoreBackfillEnd,
): string {
  if (options.mode === 'dry-run') {
    return commandLine(options, { mode: 'apply', cursor: options.cursor, resume: options.resume });
  }
  if (end === 'done')
    return totals.errors > 0
      ? commandLine(options, { mode: 'apply', cursor: null, resume: false })
      : 'freshet verify score';
  if (end === 'interrupted') return commandLine(options, { mode: 'apply', cursor: null, resume: true });
  return commandLine(options, { mode: 'apply', cursor: totals.lastLeadId, resume: false });
}

function commandLine(
  options: ScoreBackfillOptions,
  next: Pick<ScoreBackfillOptions, 'mode' | 'cursor' | 'resume'>,
): string {
  const words = ['freshet backfill score', `--${next.mode}`];
  const add = (name: string, value: string | number | null) => {
    if (value !== null) words.push(`${name} ${shellWord(String(value))}`);
  };
  add('--clientId', options.clientId);
  add('--limit', options.limit === DEFAULT_LIMIT ? null : options.limit);
  if (options.rescoreAll) words.push('--rescore-all');
  add('--delay-ms', options.delayMs === 0 ? null : options.delayMs);
  add('--page-delay-ms', options.pageDelayMs === 0 ? null : options.pageDelayMs);
  if (options.mode === 'apply' && options.pages === 'one') words.push('--single-batch');
  add('--state-file', options.stateFile === DEFAULT_STATE_FILE ? null : options.stateFile);
  if (next.resume) words.push('--resume');
  add('--cursor', next.cursor);
  return words.join(' ');
}

function shellWord(value: string): string {
  return /^[\w@%+=:,./-]+$/.test(value) ? value : `'${value.replaceAll("'", String.raw`'\''`)}'`;
}

const END_LINES: Readonly<Record<ScoreBackfillEnd, string>> = {
  done: 'Done: no leads are left.',
  more: 'One page is done; there may be more leads.',
  interrupted: 'Interrupted; the state file says where to go on.',
};

export function renderSummary(
  options: ScoreBackfillOptions,
  totals: ScoreBackfillTotals,
  end: ScoreBackfillEnd,
): string {
  const dry = options.mode === 'dry-run';
  const skips = SKIP_REASONS.filter((reason) => totals.skipped[reason] > 0);
  const skipped = skips.reduce((sum, reason) => sum + totals.skipped[reason], 0);
  const lines = [
    dry ? 'Dry run: nothing was written.' : 'Applied.',
    dry && end === 'interrupted' ? 'Interrupted.' : END_LINES[end],
    row('leads seen', totals.leads, `on ${totals.pages} ${totals.pages === 1 ? 'page' : 'pages'}`),
    row(dry ? 'would be enqueued' : 'enqueued', totals.enqueued),
    row(dry ? 'would be disqualified' : 'disqualified', totals.disqualified),
    row('skipped', skipped),
    ...skips.map((reason) => row(`  ${reason}`, totals.skipped[reason])),
    row('errors', totals.errors),
    row('last lead id', totals.lastLeadId ?? 'none'),
    row('next', nextCommand(options, totals, end)),
  ];
  return lines.join('\n');
}

function row(name: string, value: string | number, note = ''): string {
  return `${name.padEnd(22)}  ${value}${note === '' ? '' : ` ${note}`}`;
}
