import { chmod, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createDataDir, lockPath, openDataFolder, removeDataFolder } from '../../src/embedded/data-folder.ts';
import { tryLock } from '../../src/embedded/folder-lock.ts';

async function folder(): Promise<{ path: string } & AsyncDisposable> {
  const path = await mkdtemp(join(tmpdir(), 'freshet-data-'));
  await createDataDir(path);
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}

describe('the data folder', () => {
  it('remembers ports and password, the password for its owner only', async () => {
    await using data = await folder();
    const first = await openDataFolder(data.path);
    expect(await openDataFolder(data.path)).toEqual(first);
    expect(new Set(Object.values(first.ports)).size).toBe(4);
    expect((await stat(join(data.path, 'postgres.password'))).mode & 0o777).toBe(0o600);
  });

  it('replaces a remembered port that somebody else took, and keeps the others', async () => {
    await using data = await folder();
    const first = await openDataFolder(data.path);
    const squatter = createServer().listen(first.ports.kafka, '127.0.0.1');
    await once(squatter, 'listening');
    try {
      const second = await openDataFolder(data.path);
      expect(second.ports.kafka).not.toBe(first.ports.kafka);
      expect({ ...second.ports, kafka: 0 }).toEqual({ ...first.ports, kafka: 0 });
    } finally {
      squatter.close();
    }
  });

  it('chooses ports anew when their file is damaged', async () => {
    await using data = await folder();
    const first = await openDataFolder(data.path);
    await rm(join(data.path, 'ports.json'));
    await writeFile(join(data.path, 'ports.json'), '{"postgres": "x", "kafka"');
    const second = await openDataFolder(data.path);
    expect(second.id).toBe(first.id);
    expect(JSON.parse(await readFile(join(data.path, 'ports.json'), 'utf8'))).toEqual(second.ports);
  });

  it('is not removed while its services run', async () => {
    await using data = await folder();
    await chmod(data.path, 0o755);
    const lock = await tryLock(lockPath(data.path));
    await expect(removeDataFolder(data.path)).rejects.toMatchObject({ code: 'SERVICE_START' });
    if (lock.held) await lock.release();
    await removeDataFolder(data.path);
    await expect(stat(data.path)).rejects.toMatchObject({ code: 'ENOENT' });
  });
});
