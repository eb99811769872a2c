import { resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { FreshetError } from '../runtime/errors.ts';
import { isFolderBusy } from './data-folder.ts';
import { isAlive } from './process-identity.ts';
import { endLeftovers, readRunRecord, type RunRecord, type ServiceUrls } from './run-record.ts';
import { SERVICE_NAMES, type ServiceName } from './service-plan.ts';
import { type EmbeddedOptions, startSupervisor } from './services.ts';

const STOP_TIMEOUT_MS = 60_000;

export interface ServiceStatus {
  readonly service: ServiceName;
  readonly state: 'running' | 'stopped';
  /** Without password; null when stopped. */
  readonly url: string | null;
  readonly pid: number | null;
}

/** Starts the services and leaves them running; where they run already, says where. Throws as `startServices`. */
export async function servicesUp(
  dataDir: string,
  options: Omit<EmbeddedOptions, 'dataDir'> = {},
): Promise<ServiceUrls> {
  const running = await runningUrls(dataDir);
  if (running !== null) return running;
  const link = await startSupervisor({ ...options, dataDir });
  await link.detach();
  return link.urls;
}

/** The URLs of the services that run for this folder, whoever started them; null when none do. */
export async function runningUrls(dataDir: string): Promise<ServiceUrls | null> {
  const record = await liveRecord(dataDir);
  return record?.urls ?? null;
}

/** False when nothing ran. Resolves when every process is gone. */
export async function servicesDown(dataDir: string): Promise<boolean> {
  const path = resolve(dataDir);
  const record = await liveRecord(path);
  if (record === null) return (await endLeftovers(path)) > 0;
  process.kill(record.supervisor.pid, 'SIGTERM');
  const deadline = Date.now() + STOP_TIMEOUT_MS;
  while (await isAlive(record.supervisor)) {
    if (Date.now() > deadline) {
      throw new FreshetError('SERVICE_START', `process ${record.supervisor.pid} does not stop its services`, {
        cure: `End it with kill -9 ${record.supervisor.pid}, then run freshet services down again.`,
      });
    }
    await sleep(50);
  }
  await endLeftovers(path);
  return true;
}

/** One entry a service, stopped ones included. */
export async function servicesStatus(dataDir: string): Promise<ServiceStatus[]> {
  const record = await liveRecord(dataDir);
  return Promise.all(
    SERVICE_NAMES.map(async (service): Promise<ServiceStatus> => {
      const found = record?.services.find((each) => each.service === service);
      if (!record?.urls || found === undefined || !(await isAlive(found.process))) {
        return { service, state: 'stopped', url: null, pid: null };
      }
      return { service, state: 'running', url: urlOf(service, record.urls), pid: found.process.pid };
    }),
  );
}

async function liveRecord(dataDir: string): Promise<RunRecord | null> {
  const path = resolve(dataDir);
  const record = await readRunRecord(path);
  if (record === null || !(await isFolderBusy(path))) return null;
  return (await isAlive(record.supervisor)) ? record : null;
}

function urlOf(service: ServiceName, urls: ServiceUrls): string {
  if (service === 'kafka') return urls.kafkaBrokers.join(',');
  if (service === 'registry') return urls.registryUrl;
  const url = new URL(urls.sourceUrl);
  url.password = '';
  url.pathname = '';
  return url.href;
}
