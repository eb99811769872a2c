import { readFile, symlink } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';

interface Link {
  readonly source: string;
  readonly target: string;
}

/**
 * npm packages hold no symbolic links: those of the packaged PostgreSQL are listed in a file, and made by
 * an install script where npm may run it. This makes the ones that are missing. A folder that cannot be
 * written to stays as it is: whether the binaries run is looked at afterwards.
 */
export async function makeLibraryLinks(packageDir: string): Promise<void> {
  const listed = await readFile(join(packageDir, 'native', 'pg-symlinks.json'), 'utf8').catch(() => '[]');
  for (const { source, target } of JSON.parse(listed) as readonly Link[]) {
    const link = join(packageDir, target);
    await symlink(relative(dirname(link), join(packageDir, source)), link).catch(() => undefined);
  }
}
