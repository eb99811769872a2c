import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { chmod, mkdir, readFile, rename, rm, statfs, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { FreshetError } from '../runtime/errors.ts';
import { chooseFreePort, isPortFree } from './free-port.ts';
import { lockHolder, tryLock } from './folder-lock.ts';
import { isAlive } from './process-identity.ts';

const MIN_FREE_BYTES = 1024 ** 3;
const PORT_NAMES = ['postgres', 'kafka', 'kafkaController', 'registry'] as const;
type PortName = (typeof PORT_NAMES)[number];
type Ports = Readonly<Record<PortName, number>>;

/** The one folder that holds everything the embedded services keep; see docs/decisions on its layout. */
export interface DataFolder {
  /** Absolute. */
  readonly path: string;
  /** Made with the folder, so that what lies outside it is known to belong to it. */
  readonly id: string;
  readonly ports: Ports;
  /** Of PostgreSQL's superuser `postgres`. URL-safe. */
  readonly password: string;
}

export const lockPath = (dataDir: string): string => join(dataDir, 'services.lock');
export const logPath = (dataDir: string, name: string): string => join(dataDir, 'logs', `${name}.log`);
/** Where PostgreSQL's files go when its user cannot enter the data folder (started by root). */
export const outsidePath = (dataDir: string): string =>
  join('/var/tmp', `freshet-${createHash('sha256').update(resolve(dataDir)).digest('hex').slice(0, 16)}`);

/** Makes the folder and its lock folder path, refusing a disk that is almost full. Throws PREFLIGHT. */
export async function createDataDir(dataDir: string): Promise<string> {
  const path = resolve(dataDir);
  await mkdir(join(path, 'logs'), { recursive: true });
  const { bavail, bsize } = await statfs(path);
  if (bavail * bsize < MIN_FREE_BYTES) {
    const freeMb = Math.floor((bavail * bsize) / 1024 ** 2);
    throw new FreshetError('PREFLIGHT', `only ${freeMb} MB are free for the data folder ${path}`, {
      cure: 'Free at least 1 GB there, or choose another data folder.',
    });
  }
  return path;
}

/** Call with the folder's lock held: reads, or on the first start makes, what is remembered between starts. */
export async function openDataFolder(path: string): Promise<DataFolder> {
  const id = await remembered(join(path, 'id'), randomUUID);
  const password = await remembered(join(path, 'postgres.password'), () =>
    randomBytes(24).toString('base64url'),
  );
  return { path, id, ports: await rememberedPorts(join(path, 'ports.json')), password };
}

/** Removes the folder and what lies outside it. Throws SERVICE_START while its services run. */
export async function removeDataFolder(dataDir: string): Promise<void> {
  const path = resolve(dataDir);
  await mkdir(path, { recursive: true });
  const lock = await tryLock(lockPath(path));
  if (!lock.held) throw busyFolder(path, lock.by.pid);
  await rm(outsidePath(path), { recursive: true, force: true });
  await rm(path, { recursive: true, force: true });
}

export async function isFolderBusy(dataDir: string): Promise<boolean> {
  const holder = await lockHolder(lockPath(resolve(dataDir)));
  return holder !== null && (await isAlive(holder));
}

export function busyFolder(path: string, pid: number): FreshetError {
  return new FreshetError('SERVICE_START', `the data folder ${path} is in use by process ${pid}`, {
    cure: `Stop that process (freshet services down, where they were started in the background), or choose another data folder.`,
  });
}

/** Whole or not at all, readable by its owner only. */
export async function writeAtomically(path: string, text: string): Promise<void> {
  const aside = `${path}.${randomUUID()}`;
  await writeFile(aside, text, { mode: 0o600 });
  await chmod(aside, 0o600);
  await rename(aside, path);
}

async function remembered(path: string, make: () => string): Promise<string> {
  const known = await readFile(path, 'utf8').catch(() => '');
  if (known.trim() !== '') return known.trim();
  const made = make();
  await writeAtomically(path, `${made}\n`);
  return made;
}

/** The ports of the last start where they are still free, so that URLs stay the same. */
async function rememberedPorts(path: string): Promise<Ports> {
  const text = await readFile(path, 'utf8').catch(() => '{}');
  const known = parsePorts(text);
  const chosen: number[] = [];
  for (const name of PORT_NAMES) {
    const port = known[name];
    const usable = port !== undefined && !chosen.includes(port) && (await isPortFree(port));
    chosen.push(usable ? port : await chooseFreePort(chosen));
  }
  const [postgres = 0, kafka = 0, kafkaController = 0, registry = 0] = chosen;
  const ports = { postgres, kafka, kafkaController, registry };
  await writeAtomically(path, `${JSON.stringify(ports)}\n`);
  return ports;
}

/** A damaged file is no reason to fail: its ports are chosen anew. */
function parsePorts(text: string): Partial<Record<PortName, number>> {
  try {
    const parsed: unknown = JSON.parse(text);
    if (typeof parsed !== 'object' || parsed === null) return {};
    const entries = Object.entries(parsed).filter(
      ([, port]) => Number.isInteger(port) && port > 0 && port < 65_536,
    );
    return Object.fromEntries(entries) as Partial<Record<PortName, number>>;
  } catch {
    return {};
  }
}
