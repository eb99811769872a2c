import { z } from 'zod';
import { FreshetError } from '../../runtime/errors.ts';

export const DEFAULT_STATE_FILE = '.backfill-lead-scoring.state.json';
export const DEFAULT_LIMIT = 500;
const MAX_LIMIT = 10_000;
const MAX_DELAY_MS = 3_600_000;
const MAX_PAGE_DELAY_MS = 3_600_000;

/** The options of `freshet backfill score`, their contradictions resolved. */
export interface ScoreBackfillOptions {
  /** A dry run reads and counts, and writes nothing: no job, no score, no state file. */
  readonly mode: 'dry-run' | 'apply';
  /** Go on to the last page, or stop behind the first. */
  readonly pages: 'one' | 'all';
  readonly clientId: string | null;
  /** Leads a page. */
  readonly limit: number;
  /** Start behind this lead id. */
  readonly cursor: string | null;
  readonly rescoreAll: boolean;
  /** Between the `runAt` of one job and that of the next. */
  readonly delayMs: number;
  readonly pageDelayMs: number;
  readonly stateFile: string;
  /** Start from the state file. Never true together with a cursor. */
  readonly resume: boolean;
}

export interface ParsedScoreBackfill {
  readonly options: ScoreBackfillOptions;
  /** To be shown to the user: what was ignored, and why. */
  readonly notices: readonly string[];
}

/** As the command line hands them over: `--delay-ms 5` is `{ delayMs: '5' }`. */
const RAW = z.strictObject({
  dryRun: flag('--dry-run'),
  apply: flag('--apply'),
  clientId: text('--clientId'),
  limit: whole('--limit', 1, MAX_LIMIT),
  cursor: text('--cursor'),
  rescoreAll: flag('--rescore-all'),
  delayMs: whole('--delay-ms', 0, MAX_DELAY_MS),
  runUntilDone: flag('--run-until-done'),
  singleBatch: flag('--single-batch'),
  pageDelayMs: whole('--page-delay-ms', 0, MAX_PAGE_DELAY_MS),
  stateFile: text('--state-file'),
  resume: flag('--resume'),
});
type Raw = z.output<typeof RAW>;

/**
 * Checks and completes the options. Throws USAGE that names every problem at once.
 * Source of the semantics: the lead scoring backfill plan ("CLI options").
 */
export function parseScoreBackfillOptions(raw: unknown): ParsedScoreBackfill {
  const parsed = RAW.safeParse(raw);
  if (!parsed.success) throw usage(parsed.error.issues.map(describeIssue));
  const conflicts = conflictsOf(parsed.data);
  if (conflicts.length > 0) throw usage(conflicts);
  return { options: complete(parsed.data), notices: noticesOf(parsed.data) };
}

function complete(raw: Raw): ScoreBackfillOptions {
  const mode = raw.apply ? 'apply' : 'dry-run';
  const onePage = raw.singleBatch === true || (mode === 'dry-run' && !raw.runUntilDone);
  return {
    mode,
    pages: onePage ? 'one' : 'all',
    clientId: raw.clientId ?? null,
    limit: raw.limit ?? DEFAULT_LIMIT,
    cursor: raw.cursor ?? null,
    rescoreAll: raw.rescoreAll ?? false,
    delayMs: raw.delayMs ?? 0,
    pageDelayMs: raw.pageDelayMs ?? 0,
    stateFile: raw.stateFile ?? DEFAULT_STATE_FILE,
    resume: raw.resume === true && raw.cursor === undefined,
  };
}

function conflictsOf(raw: Raw): string[] {
  const conflicts: string[] = [];
  if (raw.dryRun && raw.apply)
    conflicts.push('--dry-run and --apply contradict each other: give one of them');
  if (raw.singleBatch && raw.runUntilDone) {
    conflicts.push('--single-batch and --run-until-done contradict each other: give one of them');
  }
  return conflicts;
}

function noticesOf(raw: Raw): string[] {
  const notices: string[] = [];
  if (raw.resume && raw.cursor !== undefined)
    notices.push('--resume is ignored: --cursor says where to start.');
  if (raw.singleBatch && (raw.pageDelayMs ?? 0) > 0)
    notices.push('--page-delay-ms has no effect with --single-batch: there is no second page.');
  if (raw.apply) return notices;
  if ((raw.delayMs ?? 0) > 0) notices.push('--delay-ms has no effect in a dry run: no job is enqueued.');
  if (raw.stateFile !== undefined && !raw.resume)
    notices.push('--state-file has no effect in a dry run: no state is written.');
  return notices;
}

function flag(name: string) {
  return z.boolean(`${name} takes no value`).optional();
}

function text(name: string) {
  return z
    .string(`${name} needs a value`)
    .trim()
    .min(1, `${name} needs a value, got an empty one`)
    .regex(/^(?!--)[^\0]*$/, `${name} needs a value, got what looks like another option`)
    .optional();
}

/** Accepts "500" and 500, and nothing like "5e2", "0x10", "1.5" or "". */
function whole(name: string, min: number, max: number) {
  const must = `${name} must be a whole number from ${min} to ${max}`;
  return z
    .union([z.string(), z.number()], must)
    .transform((value, context) => {
      const number =
        typeof value === 'number' ? value : /^\d{1,15}$/.test(value.trim()) ? Number(value) : Number.NaN;
      if (Number.isSafeInteger(number) && number >= min && number <= max) return number;
      context.addIssue({ code: 'custom', message: `${must}, not "${value}"` });
      return z.NEVER;
    })
    .optional();
}

function describeIssue(issue: z.core.$ZodIssue): string {
  if (issue.code === 'unrecognized_keys') return `Unknown option ${issue.keys.join(', ')}`;
  return issue.path.length === 0 ? 'Options must be an object' : issue.message;
}

function usage(problems: readonly string[]): FreshetError {
  return new FreshetError('USAGE', problems.join('\n'), { cure: 'See freshet backfill score --help.' });
}

/** When the job with this number (from 0, over all pages of one run) is to run, in Unix milliseconds. */
export function runAtMs(startMs: number, jobNumber: number, delayMs: number): number {
  return startMs + jobNumber * delayMs;
}
