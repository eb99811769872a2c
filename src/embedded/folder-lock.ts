import { randomUUID } from 'node:crypto';
import { link, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { identify, isAlive, type ProcessIdentity } from './process-identity.ts';

export type LockAttempt =
  | { readonly held: true; release(): Promise<void> }
  | { readonly held: false; readonly by: ProcessIdentity };

/**
 * Takes the lock file at `path` for this process, or says who has it. A lock whose holder is dead is
 * taken over. The file appears complete or not at all: it is written aside and linked into place.
 */
export async function tryLock(path: string): Promise<LockAttempt> {
  const me = await identify(process.pid);
  if (me === null) throw new Error(`process ${process.pid} does not find itself`);
  for (;;) {
    if (await placeLock(path, me)) return { held: true, release: () => rm(path, { force: true }) };
    const holder = await lockHolder(path);
    if (holder === null) continue;
    if (await isAlive(holder)) return { held: false, by: holder };
    await removeStale(path, holder);
  }
}

/** Waits for the lock as long as its holder lives. */
export async function waitForLock(path: string, signal: AbortSignal): Promise<{ release(): Promise<void> }> {
  for (;;) {
    signal.throwIfAborted();
    const attempt = await tryLock(path);
    if (attempt.held) return attempt;
    await sleep(250, undefined, { signal });
  }
}

/** Who holds, or held, the lock; null where there is none. A damaged file names process 0, which never runs. */
export async function lockHolder(path: string): Promise<ProcessIdentity | null> {
  const text = await readFile(path, 'utf8').catch(() => null);
  if (text === null) return null;
  const [pid = '0', startedAt = ''] = text.trim().split('\n');
  return { pid: Number(pid) || 0, startedAt };
}

async function placeLock(path: string, me: ProcessIdentity): Promise<boolean> {
  const aside = `${path}.${randomUUID()}`;
  await writeFile(aside, `${me.pid}\n${me.startedAt}\n`);
  try {
    await link(aside, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  } finally {
    await rm(aside, { force: true });
  }
}

/** Renamed before it is removed, so that a lock that somebody took meanwhile is noticed and put back. */
async function removeStale(path: string, judged: ProcessIdentity): Promise<void> {
  const aside = `${path}.${randomUUID()}`;
  const renamed = await rename(path, aside).then(
    () => true,
    () => false,
  );
  if (!renamed) return;
  const found = await lockHolder(aside);
  if (found?.pid !== judged.pid || found.startedAt !== judged.startedAt) {
    await link(aside, path).catch(() => undefined);
  }
  await rm(aside, { force: true });
}
