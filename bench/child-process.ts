import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** The Kafka client re-arms a timer with what is in the past. */
const QUIET_TIMER = '--disable-warning=TimeoutNegativeWarning';
/** A larger young generation is memory for little speed. */
const YOUNG_GENERATION = '--max-semi-space-size=8';
/** Collected at two and a half times what lives; by itself the engine lets a heap of this size grow to four times. */
const OLD_GENERATION = '--heap-growing-percent=150';
/**
 * Else the engine makes what it saw outlive a collection of the young generation in the old one at once, and with it
 * nearly all of a batch, whose next ones are garbage there.
 */
const ALL_BEGIN_YOUNG = '--no-allocation-site-pretenuring';
/** As package.json starts Freshet. */
export const NODE_ARGS: readonly string[] = [QUIET_TIMER, YOUNG_GENERATION, OLD_GENERATION, ALL_BEGIN_YOUNG];
/** glibc keeps freed memory for each thread that allocated it: 20 MB with two of ours and the engine's. */
export const ONE_ARENA = { MALLOC_ARENA_MAX: '1' };
const STOP_TIMEOUT_MS = 15_000;

/** A forked script that reports by messages with a `type`. Ends with its scope, and with this process. */
export class BenchChild<
  Order extends object,
  Report extends { readonly type: string },
> implements AsyncDisposable {
  readonly pid: number;
  readonly #child: ChildProcess;
  readonly #name: string;
  readonly #reports: Report[] = [];
  readonly #waiting = new Set<() => void>();
  #failure: Error | null = null;
  #closing = false;

  private constructor(child: ChildProcess, pid: number, name: string) {
    this.#child = child;
    this.pid = pid;
    this.#name = name;
    child.on('message', (report) => this.#receive(report as Report));
    child.on('exit', (code, signal) =>
      this.#fail(new Error(`${name} ended ${signal === null ? `with code ${code}` : `by ${signal}`}`)),
    );
  }

  /** `script` lies beside this file. Resolves when the process runs. */
  static async start<Order extends object, Report extends { readonly type: string }>(
    script: string,
    nodeArgs: readonly string[] = [],
  ): Promise<BenchChild<Order, Report>> {
    const path = fileURLToPath(new URL(script, import.meta.url));
    const child = fork(path, [], {
      execArgv: [...NODE_ARGS, ...nodeArgs],
      env: { ...process.env, ...ONE_ARENA },
      stdio: ['ignore', 2, 2, 'ipc'],
    });
    await once(child, 'spawn');
    if (child.pid === undefined) throw new Error(`${script} has no process number`);
    return new BenchChild(child, child.pid, script);
  }

  send(order: Order): void {
    this.#child.send(order);
  }

  /** The first report of the type that comes or has come. Rejects when the child failed or ended, or at the signal. */
  async report<Type extends Report['type']>(
    type: Type,
    signal: AbortSignal,
  ): Promise<Extract<Report, { type: Type }>> {
    for (;;) {
      const found = this.#reports.find((report) => report.type === type);
      if (found !== undefined) return found as Extract<Report, { type: Type }>;
      if (this.#failure !== null) throw this.#failure;
      signal.throwIfAborted();
      await this.#change(signal);
    }
  }

  /** As `report`, for what is told several times: each is given once. */
  async next<Type extends Report['type']>(
    type: Type,
    signal: AbortSignal,
  ): Promise<Extract<Report, { type: Type }>> {
    const report = await this.report(type, signal);
    this.#reports.splice(this.#reports.indexOf(report), 1);
    return report;
  }

  /** Asks it to stop, and ends it when it does not. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing = true;
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const exited = once(this.#child, 'exit');
    if (this.#child.connected) this.#child.send({ type: 'stop' });
    const hard = setTimeout(() => this.#child.kill('SIGKILL'), STOP_TIMEOUT_MS);
    await exited;
    clearTimeout(hard);
  }

  async #change(signal: AbortSignal): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#waiting.add(resolve);
      signal.addEventListener('abort', () => resolve(), { once: true });
    });
  }

  #receive(report: Report): void {
    this.#reports.push(report);
    if (report.type === 'failed')
      this.#fail(new Error(`${this.#name}: ${'message' in report ? String(report.message) : ''}`));
    this.#wake();
  }

  #fail(error: Error): void {
    if (!this.#closing) this.#failure ??= error;
    this.#wake();
  }

  #wake(): void {
    for (const resolve of this.#waiting) resolve();
    this.#waiting.clear();
  }
}
