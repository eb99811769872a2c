import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { writeAtomically } from './data-folder.ts';
import { isAlive, type ProcessIdentity } from './process-identity.ts';
import { killGroup } from './service-process.ts';
import { type ServiceName, SOFT_STOP } from './service-plan.ts';

const SOFT_STOP_MS = 15_000;

/** What runs for a data folder; kept in it, so that any later process can find and end it. */
export interface RunRecord {
  readonly supervisor: ProcessIdentity;
  readonly urls: ServiceUrls | null;
  readonly services: readonly { readonly service: ServiceName; readonly process: ProcessIdentity }[];
}

/** Where the services are, as clients want it. Holds passwords. */
export interface ServiceUrls {
  /** The database `source` of the embedded server, as superuser. */
  readonly sourceUrl: string;
  /** The database `target` of the embedded server, as superuser. */
  readonly targetUrl: string;
  /** `host:port` each. */
  readonly kafkaBrokers: readonly string[];
  /** Base URL of the Confluent API, without a trailing slash. */
  readonly registryUrl: string;
}

const recordPath = (dataDir: string): string => join(dataDir, 'run.json');

export async function writeRunRecord(dataDir: string, record: RunRecord): Promise<void> {
  await writeAtomically(recordPath(dataDir), `${JSON.stringify(record)}\n`);
}

/** Null where nothing was started, or all was stopped in order. */
export async function readRunRecord(dataDir: string): Promise<RunRecord | null> {
  const text = await readFile(recordPath(dataDir), 'utf8').catch(() => null);
  return text === null ? null : (JSON.parse(text) as RunRecord);
}

export async function removeRunRecord(dataDir: string): Promise<void> {
  await rm(recordPath(dataDir), { force: true });
}

/**
 * Ends the services of a supervisor that was killed before it could do so. Only processes whose time
 * of birth is as recorded are touched. Resolves with how many there were.
 */
export async function endLeftovers(dataDir: string): Promise<number> {
  const record = await readRunRecord(dataDir);
  if (record === null) return 0;
  const alive: boolean[] = await Promise.all(record.services.map(({ process }) => isAlive(process)));
  const leftovers = record.services.filter((_, index) => alive[index]);
  await Promise.all(leftovers.map(({ service, process }) => end(service, process)));
  await removeRunRecord(dataDir);
  return leftovers.length;
}

async function end(service: ServiceName, identity: ProcessIdentity): Promise<void> {
  process.kill(identity.pid, SOFT_STOP[service]);
  const deadline = Date.now() + SOFT_STOP_MS;
  while (Date.now() < deadline) {
    if (!(await isAlive(identity))) return;
    await sleep(50);
  }
  killGroup(identity.pid);
}
