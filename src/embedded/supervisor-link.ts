import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { open } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { FreshetError } from '../runtime/errors.ts';
import { createDataDir, logPath } from './data-folder.ts';
import { endLeftovers, type ServiceUrls } from './run-record.ts';
import type { ServiceName } from './service-plan.ts';
import type { OnProgress, StackOptions } from './stack.ts';
import type { Command, ErrorMessage, Pids, Report } from './supervisor-messages.ts';

/** Beside this file, in the same language: TypeScript in the source tree, JavaScript when built. */
const SUPERVISOR = fileURLToPath(new URL(`./supervisor${import.meta.url.slice(-3)}`, import.meta.url));

/** This process' end of the line to a supervisor. */
export class SupervisorLink {
  readonly urls: ServiceUrls;
  #pids: Pids;
  readonly #child: ChildProcess;
  readonly #dataDir: string;
  readonly #exited: Promise<void>;
  readonly #waiting = new Map<number, PromiseWithResolvers<void>>();
  #nextId = 1;

  private constructor(child: ChildProcess, dataDir: string, exited: Promise<void>, ready: Ready) {
    this.#child = child;
    this.#dataDir = dataDir;
    this.#exited = exited;
    this.urls = ready.urls;
    this.#pids = ready.pids;
    child.on('message', (message) => this.#receive(message as Report));
    void exited.then(() => this.#refuseWaiting());
  }

  /** Forks a supervisor and resolves when its services are ready. Throws what `startServices` throws. */
  static async start(
    dataDir: string,
    options: StackOptions,
    onProgress: OnProgress,
  ): Promise<SupervisorLink> {
    const path = await createDataDir(dataDir);
    const log = await open(logPath(path, 'supervisor'), 'a');
    const child = fork(SUPERVISOR, [], {
      detached: true,
      execArgv: [],
      stdio: ['ignore', log.fd, log.fd, 'ipc'],
    });
    await log.close();
    const exited = untilGone(child);
    const ready = untilReady(child, exited, path, onProgress);
    child.send({ type: 'start', dataDir: path, options } satisfies Command);
    return new SupervisorLink(child, path, exited, await ready);
  }

  get pids(): Pids {
    return this.#pids;
  }

  async halt(service: ServiceName, immediate: boolean): Promise<void> {
    await this.#ask((id) => ({ type: 'halt', id, service, immediate }));
  }

  async resume(service: ServiceName): Promise<void> {
    await this.#ask((id) => ({ type: 'resume', id, service }));
  }

  /** Resolves when every process is gone; also when the supervisor was killed before it could do its work. */
  async stop(): Promise<void> {
    if (this.#child.connected) this.#child.send({ type: 'stop' } satisfies Command, () => undefined);
    await this.#exited;
    await endLeftovers(this.#dataDir);
    this.#pids = {};
  }

  /** Leaves the services to themselves; this link is of no more use. */
  async detach(): Promise<void> {
    const disconnected = once(this.#child, 'disconnect');
    this.#child.send({ type: 'detach' } satisfies Command);
    await disconnected;
    this.#child.unref();
  }

  #ask(command: (id: number) => Command): Promise<void> {
    const id = this.#nextId++;
    const answer = Promise.withResolvers<void>();
    this.#waiting.set(id, answer);
    if (this.#child.connected) this.#child.send(command(id));
    else this.#refuseWaiting();
    return answer.promise;
  }

  #receive(message: Report): void {
    if (message.type !== 'done' && message.type !== 'refused') return;
    const waiting = this.#waiting.get(message.id);
    this.#waiting.delete(message.id);
    if (message.type === 'refused') return waiting?.reject(toError(message.error));
    this.#pids = message.pids;
    waiting?.resolve();
  }

  #refuseWaiting(): void {
    for (const { reject } of this.#waiting.values()) {
      reject(new FreshetError('SERVICE_START', 'the supervisor of the embedded services ended'));
    }
    this.#waiting.clear();
  }
}

type Ready = Extract<Report, { type: 'ready' }>;

async function untilReady(
  child: ChildProcess,
  exited: Promise<void>,
  dataDir: string,
  onProgress: OnProgress,
): Promise<Ready> {
  const ready = Promise.withResolvers<Ready>();
  let failure: FreshetError | null = null;
  const receive = (message: Report): void => {
    if (message.type === 'progress') onProgress(message.service, message.state, message.detail);
    if (message.type === 'ready') ready.resolve(message);
    // It still stops what it had started: wait, so that nothing is left when the caller hears of it.
    if (message.type === 'failed') failure = toError(message.error);
  };
  child.on('message', receive);
  child.once('error', ready.reject);
  void exited.then(() => ready.reject(failure ?? endedEarly(dataDir)));
  try {
    return await ready.promise;
  } finally {
    child.off('message', receive);
  }
}

/** Its end and the last of its reports may arrive in either order: both are awaited. */
async function untilGone(child: ChildProcess): Promise<void> {
  const exited = new Promise((resolve) => void child.once('exit', resolve));
  const disconnected = new Promise((resolve) => void child.once('disconnect', resolve));
  await Promise.all([exited, disconnected]);
}

function endedEarly(dataDir: string): FreshetError {
  return new FreshetError(
    'SERVICE_START',
    'the supervisor of the embedded services ended before they were ready',
    {
      cure: `See its log: ${logPath(dataDir, 'supervisor')}`,
    },
  );
}

function toError({ code, message, cure }: ErrorMessage): FreshetError {
  return new FreshetError(code, message, { cure });
}
