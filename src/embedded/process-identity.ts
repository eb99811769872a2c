import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** A process by number and time of birth: numbers are given again, the pair is not. */
export interface ProcessIdentity {
  readonly pid: number;
  /** Opaque: Linux' clock ticks since boot, elsewhere what `ps` calls the start time. */
  readonly startedAt: string;
}

/** Null when no such process runs; a zombie counts as gone. */
export async function identify(pid: number): Promise<ProcessIdentity | null> {
  const startedAt = process.platform === 'linux' ? await startTicks(pid) : await startTime(pid);
  return startedAt === null ? null : { pid, startedAt };
}

export async function isAlive(identity: ProcessIdentity): Promise<boolean> {
  const current = await identify(identity.pid);
  return current?.startedAt === identity.startedAt;
}

/** proc_pid_stat(5): field 3 is the state, field 22 the start; the name (field 2) may hold spaces and brackets. */
async function startTicks(pid: number): Promise<string | null> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => null);
  if (stat === null) return null;
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return fields[0] === 'Z' || fields[0] === 'X' ? null : (fields[19] ?? null);
}

async function startTime(pid: number): Promise<string | null> {
  const result = await run('ps', ['-o', 'stat=,lstart=', '-p', String(pid)]).catch(() => null);
  const line = result?.stdout.trim() ?? '';
  if (line === '' || line.startsWith('Z')) return null;
  return line.replace(/^\S+\s+/, '');
}
