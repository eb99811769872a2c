import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { access, mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { FreshetError } from '../runtime/errors.ts';
import { waitForLock } from './folder-lock.ts';

const run = promisify(execFile);
const MAX_OUTPUT_BYTES = 16 * 1024 ** 2;

const KAFKA_VERSION = '4.3.1';
export const REGISTRY_VERSION = '3.0.9';
const REGISTRY_ARTEFACT = `io.apicurio:apicurio-registry-app:${REGISTRY_VERSION}:tar.gz:all`;

/** Kafka's own start scripts are in no Maven artefact; these are its server, its tools and a logger. */
const KAFKA_POM = `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>freshet</groupId><artifactId>embedded-kafka</artifactId><version>1</version><packaging>pom</packaging>
  <dependencies>
    ${dependency('org.apache.kafka', 'kafka_2.13', KAFKA_VERSION)}
    ${dependency('org.apache.kafka', 'kafka-tools', KAFKA_VERSION)}
    ${dependency('org.apache.logging.log4j', 'log4j-core', '2.25.3')}
    ${dependency('org.apache.logging.log4j', 'log4j-slf4j-impl', '2.25.3')}
    ${dependency('com.fasterxml.jackson.dataformat', 'jackson-dataformat-yaml', '2.21.2')}
  </dependencies>
</project>
`;

/** Plugin versions are pinned: a newer `get` refuses an artefact whose parent description is not published. */
const COPY_DEPENDENCIES = 'org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies';
const GET = 'org.apache.maven.plugins:maven-dependency-plugin:2.8:get';

export interface Artefact {
  readonly title: string;
  /** In the cache folder; holds the version, so that versions live side by side. */
  readonly folder: string;
  /** Fills the existing, empty folder `into`. */
  fill(into: string, signal: AbortSignal): Promise<void>;
}

export const KAFKA: Artefact = {
  title: `Apache Kafka ${KAFKA_VERSION} (54 MB)`,
  folder: `kafka-${KAFKA_VERSION}`,
  async fill(into, signal) {
    const pom = join(into, 'pom.xml');
    await writeFile(pom, KAFKA_POM);
    await maven(
      ['-f', pom, COPY_DEPENDENCIES, '-DincludeScope=runtime', `-DoutputDirectory=${into}`],
      signal,
    );
  },
};

export const REGISTRY: Artefact = {
  title: `Apicurio Registry ${REGISTRY_VERSION} (115 MB)`,
  folder: `apicurio-registry-${REGISTRY_VERSION}`,
  async fill(into, signal) {
    const archive = join(into, 'registry.tar.gz');
    await maven([GET, '-Dtransitive=false', `-Dartifact=${REGISTRY_ARTEFACT}`, `-Ddest=${archive}`], signal);
    await run('tar', ['-xzf', archive, '-C', into], { signal });
    await rm(archive);
  },
};

/**
 * Where the artefact lies in the cache, fetched there once. It appears whole or not at all, and of
 * several processes one fetches while the others wait. Throws PREFLIGHT or SERVICE_START.
 */
export async function fetchArtefact(
  cacheDir: string,
  artefact: Artefact,
  signal: AbortSignal,
  onFetch: (title: string) => void,
): Promise<string> {
  const home = join(cacheDir, artefact.folder);
  if (await exists(home)) return home;
  await mkdir(cacheDir, { recursive: true });
  const lock = await waitForLock(join(cacheDir, 'fetch.lock'), signal);
  const fresh = `${home}.${randomUUID()}`;
  try {
    if (await exists(home)) return home;
    onFetch(artefact.title);
    await mkdir(fresh);
    await artefact.fill(fresh, signal);
    await rename(fresh, home);
    return home;
  } finally {
    await rm(fresh, { recursive: true, force: true });
    await lock.release();
  }
}

async function maven(args: readonly string[], signal: AbortSignal): Promise<void> {
  try {
    await run('mvn', ['--quiet', '--batch-mode', '--strict-checksums', ...args], {
      signal,
      maxBuffer: MAX_OUTPUT_BYTES,
    });
  } catch (cause) {
    signal.throwIfAborted();
    throw mavenFailure(cause as NodeJS.ErrnoException & { stdout?: string });
  }
}

function mavenFailure(cause: NodeJS.ErrnoException & { stdout?: string }): FreshetError {
  if (cause.code === 'ENOENT') {
    return new FreshetError(
      'PREFLIGHT',
      'Maven is needed to fetch Kafka and the registry once: no mvn could be run',
      {
        cause,
        cure: 'Install it (Debian: apt-get install maven), or give the URLs of a running Kafka and registry.',
      },
    );
  }
  const reason = (cause.stdout ?? '').split('\n').find((line) => line.includes('[ERROR]')) ?? String(cause);
  return new FreshetError('SERVICE_START', `Maven could not fetch an artefact: ${reason.slice(0, 600)}`, {
    cause,
    cure: 'Check the network and Maven settings (mirrors and proxies are in ~/.m2/settings.xml), then start again.',
  });
}

function dependency(group: string, artefact: string, version: string): string {
  return `<dependency><groupId>${group}</groupId><artifactId>${artefact}</artifactId><version>${version}</version></dependency>`;
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
