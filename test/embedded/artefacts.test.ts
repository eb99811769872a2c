import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type Artefact, fetchArtefact } from '../../src/embedded/artefacts.ts';

const never = new AbortController().signal;

async function cacheFolder(): Promise<{ path: string } & AsyncDisposable> {
  const path = await mkdtemp(join(tmpdir(), 'freshet-cache-'));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true }) };
}

function artefactThat(fill: Artefact['fill']): Artefact {
  return { title: 'thing 1', folder: 'thing-1', fill };
}

describe('an artefact in the cache', () => {
  it('is fetched once, however many ask for it at once', async () => {
    await using cache = await cacheFolder();
    let fetches = 0;
    const artefact = artefactThat(async (into) => {
      fetches++;
      await writeFile(join(into, 'file'), 'content');
    });
    const homes = await Promise.all(
      [1, 2, 3].map(() => fetchArtefact(cache.path, artefact, never, () => undefined)),
    );
    expect(fetches).toBe(1);
    expect(new Set(homes)).toEqual(new Set([join(cache.path, 'thing-1')]));
    expect(await readFile(join(cache.path, 'thing-1', 'file'), 'utf8')).toBe('content');
  });

  it('is not there after a fetch that failed half-way, and is fetched by the next that asks', async () => {
    await using cache = await cacheFolder();
    const broken = artefactThat(async (into) => {
      await writeFile(join(into, 'half'), '');
      throw new Error('the network is down');
    });
    await expect(fetchArtefact(cache.path, broken, never, () => undefined)).rejects.toThrow(
      'the network is down',
    );
    expect(await readdir(cache.path)).toEqual([]);
    const whole = artefactThat((into) => writeFile(join(into, 'file'), ''));
    await fetchArtefact(cache.path, whole, never, () => undefined);
    expect(await readdir(join(cache.path, 'thing-1'))).toEqual(['file']);
  });
});
