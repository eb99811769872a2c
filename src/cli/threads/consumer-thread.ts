import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { Config } from '../../config.ts';
import type { ConsumerObserver } from '../../consumers/observer.ts';
import { FreshetError } from '../../runtime/errors.ts';
import { runTogether } from '../../runtime/shutdown.ts';
import type { Failure, Order, Report, ThreadData } from './messages.ts';
import { retell } from './told.ts';

/** Beside this file, in the same language: TypeScript in the source tree, JavaScript when built. */
const MAIN = new URL(`./thread-main${import.meta.url.slice(-3)}`, import.meta.url);

/** A thread in which pipelines are consumed beside this one: a member more of each one's group. It lives while one of them runs. */
export class ConsumerThread {
  readonly #data: ThreadData;
  #open: Promise<Worker> | null = null;
  #running = 0;

  constructor(config: Config) {
    const named = config.pipelines.filter((entry) => typeof entry === 'string');
    this.#data = { config: { ...config, pipelines: named } };
  }

  /** Resolves when the thread has what it needs to take part. */
  async start(): Promise<void> {
    await this.#worker();
  }

  /** As `PipelineRunner.run`, for a pipeline of the config. `observer` hears what it tells. */
  async consume(pipeline: string, observer: ConsumerObserver, signal: AbortSignal): Promise<void> {
    this.#running += 1;
    try {
      const worker = await this.#worker();
      const failure = await ended(worker, pipeline, observer, signal);
      if (failure !== null) throw errorOf(failure);
    } finally {
      this.#running -= 1;
      if (this.#running === 0) await this.#close();
    }
  }

  #worker(): Promise<Worker> {
    this.#open ??= startWorker(this.#data);
    return this.#open;
  }

  async #close(): Promise<void> {
    const open = this.#open;
    this.#open = null;
    const worker = await open?.catch(() => null);
    await worker?.terminate();
  }
}

/** So many that, with this one, there are as many as are configured. */
export function threadsBeside(config: Config): ConsumerThread[] {
  return Array.from({ length: config.consumers.threads - 1 }, () => new ConsumerThread(config));
}

/** Consumes a pipeline on this thread, which `here` does, and on the others. `observer` hears what those tell. */
export async function consumeTogether(
  here: (signal: AbortSignal) => Promise<void>,
  threads: readonly ConsumerThread[],
  pipeline: string,
  observer: ConsumerObserver,
  signal: AbortSignal,
): Promise<void> {
  // They join the group together: one that comes later makes the others give up partitions they have begun.
  await Promise.all(threads.map((thread) => thread.start()));
  await runTogether(signal, [
    here,
    ...threads.map((thread) => (stop: AbortSignal) => thread.consume(pipeline, observer, stop)),
  ]);
}

async function startWorker(data: ThreadData): Promise<Worker> {
  const worker = new Worker(MAIN, { workerData: data, name: 'consumer' });
  // The first report: it has loaded. One that fails before throws here.
  await once(worker, 'message');
  return worker;
}

/** Of one pipeline; null: it ended as it was told to. */
function ended(
  worker: Worker,
  pipeline: string,
  observer: ConsumerObserver,
  signal: AbortSignal,
): Promise<Failure | null> {
  const order = (type: Order['type']): void => worker.postMessage({ type, pipeline } satisfies Order);
  const stop = (): void => order('stop');
  return new Promise<Failure | null>((resolve, reject) => {
    const settle = (act: () => void): void => {
      worker.off('message', heard).off('error', failed).off('exit', gone);
      signal.removeEventListener('abort', stop);
      act();
    };
    const heard = (report: Report): void => {
      if (report.type === 'ready' || report.pipeline !== pipeline) return;
      if (report.type === 'told') for (const each of report.told) retell(observer, each);
      else settle(() => resolve(report.failure));
    };
    const failed = (error: Error): void => settle(() => reject(error));
    const gone = (): void => settle(() => reject(new FreshetError('INTERNAL', 'a consumer thread ended')));
    worker.on('message', heard).on('error', failed).on('exit', gone);
    order('consume');
    if (signal.aborted) stop();
    else signal.addEventListener('abort', stop, { once: true });
  });
}

function errorOf({ code, message, cure, stack }: Failure): Error {
  const error = code === null ? new Error(message) : new FreshetError(code, message, { cure });
  if (stack !== undefined) error.stack = stack;
  return error;
}
