import { open, readFile, rename, rm } from 'node:fs/promises';
import { dirname, join, basename } from 'node:path';
import { z } from 'zod';
import { FreshetError } from '../../runtime/errors.ts';
import type { ScoreBackfillOptions } from './backfill-options.ts';
import { SKIP_REASONS } from './decision.ts';
import type { ScoreBackfillTotals } from './summary.ts';

const VERSION = 1;
const FORMAT = 'freshet-score-backfill';

/** How far a backfill has come. Written behind every page, so that `--resume` goes on exactly. */
export interface ScoreBackfillState {
  /** The selection that the progress belongs to. */
  readonly clientId: string | null;
  readonly rescoreAll: boolean;
  /** No lead is left behind the cursor. */
  readonly finished: boolean;
  readonly totals: ScoreBackfillTotals;
  readonly updatedAt: Date;
}

const COUNT = z.number().int().nonnegative();
const STATE = z.strictObject({
  format: z.literal(FORMAT),
  version: z.literal(VERSION),
  clientId: z.string().min(1).nullable(),
  rescoreAll: z.boolean(),
  finished: z.boolean(),
  totals: z.strictObject({
    pages: COUNT,
    leads: COUNT,
    enqueued: COUNT,
    disqualified: COUNT,
    skipped: z.record(z.enum(SKIP_REASONS), COUNT),
    errors: COUNT,
    lastLeadId: z.string().min(1).nullable(),
  }),
  updatedAt: z.iso.datetime(),
});

export function encodeState(state: ScoreBackfillState): string {
  return `${JSON.stringify({ format: FORMAT, version: VERSION, ...state, updatedAt: state.updatedAt.toISOString() }, null, 2)}\n`;
}

/** Throws VERSION_NEWER on a later version's file and USAGE on anything that is no state file. */
export function decodeState(content: string, path: string): ScoreBackfillState {
  const value = parseJson(content, path);
  const version: unknown =
    typeof value === 'object' && value !== null ? Reflect.get(value, 'version') : undefined;
  if (typeof version === 'number' && version > VERSION) {
    throw new FreshetError(
      'VERSION_NEWER',
      `State file ${path} has version ${version}; this Freshet knows ${VERSION}`,
    );
  }
  const parsed = STATE.safeParse(value);
  if (!parsed.success) {
    const fields = [...new Set(parsed.error.issues.map((issue) => issue.path.join('.') || 'the file'))];
    throw broken(path, `has a missing or wrong ${fields.slice(0, 5).join(', ')}`);
  }
  const { clientId, rescoreAll, finished, totals, updatedAt } = parsed.data;
  return { clientId, rescoreAll, finished, totals, updatedAt: new Date(updatedAt) };
}

/**
 * Replaces the file in one step: a crash at any point leaves the old state or the new one, on disk.
 * Throws USAGE where the folder cannot be written.
 */
export async function writeState(path: string, state: ScoreBackfillState): Promise<void> {
  const temporary = join(dirname(path), `.${basename(path)}.${process.pid}.tmp`);
  try {
    const file = await open(temporary, 'w', 0o600);
    try {
      await file.writeFile(encodeState(state));
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (cause) {
    await rm(temporary, { force: true }).catch(() => {});
    throw new FreshetError('USAGE', `State file ${path} cannot be written (${codeOf(cause)})`, {
      cause,
      cure: 'Give a writable path with --state-file.',
    });
  }
}

/** Null where there is no such file. */
export async function readState(path: string): Promise<ScoreBackfillState | null> {
  let content: string;
  try {
    content = await readFile(path, 'utf8');
  } catch (cause) {
    if (codeOf(cause) === 'ENOENT') return null;
    throw new FreshetError('USAGE', `State file ${path} cannot be read (${codeOf(cause)})`, { cause });
  }
  return decodeState(content, path);
}

/**
 * Where `--resume` starts. Throws USAGE where there is no state, or where it belongs to another
 * selection: going on from there would leave out leads without a word.
 */
export function resumeFrom(
  state: ScoreBackfillState | null,
  options: ScoreBackfillOptions,
): ScoreBackfillState {
  const path = options.stateFile;
  if (state === null) {
    throw new FreshetError('USAGE', `--resume: there is no state file ${path}`, {
      cure: 'Start without --resume, or name the file with --state-file.',
    });
  }
  if (state.clientId !== options.clientId)
    throw otherSelection(path, '--clientId', state.clientId, options.clientId);
  if (state.rescoreAll !== options.rescoreAll) {
    throw otherSelection(
      path,
      '--rescore-all',
      state.rescoreAll ? 'on' : null,
      options.rescoreAll ? 'on' : null,
    );
  }
  return state;
}

function otherSelection(path: string, option: string, then: string | null, now: string | null): FreshetError {
  return new FreshetError(
    'USAGE',
    `--resume and ${option} contradict each other: ${path} was written with ${option} ${then ?? 'off'}, now it is ${now ?? 'off'}`,
    {
      cure: `Give ${option} as before, or start without --resume.`,
    },
  );
}

function parseJson(content: string, path: string): unknown {
  try {
    return JSON.parse(content);
  } catch {
    throw broken(path, 'is no JSON');
  }
}

function broken(path: string, what: string): FreshetError {
  return new FreshetError('USAGE', `State file ${path} ${what}`, {
    cure: 'Remove it and start without --resume: jobs that exist are re-queued, never doubled.',
  });
}

function codeOf(error: unknown): string {
  const code: unknown = error instanceof Error ? Reflect.get(error, 'code') : undefined;
  return typeof code === 'string' ? code : 'unknown error';
}
