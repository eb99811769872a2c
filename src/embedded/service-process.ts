import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { open, readFile, rename } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { FreshetError } from '../runtime/errors.ts';
import { type ServicePlan, SOFT_STOP } from './service-plan.ts';

const PROBE_INTERVAL_MS = 50;
const TAIL_LINES = 12;

/** A running service: the leader of a process group of its own, so that no terminal signal reaches it. */
export class ServiceProcess {
  readonly plan: ServicePlan;
  readonly pid: number;
  readonly #child: ChildProcess;
  readonly #exited: Promise<string>;
  #exit: string | null = null;

  private constructor(plan: ServicePlan, child: ChildProcess, pid: number) {
    this.plan = plan;
    this.pid = pid;
    this.#child = child;
    this.#exited = new Promise((resolve) => {
      child.once('exit', (code, signal) => {
        this.#exit = signal === null ? `with code ${code}` : `by ${signal}`;
        resolve(this.#exit);
      });
    });
  }

  /** Starts the process; the log of the start before is kept as `*.log.1`. Throws SERVICE_START. */
  static async launch(plan: ServicePlan): Promise<ServiceProcess> {
    await rename(plan.logFile, `${plan.logFile}.1`).catch(() => undefined);
    const log = await open(plan.logFile, 'a');
    try {
      const child = spawn(plan.command, plan.args, {
        cwd: plan.cwd,
        detached: true,
        stdio: ['ignore', log.fd, log.fd],
        ...plan.user,
      });
      await once(child, 'spawn');
      if (child.pid === undefined) throw new Error('no process number');
      return new ServiceProcess(plan, child, child.pid);
    } catch (error) {
      throw new FreshetError('SERVICE_START', `${plan.title} could not be started: ${String(error)}`, {
        cause: error,
      });
    } finally {
      await log.close();
    }
  }

  get running(): boolean {
    return this.#exit === null;
  }

  /** Resolves with how it ended, like "with code 1" or "by SIGKILL". */
  get exited(): Promise<string> {
    return this.#exited;
  }

  /** Throws SERVICE_START, with the end of the service's log, when it ends or takes too long. */
  async untilReady(signal: AbortSignal): Promise<void> {
    const deadline = Date.now() + this.plan.readyTimeoutMs;
    let last: unknown;
    while (Date.now() < deadline) {
      signal.throwIfAborted();
      if (this.#exit !== null) throw await this.#failure(`ended ${this.#exit} before it was ready`);
      try {
        return await this.plan.probe(AbortSignal.any([signal, AbortSignal.timeout(10_000)]));
      } catch (error) {
        if (error instanceof FreshetError) throw error;
        last = error;
      }
      await sleep(PROBE_INTERVAL_MS, undefined, { signal });
    }
    const seconds = this.plan.readyTimeoutMs / 1000;
    throw await this.#failure(`was not ready after ${seconds} s (last answer: ${String(last)})`);
  }

  /** True where it ended since processes of the run before had not. */
  async cameTooEarly(): Promise<boolean> {
    const { tooEarly } = this.plan;
    return this.#exit !== null && tooEarly !== undefined && tooEarly.test(await this.#log());
  }

  /** Soft first, unless `immediate`, then hard; resolves when the whole group is gone. */
  async stop(options: { readonly immediate: boolean }): Promise<void> {
    if (!options.immediate) {
      this.#child.kill(SOFT_STOP[this.plan.service]);
      await Promise.race([this.#exited, sleep(this.plan.stopTimeoutMs, undefined, { ref: false })]);
    }
    killGroup(this.pid);
    await this.#exited;
  }

  async #failure(what: string): Promise<FreshetError> {
    const log = await this.#log();
    const tail = log.trimEnd().split('\n').slice(-TAIL_LINES).join('\n');
    const cure = /no space left on device/i.test(tail)
      ? 'The disk is full: free at least 1 GB, then start again.'
      : `Cure what its log says: ${this.plan.logFile}`;
    return new FreshetError('SERVICE_START', `${this.plan.title} ${what}. The end of its log:\n${tail}`, {
      cure,
    });
  }

  #log(): Promise<string> {
    return readFile(this.plan.logFile, 'utf8').catch(() => '');
  }
}

export function killGroup(leader: number): void {
  try {
    process.kill(-leader, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
