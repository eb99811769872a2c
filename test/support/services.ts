import { inject } from 'vitest';
import type { TestProject } from 'vitest/node';
import { type ServiceUrls, startServices } from '../../src/embedded/services.ts';
import { startContainers } from './containers.ts';
import { cacheDir, givenUrls, temporaryDataDir } from './services-environment.ts';

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
 * from Docker, the `FRESHET_TEST_*` URLs of services-environment.ts from wherever they are. A service
 * that does not start fails the run with its name.
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
  const dataDir = await temporaryDataDir();
  try {
    const embedded = await startServices({ dataDir: dataDir.path, ...cacheDir(process.env) });
    const stop = async (): Promise<void> => {
      await embedded.stop();
      await dataDir[Symbol.asyncDispose]();
    };
    return { urls: embedded.urls, stop };
  } catch (error) {
    await dataDir[Symbol.asyncDispose]();
    throw error;
  }
}
