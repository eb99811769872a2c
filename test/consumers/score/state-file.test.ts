import { chmod, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parseScoreBackfillOptions } from '../../../src/consumers/score/backfill-options.ts';
import {
  decodeState,
  encodeState,
  readState,
  resumeFrom,
  type ScoreBackfillState,
  writeState,
} from '../../../src/consumers/score/state-file.ts';
import { emptyTotals } from '../../../src/consumers/score/summary.ts';

const STATE: ScoreBackfillState = {
  clientId: null,
  rescoreAll: false,
  finished: false,
  totals: { ...emptyTotals(), pages: 3, leads: 1_500, enqueued: 1_400, lastLeadId: 'lead-1500' },
  updatedAt: new Date('2025-06-01T12:00:00Z'),
};

async function temporaryFolder() {
  const path = await mkdtemp(join(tmpdir(), 'freshet-state-'));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}

describe('the state file', () => {
  test('gives back what was written, replaces it whole and leaves no other file', async () => {
    await using folder = await temporaryFolder();
    const path = join(folder.path, 'state.json');
    await writeState(path, STATE);
    await writeState(path, { ...STATE, finished: true });
    expect(await readState(path)).toEqual({ ...STATE, finished: true });
    expect(await readdir(folder.path)).toEqual(['state.json']);
  });

  test('is null where there is none', async () => {
    await using folder = await temporaryFolder();
    expect(await readState(join(folder.path, 'none.json'))).toBeNull();
  });

  test('fails with the path and a cure where it cannot be written, and leaves nothing behind', async () => {
    await using folder = await temporaryFolder();
    await mkdir(join(folder.path, 'state.json'));
    await chmod(folder.path, 0o700);
    const failure = writeState(join(folder.path, 'state.json'), STATE);
    await expect(failure).rejects.toMatchObject({
      code: 'USAGE',
      message: expect.stringContaining('state.json') as string,
    });
    expect(await readdir(folder.path)).toEqual(['state.json']);
    await expect(readState(join(folder.path, 'state.json'))).rejects.toMatchObject({ code: 'USAGE' });
  });

  test.each([
    ['', 'USAGE', 'is no JSON'],
    [encodeState(STATE).slice(0, 60), 'USAGE', 'is no JSON'],
    ['null', 'USAGE', 'the file'],
    ['{}', 'USAGE', 'format'],
    [encodeState(STATE).replace('freshet-score-backfill', 'other'), 'USAGE', 'format'],
    [encodeState(STATE).replace('"enqueued": 1400', '"enqueued": -1'), 'USAGE', 'totals.enqueued'],
    [
      encodeState(STATE).replace('"lastLeadId": "lead-1500"', '"lastLeadId": 5'),
      'USAGE',
      'totals.lastLeadId',
    ],
    [encodeState(STATE).replace('"version": 1', '"version": 2'), 'VERSION_NEWER', 'version 2'],
  ])('refuses %j', async (content, code, message) => {
    await using folder = await temporaryFolder();
    const path = join(folder.path, 'state.json');
    await writeFile(path, content);
    await expect(readState(path)).rejects.toMatchObject({
      code,
      message: expect.stringContaining(message) as string,
    });
    expect(() => decodeState(content, 's.json')).toThrow('s.json');
  });
});

describe('going on from a state', () => {
  const resume = (more: Record<string, unknown> = {}) =>
    parseScoreBackfillOptions({ apply: true, resume: true, ...more }).options;

  test('starts behind the last lead that is wholly done', () => {
    expect(resumeFrom(STATE, resume()).totals.lastLeadId).toBe('lead-1500');
  });

  test.each([
    ['without a file', null, {}, '--resume: there is no state file'],
    ['for another client', STATE, { clientId: 'c2' }, '--resume and --clientId contradict'],
    [
      'with --rescore-all where it was off',
      STATE,
      { rescoreAll: true },
      '--resume and --rescore-all contradict',
    ],
  ])('is refused %s', (_case, state, more, message) => {
    expect(() => resumeFrom(state, resume(more))).toThrow(message);
  });
});
