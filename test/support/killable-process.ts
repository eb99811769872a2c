import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';

/** A TypeScript file that runs as a process of its own, and is killed without a warning. */
export class KillableProcess implements AsyncDisposable {
  readonly #child: ChildProcess;
  #said = '';

  /** `order`: its only argument, as JSON. */
  constructor(file: string, order: object) {
    this.#child = spawn(process.execPath, [file, JSON.stringify(order)], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    this.#child.stderr?.on(
      'data',
      (text: Buffer) => (this.#said = (this.#said + text.toString()).slice(-2_000)),
    );
  }

  /** What it said last. */
  get said(): string {
    return this.#said;
  }

  async kill(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const ended = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await ended;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.kill();
  }
}
