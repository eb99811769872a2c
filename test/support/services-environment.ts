import { chmod, mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { removeDataFolder } from '../../src/embedded/data-folder.ts';
import type { ServiceUrls } from '../../src/embedded/services.ts';

export function cacheDir(env: NodeJS.ProcessEnv): { cacheDir?: string } {
  const xdg = env['XDG_CACHE_HOME'];
  return xdg === undefined || xdg === '' ? {} : { cacheDir: join(xdg, 'freshet') };
}

const URL_VARIABLES = [
  'FRESHET_TEST_SOURCE_URL',
  'FRESHET_TEST_TARGET_URL',
  'FRESHET_TEST_KAFKA',
  'FRESHET_TEST_REGISTRY_URL',
] as const;

/** Null when none is given; some without the others are a mistake that is named. */
export function givenUrls(env: NodeJS.ProcessEnv): ServiceUrls | null {
  const [sourceUrl, targetUrl, kafka, registryUrl] = URL_VARIABLES.map((name) => env[name]);
  if (sourceUrl && targetUrl && kafka && registryUrl) {
    return { sourceUrl, targetUrl, kafkaBrokers: kafka.split(','), registryUrl };
  }
  const missing = URL_VARIABLES.filter((name) => !env[name]);
  if (missing.length === URL_VARIABLES.length) return null;
  throw new Error(`of the URLs for the tests, ${missing.join(' and ')} is missing: give all of them or none`);
}

/** A data folder that is gone at the end of the scope; what runs in it must be stopped before. */
export async function temporaryDataDir(): Promise<{ readonly path: string } & AsyncDisposable> {
  const path = await mkdtemp(join(tmpdir(), 'freshet-test-'));
  // PostgreSQL runs as another user when this process is root's, and must be able to pass through.
  await chmod(path, 0o711);
  return { path, [Symbol.asyncDispose]: () => removeDataFolder(path) };
}
