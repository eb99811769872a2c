import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { importPipelines } from '../src/config-pipelines.ts';
import { temporaryFolder } from './support/temporary-folder.ts';

describe('pipelines that the config names by path', () => {
  it('are the default exports of their files, relative to the config; other entries stay as they are', async () => {
    await using folder = await temporaryFolder();
    await writeFile(join(folder.path, 'own.mjs'), 'export default { name: "own" };');
    expect(await importPipelines(['upsert', './own.mjs', 7], folder.path)).toEqual([
      'upsert',
      { name: 'own' },
      7,
    ]);
  });

  it.each([
    ['is not there', './missing.mjs', /pipelines\.0: cannot load .*missing\.mjs/],
    ['has no default export', './empty.mjs', /it has no default export/],
  ])('are refused where the file %s', async (_, entry, message) => {
    await using folder = await temporaryFolder();
    await writeFile(join(folder.path, 'empty.mjs'), 'export const pipeline = {};');
    await expect(importPipelines([entry], folder.path)).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringMatching(message),
    });
  });
});
