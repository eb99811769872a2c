import { execFile } from 'node:child_process';
import { chown, lstat, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { FreshetError } from '../runtime/errors.ts';
import { type DataFolder, outsidePath } from './data-folder.ts';
import type { UnixUser } from './service-plan.ts';

const run = promisify(execFile);
const CANDIDATES = ['postgres', 'nobody'] as const;

/** PostgreSQL refuses to run as root: who runs it then. Null when this process is not root. Throws PREFLIGHT. */
export async function unprivilegedUser(): Promise<UnixUser | null> {
  if (process.getuid?.() !== 0) return null;
  for (const name of CANDIDATES) {
    const user = await findUser(name);
    if (user !== null && user.uid !== 0) return user;
  }
  throw new FreshetError(
    'PREFLIGHT',
    'PostgreSQL refuses to run as root, and there is no user to run it as',
    {
      cure: 'Run as another user, or make one: useradd --system postgres',
    },
  );
}

/** True when `user` can do to `path` what `test` (1) calls by that letter. */
export async function userCan(user: UnixUser, letter: 'x' | 'w', path: string): Promise<boolean> {
  return run('/bin/sh', ['-c', `test -${letter} "$0"`, path], { ...user, cwd: '/' }).then(
    () => true,
    () => false,
  );
}

/**
 * A folder that belongs to `user`: inside the data folder where that can be entered, otherwise under
 * /var/tmp. What lies there and was left by an earlier data folder of the same path is removed.
 */
export async function folderOf(user: UnixUser, folder: DataFolder): Promise<string> {
  const inside = join(folder.path, 'postgres');
  await mkdir(inside, { recursive: true, mode: 0o700 });
  await chown(inside, user.uid, user.gid);
  if (await userCan(user, 'w', inside)) return inside;
  const outside = join(await outsideFolder(folder), 'postgres');
  await mkdir(outside, { recursive: true, mode: 0o700 });
  await chown(outside, user.uid, user.gid);
  return outside;
}

/** Anyone may write to /var/tmp, so a folder that somebody else put there is refused. Throws PREFLIGHT. */
export async function outsideFolder(folder: DataFolder): Promise<string> {
  const path = outsidePath(folder.path);
  await mkdir(path, { mode: 0o755 }).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error;
  });
  const found = await lstat(path);
  if (!found.isDirectory() || found.uid !== process.getuid?.() || (found.mode & 0o022) !== 0) {
    throw new FreshetError(
      'PREFLIGHT',
      `${path} is needed for PostgreSQL's files but belongs to somebody else`,
      {
        cure: 'Remove it, or use a data folder that every user can enter.',
      },
    );
  }
  const mark = join(path, 'id');
  const known = await readFile(mark, 'utf8').catch(() => null);
  if (known !== folder.id) {
    await rm(join(path, 'postgres'), { recursive: true, force: true });
    await writeFile(mark, folder.id);
  }
  return path;
}

async function findUser(name: string): Promise<UnixUser | null> {
  try {
    const [uid, gid] = await Promise.all([run('id', ['-u', name]), run('id', ['-g', name])]);
    return { uid: Number(uid.stdout), gid: Number(gid.stdout) };
  } catch {
    return null;
  }
}
