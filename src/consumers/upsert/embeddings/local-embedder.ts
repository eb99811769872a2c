import { Worker } from 'node:worker_threads';
import { type Embedder, EmbedderError, unitVector } from './embedder.ts';

/** Beside this file, in the same language: TypeScript in the source tree, JavaScript when built. */
const THREAD = new URL(`./local-model-thread${import.meta.url.slice(-3)}`, import.meta.url);

type Answer = { readonly vectors: readonly (readonly number[])[] } | { readonly error: string };

/** The model that comes with the package: English, 512 dimensions, no network. One batch at a time. */
export class LocalEmbedder implements Embedder {
  readonly model = 'universal-sentence-encoder-lite-en';
  /** More do not go faster, and need more memory. */
  readonly batchSize = 4;
  #worker: Worker | null = null;

  async embed(texts: readonly string[], signal: AbortSignal): Promise<number[][]> {
    signal.throwIfAborted();
    this.#worker ??= this.#start();
    const answer = await answerOf(this.#worker, texts, signal).catch((error: unknown) => {
      this.#worker = null;
      throw error;
    });
    if ('error' in answer) throw new EmbedderError('refused', answer.error);
    return answer.vectors.map(unitVector);
  }

  /** One that dies between two batches must neither end the process nor be asked again. */
  #start(): Worker {
    const worker = new Worker(THREAD);
    const gone = (): void => {
      if (this.#worker === worker) this.#worker = null;
    };
    return worker.on('error', gone).on('exit', gone);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#worker?.terminate();
    this.#worker = null;
  }
}

function answerOf(worker: Worker, texts: readonly string[], signal: AbortSignal): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const settle = (act: () => void): void => {
      worker.off('message', answered).off('error', failed).off('exit', ended);
      signal.removeEventListener('abort', aborted);
      act();
    };
    const answered = (answer: Answer): void => settle(() => resolve(answer));
    const failed = (error: Error): void => settle(() => reject(new EmbedderError('later', error.message)));
    const ended = (): void => settle(() => reject(new EmbedderError('later', 'the model’s thread ended')));
    const aborted = (): void => {
      // What it computes is of no use any more.
      void worker.terminate();
      settle(() => reject(signal.reason instanceof Error ? signal.reason : new Error('aborted')));
    };
    worker.on('message', answered).on('error', failed).on('exit', ended);
    signal.addEventListener('abort', aborted, { once: true });
    worker.postMessage(texts);
  });
}
