/**
 * The process that owns one stack of services. It is forked by `startServices`, and the IPC channel
 * between the two is what ties their lives: when it closes, for whatever reason (kill -9 included),
 * the services are stopped and this process ends. Detached (`services up`), it lives until SIGTERM.
 */
import { ERRORS, FreshetError } from '../runtime/errors.ts';
import { busyFolder, createDataDir, lockPath, openDataFolder } from './data-folder.ts';
import { tryLock } from './folder-lock.ts';
import { identify, type ProcessIdentity } from './process-identity.ts';
import { endLeftovers, removeRunRecord, type RunRecord, writeRunRecord } from './run-record.ts';
import { Stack, type StackOptions } from './stack.ts';
import type { Command, ErrorMessage, Report } from './supervisor-messages.ts';
import type { ServiceName } from './service-plan.ts';

class Supervisor {
  readonly #ending = new AbortController();
  #stack: Stack | null = null;
  #detached = false;
  #started: Promise<void> = Promise.resolve();
  #recording: Promise<void> = Promise.resolve();
  /** Undoes what holding the data folder did. */
  #leave: () => Promise<void> = async () => undefined;

  receive(command: Command): void {
    switch (command.type) {
      case 'start':
        this.#started = this.#start(command.dataDir, command.options);
        return;
      case 'detach':
        this.#detached = true;
        process.disconnect();
        return;
      case 'stop':
        return this.end();
      case 'halt':
        return this.#answer(command.id, (stack) => stack.halt(command.service, command));
      case 'resume':
        return this.#answer(command.id, (stack) => stack.resume(command.service, this.#ending.signal));
    }
  }

  parentLeft(): void {
    if (!this.#detached) this.end();
  }

  /** Stops everything once, whatever asks for it and how often. */
  end(exitCode = 0): void {
    if (this.#ending.signal.aborted) return;
    this.#ending.abort(new Error('the services are being stopped'));
    void this.#shutDown().then(
      () => process.exit(exitCode),
      (error: unknown) => {
        console.error(error);
        process.exit(1);
      },
    );
  }

  async #start(dataDir: string, options: StackOptions): Promise<void> {
    try {
      const stack = await this.#open(dataDir, options);
      await stack.start(this.#ending.signal);
      await this.#recording;
      report({ type: 'ready', urls: stack.urls, pids: stack.pids });
    } catch (error) {
      if (!this.#ending.signal.aborted) {
        console.error(error);
        report({ type: 'failed', error: toMessage(error) });
      }
      this.end(1);
    }
  }

  async #open(dataDir: string, options: StackOptions): Promise<Stack> {
    const path = await createDataDir(dataDir);
    const lock = await tryLock(lockPath(path));
    if (!lock.held) throw busyFolder(path, lock.by.pid);
    this.#leave = () => lock.release();
    await endLeftovers(path);
    const folder = await openDataFolder(path);
    const stack = new Stack(folder, options, {
      onProgress: (service, state, detail) =>
        report({ type: 'progress', service, state, ...(detail === undefined ? {} : { detail }) }),
      onProcesses: () => this.#record(path),
    });
    this.#leave = async () => {
      await this.#recording;
      await removeRunRecord(path);
      await lock.release();
    };
    this.#stack = stack;
    return stack;
  }

  /** One write after another: each is of the state at its time. */
  #record(path: string): Promise<void> {
    this.#recording = this.#recording.then(async () => {
      const supervisor = await identify(process.pid);
      if (this.#stack === null || supervisor === null) return;
      await writeRunRecord(path, await recordOf(supervisor, this.#stack));
    });
    return this.#recording;
  }

  async #shutDown(): Promise<void> {
    await this.#started;
    await this.#stack?.stop();
    await this.#leave();
  }

  #answer(id: number, act: (stack: Stack) => Promise<void>): void {
    const stack = this.#stack;
    if (stack === null) return;
    act(stack).then(
      () => report({ type: 'done', id, pids: stack.pids }),
      (error: unknown) => report({ type: 'refused', id, error: toMessage(error) }),
    );
  }
}

async function recordOf(supervisor: ProcessIdentity, stack: Stack): Promise<RunRecord> {
  const services: { service: ServiceName; process: ProcessIdentity }[] = [];
  for (const [service, pid] of Object.entries(stack.pids)) {
    const identity = await identify(pid);
    if (identity !== null) services.push({ service: service as ServiceName, process: identity });
  }
  return { supervisor, urls: stack.urls, services };
}

/** The parent may be gone at any moment: a report that cannot be delivered has no reader. */
function report(message: Report): void {
  if (process.connected) process.send?.(message, undefined, undefined, () => undefined);
}

function toMessage(error: unknown): ErrorMessage {
  if (error instanceof FreshetError) return { code: error.code, message: error.message, cure: error.cure };
  const full = (error as NodeJS.ErrnoException | undefined)?.code === 'ENOSPC';
  const cure = full ? 'The disk is full: free at least 1 GB, then start again.' : ERRORS.SERVICE_START.advice;
  return { code: 'SERVICE_START', message: error instanceof Error ? error.message : String(error), cure };
}

const supervisor = new Supervisor();
process.on('message', (message) => supervisor.receive(message as Command));
process.on('disconnect', () => supervisor.parentLeft());
for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => supervisor.end());
