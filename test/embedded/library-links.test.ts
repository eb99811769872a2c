import { mkdir, readFile, readlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { makeLibraryLinks } from '../../src/embedded/library-links.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

it('makes the links between the packaged libraries that no install script made, as often as it is asked', async () => {
  await using folder = await temporaryFolder();
  const lib = join(folder.path, 'native', 'lib');
  await mkdir(lib, { recursive: true });
  await writeFile(join(lib, 'libpq.so.5.18'), 'code');
  const links = ['libpq.so', 'libpq.so.5'].map((name) => ({
    source: 'native/lib/libpq.so.5.18',
    target: `native/lib/${name}`,
  }));
  await writeFile(join(folder.path, 'native', 'pg-symlinks.json'), JSON.stringify(links));
  await makeLibraryLinks(folder.path);
  await makeLibraryLinks(folder.path);
  expect(await readlink(join(lib, 'libpq.so'))).toBe('libpq.so.5.18');
  expect(await readFile(join(lib, 'libpq.so.5'), 'utf8')).toBe('code');
});
