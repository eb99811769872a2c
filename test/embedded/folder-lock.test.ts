import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { tryLock, waitForLock } from '../../src/embedded/folder-lock.ts';

async function temporaryFolder(): Promise<{ path: string } & AsyncDisposable> {
  const path = await mkdtemp(join(tmpdir(), 'freshet-lock-'));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true }) };
}

describe('a folder lock', () => {
  it('is held by one at a time, and names the holder to the others', async () => {
    await using folder = await temporaryFolder();
    const path = join(folder.path, 'lock');
    const first = await tryLock(path);
    expect(first.held).toBe(true);
    const second = await tryLock(path);
    expect(second).toMatchObject({ held: false, by: { pid: process.pid } });
    if (first.held) await first.release();
    expect((await tryLock(path)).held).toBe(true);
  });

  it('of several that try at once goes to exactly one, and leaves no other file', async () => {
    await using folder = await temporaryFolder();
    const path = join(folder.path, 'lock');
    const attempts = await Promise.all(Array.from({ length: 20 }, () => tryLock(path)));
    expect(attempts.filter(({ held }) => held)).toHaveLength(1);
    expect(await readdir(folder.path)).toEqual(['lock']);
  });

  it.each([
    ['whose process is gone', `${2 ** 22 + 1}\n1\n`],
    ['whose process number was given to another process', `${process.pid}\n1\n`],
    ['that is damaged', 'xyz'],
  ])('%s is taken over', async (_, content) => {
    await using folder = await temporaryFolder();
    const path = join(folder.path, 'lock');
    await writeFile(path, content);
    expect((await tryLock(path)).held).toBe(true);
  });

  it('can be waited for', async () => {
    await using folder = await temporaryFolder();
    const path = join(folder.path, 'lock');
    const first = await tryLock(path);
    const waiting = waitForLock(path, AbortSignal.timeout(10_000));
    if (first.held) await first.release();
    await expect(waiting).resolves.toHaveProperty('release');
  });

  it('is not waited for beyond the signal', async () => {
    await using folder = await temporaryFolder();
    const path = join(folder.path, 'lock');
    await tryLock(path);
    await expect(waitForLock(path, AbortSignal.abort(new Error('enough')))).rejects.toThrow('enough');
  });
});
