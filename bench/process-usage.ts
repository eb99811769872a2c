import { readdirSync, readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';

/** Linux counts process times in hundredths of a second, whatever the kernel's own tick is (proc(5), times(2)). */
const TICKS_PER_SECOND = 100;

/** What a process is in a benchmark. `pipeline` is the contender: Freshet, or Kafka Connect. */
export type Role = 'pipeline' | 'kafka' | 'postgres' | 'registry' | 'load' | 'bench';

export interface TrackedProcess {
  readonly role: Role;
  readonly pid: number;
}

export interface Usage {
  readonly seconds: number;
  readonly cpuSeconds: Readonly<Partial<Record<Role, number>>>;
  /** The highest resident size since the process began; without PostgreSQL, whose backends share their memory. */
  readonly peakRssBytes: Readonly<Partial<Record<Role, number>>>;
  /** The part of all CPUs that processes outside of the benchmark used. */
  readonly outsideShare: number;
}

/** CPU time of processes and of the whole machine from `start` to `stop`. The processes must outlive it. */
export class UsageMeter {
  readonly #processes: readonly TrackedProcess[];
  readonly #startedAt = performance.now();
  readonly #busyBefore = machineBusySeconds();
  readonly #before: readonly number[];

  private constructor(processes: readonly TrackedProcess[]) {
    this.#processes = [...processes, { role: 'bench', pid: process.pid }];
    this.#before = this.#processes.map(cpuSeconds);
  }

  static start(processes: readonly TrackedProcess[]): UsageMeter {
    return new UsageMeter(processes);
  }

  stop(): Usage {
    const seconds = (performance.now() - this.#startedAt) / 1000;
    const busy = machineBusySeconds() - this.#busyBefore;
    const cpu: Partial<Record<Role, number>> = {};
    const peakRssBytes: Partial<Record<Role, number>> = {};
    let own = 0;
    for (const [index, process] of this.#processes.entries()) {
      const used = cpuSeconds(process) - (this.#before[index] ?? 0);
      own += used;
      cpu[process.role] = (cpu[process.role] ?? 0) + used;
      if (process.role !== 'postgres') peakRssBytes[process.role] = peakRss(process.pid);
    }
    const outsideShare = Math.max(0, busy - own) / (seconds * availableParallelism());
    return { seconds, cpuSeconds: cpu, peakRssBytes, outsideShare };
  }
}

/** The part of all CPUs that others use in the next moments. */
export async function outsideShare(
  processes: readonly TrackedProcess[],
  milliseconds: number,
): Promise<number> {
  const meter = UsageMeter.start(processes);
  await new Promise((resolve) => setTimeout(resolve, milliseconds));
  return meter.stop().outsideShare;
}

function cpuSeconds({ role, pid }: TrackedProcess): number {
  if (role === 'postgres') return postmasterSeconds(pid);
  // A tool that the benchmark ran and waited for is part of it.
  const { own, reaped } = ticks(pid);
  return (own + (role === 'bench' ? reaped : 0)) / TICKS_PER_SECOND;
}

/** The postmaster, its backends, and those that ended: asked again when one ended meanwhile. */
function postmasterSeconds(pid: number): number {
  for (;;) {
    const before = ticks(pid);
    const live = childrenOf(pid).reduce((sum, child) => sum + ownSeconds(child), 0);
    if (ticks(pid).reaped === before.reaped) return (before.own + before.reaped) / TICKS_PER_SECOND + live;
  }
}

function ownSeconds(pid: number): number {
  return ticks(pid).own / TICKS_PER_SECOND;
}

/** utime + stime, and those of children that were waited for: fields 14 to 17 of /proc/PID/stat. 0 where it is gone. */
function ticks(pid: number): { own: number; reaped: number } {
  const fields = statFields(pid);
  const at = (index: number): number => Number(fields[index] ?? 0);
  return { own: at(11) + at(12), reaped: at(13) + at(14) };
}

/** The fields behind the command's name, which may hold blanks and brackets; the first is the state. */
function statFields(pid: number | string): string[] {
  const stat = read(`/proc/${pid}/stat`);
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
}

function childrenOf(parent: number): number[] {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return pids.filter((pid) => statFields(pid)[1] === String(parent)).map(Number);
}

function peakRss(pid: number): number {
  return Number(/VmHWM:\s+(\d+)/.exec(read(`/proc/${pid}/status`))?.[1] ?? 0) * 1024;
}

/** All CPUs since boot: user, nice, system, irq, softirq. */
function machineBusySeconds(): number {
  const [, user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0] = (
    read('/proc/stat').split('\n')[0] ?? ''
  )
    .split(/\s+/)
    .map(Number);
  return (user + nice + system + irq + softirq) / TICKS_PER_SECOND;
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
