import { mkdtemp, chmod } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inject } from 'vitest';
import type { TestProject } from 'vitest/node';
import { removeDataFolder } from '../../src/embedded/data-folder.ts';
import { type ServiceUrls, startServices } from '../../src/embedded/services.ts';
import { startContainers } from './containers.ts';

declare module 'vitest' {
  interface ProvidedContext {
    services: ServiceUrls;
  }
}

/** The services of this run, in any integration test. */
export function services(): ServiceUrls {
  return inject('services');
}

interface Running {
  readonly urls: ServiceUrls;
  stop(): Promise<void>;
}

/**
 * Starts PostgreSQL, Kafka and the registry once a run. `FRESHET_TEST_SERVICES=containers` takes them
 * from Docker; the `FRESHET_TEST_*` URLs below, all four of them, from wherever they are.
 */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const running = await start();
  project.provide('services', running.urls);
  return () => running.stop();
}

async function start(): Promise<Running> {
  const given = givenUrls(process.env);
  if (given !== null) return { urls: given, stop: async () => undefined };
  return process.env['FRESHET_TEST_SERVICES'] === 'containers' ? startContainers() : startEmbedded();
}

async function startEmbedded(): Promise<Running> {
  const dataDir = await mkdtemp(join(tmpdir(), 'freshet-test-'));
  // PostgreSQL runs as another user when this process is root's, and must be able to pass through.
  await chmod(dataDir, 0o711);
  try {
    const embedded = await startServices({ dataDir, ...cacheDir(process.env) });
    const stop = async (): Promise<void> => {
      await embedded.stop();
      await removeDataFolder(dataDir);
    };
    return { urls: embedded.urls, stop };
  } catch (error) {
    await removeDataFolder(dataDir);
    throw error;
  }
}

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
