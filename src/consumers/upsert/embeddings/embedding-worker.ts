import { setTimeout as sleep } from 'node:timers/promises';
import type { ClientBase } from 'pg';
import { backoffMs } from '../../../runtime/backoff.ts';
import { FreshetError } from '../../../runtime/errors.ts';
import { type Embedder, EmbedderError } from './embedder.ts';
import type { ClaimedItem, EmbeddingStore } from './embedding-store.ts';

export interface EmbeddingWorkerOptions {
  readonly store: Pick<EmbeddingStore, 'claim' | 'save' | 'postpone' | 'scan' | 'stale'>;
  readonly embedder: Embedder;
  /** A connection for one scan. */
  readonly scanning: <T>(work: (client: ClientBase) => Promise<T>) => Promise<T>;
  readonly scanMinutes: number;
  /** What a run claimed and could not give back, as the database was away: the next one does. */
  readonly held: Set<ClaimedItem>;
  readonly observer: EmbeddingObserver;
}

export interface EmbeddingObserver {
  /** Items that need an embedding, now. */
  stale(items: number): void;
  embedded(items: number, seconds: number): void;
  failed(outcome: 'refused' | 'later', message: string): void;
}

const POLL_MS = 300;
const COUNT_MS = 1_000;
const MINUTE_MS = 60_000;
/** A text that the model refuses is tried again after this, doubled each time; at most a day. */
const REFUSED_SECONDS = 600;
const DAY_SECONDS = 86_400;

/** Embeds what the queue holds until the signal. Several processes share the queue. */
export class EmbeddingWorker {
  readonly #options: EmbeddingWorkerOptions;
  #nextScan = 0;
  #nextCount = 0;
  #told = 0;
  #failures = 0;

  constructor(options: EmbeddingWorkerOptions) {
    this.#options = options;
  }

  /** Rejects with PREFLIGHT where the endpoint lets nobody in, and with what the database says. */
  async run(signal: AbortSignal): Promise<void> {
    const { store, embedder, held } = this.#options;
    await store.postpone([...held], 0, false);
    held.clear();
    while (!signal.aborted) {
      await this.#scan();
      const items = await store.claim(embedder.batchSize);
      for (const item of items) held.add(item);
      if (items.length > 0) {
        // A single change is told of while it is worked on, or it would never show.
        await this.#count(this.#told === 0);
        await this.#embed(items, signal);
      }
      held.clear();
      await this.#count(items.length === 0);
      if (items.length === 0) await pause(POLL_MS, signal);
    }
  }

  async #embed(items: readonly ClaimedItem[], signal: AbortSignal): Promise<void> {
    const { store, embedder, observer } = this.#options;
    const startedAt = performance.now();
    try {
      const vectors = await embedder.embed(
        items.map(({ text }) => text),
        signal,
      );
      await store.save(items, vectors);
      this.#failures = 0;
      observer.embedded(items.length, (performance.now() - startedAt) / 1000);
    } catch (error) {
      if (signal.aborted) return store.postpone(items, 0, false);
      if (!(error instanceof EmbedderError)) throw error;
      await this.#failed(items, error, signal);
    }
  }

  async #failed(items: readonly ClaimedItem[], error: EmbedderError, signal: AbortSignal): Promise<void> {
    const { store, observer } = this.#options;
    if (error.failure === 'broken') {
      await store.postpone(items, 0, false);
      throw new FreshetError('PREFLIGHT', error.message, { cure: 'Check embeddings.endpoint.' });
    }
    const [only] = items;
    if (error.failure === 'refused' && items.length > 1) {
      const middle = Math.ceil(items.length / 2);
      await this.#embed(items.slice(0, middle), signal);
      return this.#embed(items.slice(middle), signal);
    }
    observer.failed(error.failure, error.message);
    if (error.failure === 'refused' && only !== undefined)
      return store.postpone(items, Math.min(REFUSED_SECONDS * 2 ** only.failures, DAY_SECONDS), true);
    await store.postpone(items, 0, false);
    await pause(error.retryAfterMs ?? backoffMs(this.#failures++), signal);
  }

  async #scan(): Promise<void> {
    const { store, scanning, scanMinutes } = this.#options;
    if (performance.now() < this.#nextScan) return;
    await scanning((client) => store.scan(client));
    this.#nextScan = performance.now() + scanMinutes * MINUTE_MS;
  }

  async #count(isDue: boolean): Promise<void> {
    if (performance.now() < this.#nextCount && !isDue) return;
    this.#told = await this.#options.store.stale();
    this.#options.observer.stale(this.#told);
    this.#nextCount = performance.now() + COUNT_MS;
  }
}

async function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  await sleep(milliseconds, undefined, { signal }).catch(() => {});
}
