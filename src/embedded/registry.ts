import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { REGISTRY_VERSION } from './artefacts.ts';
import { type DataFolder, logPath } from './data-folder.ts';
import type { ServicePlan } from './service-plan.ts';

export function registryUrl(folder: DataFolder): string {
  return `${origin(folder)}/apis/ccompat/v7`;
}

/**
 * Schemas are kept in Kafka: they survive a restart, are lost or kept together with the topics that
 * need them, and cost no fsync of their own. It may be started beside Kafka: it waits a minute for it.
 */
export async function prepareRegistry(
  folder: DataFolder,
  jars: string,
  kafkaBrokers: readonly string[],
): Promise<ServicePlan> {
  const home = join(folder.path, 'registry');
  const temporary = join(home, 'tmp');
  await rm(temporary, { recursive: true, force: true });
  await mkdir(temporary, { recursive: true });
  return {
    service: 'registry',
    title: 'The schema registry',
    command: 'java',
    args: [
      '-Xmx256m',
      '-XX:+UseSerialGC',
      '-XX:TieredStopAtLevel=1',
      '-XX:-UsePerfData',
      `-Djava.io.tmpdir=${temporary}`,
      ...Object.entries(settings(folder, home, kafkaBrokers)).map(([name, value]) => `-D${name}=${value}`),
      '-jar',
      join(jars, `apicurio-registry-app-${REGISTRY_VERSION}-runner.jar`),
    ],
    cwd: home,
    logFile: logPath(folder.path, 'registry'),
    readyTimeoutMs: 180_000,
    stopTimeoutMs: 10_000,
    probe: (signal) => probeRegistry(folder, signal),
  };
}

function settings(folder: DataFolder, home: string, kafkaBrokers: readonly string[]): Record<string, string> {
  return {
    'quarkus.http.host': '127.0.0.1',
    'quarkus.http.port': String(folder.ports.registry),
    'quarkus.http.access-log.enabled': 'false',
    'apicurio.storage.kind': 'kafkasql',
    'apicurio.kafkasql.bootstrap.servers': kafkaBrokers.join(','),
    // At its start the registry waits this long for a snapshot of its journal (5 s by default). We let
    // it make none: it reads the whole journal, which is small.
    'apicurio.kafkasql.consumer.poll.timeout': '500',
    'apicurio.kafkasql.snapshot.every.seconds': 'off',
    'apicurio.storage.snapshot.location': home,
  };
}

/** The health page says whether the journal was read to its end; the API answers before that, with nothing. */
async function probeRegistry(folder: DataFolder, signal: AbortSignal): Promise<void> {
  for (const url of [`${origin(folder)}/health/ready`, `${registryUrl(folder)}/subjects`]) {
    const response = await fetch(url, { signal });
    await response.body?.cancel();
    if (!response.ok) throw new Error(`HTTP ${response.status} from ${url}`);
  }
}

function origin(folder: DataFolder): string {
  return `http://127.0.0.1:${folder.ports.registry}`;
}
