import { type FetchedBatch, partitionKey } from './consumer-batch.ts';
import type { Fetcher, FetchedPiece } from './fetcher.ts';
import type { GroupOffset } from './wire/group-requests.ts';

export interface SessionOptions {
  /** Partitions that are handled side by side. */
  readonly concurrency: number;
  readonly handle: (batch: FetchedBatch) => Promise<bigint>;
  readonly commit: (offsets: readonly GroupOffset[]) => Promise<void>;
}

/** The group's offset is for lag tools only: it need not follow every batch. */
const COMMIT_INTERVAL_MS = 1_000;

/** Handles what the fetcher brings, until the partitions are to be given up. */
export class ConsumerSession {
  readonly #options: SessionOptions;
  readonly #fetcher: Fetcher;
  readonly #handling = new Map<string, Promise<void>>();
  readonly #reached = new Map<string, GroupOffset>();
  readonly #failed = Promise.withResolvers<never>();
  #isOver = false;

  constructor(fetcher: Fetcher, options: SessionOptions) {
    this.#fetcher = fetcher;
    this.#options = options;
    this.#failed.promise.catch(() => {});
  }

  /** Until the signal; what is under way is finished then. Rejects with what the handler or the fetcher gave up on. */
  async run(signal: AbortSignal): Promise<void> {
    const stop = new AbortController();
    const fetching = this.#fetcher.run(AbortSignal.any([signal, stop.signal]), () => this.#next());
    const timer = setInterval(() => void this.#commit(), COMMIT_INTERVAL_MS);
    const ending = (): void => {
      this.#isOver = true;
    };
    signal.addEventListener('abort', ending, { once: true });
    try {
      await Promise.race([fetching, this.#failed.promise]);
    } finally {
      this.#isOver = true;
      stop.abort();
      clearInterval(timer);
      signal.removeEventListener('abort', ending);
      await Promise.all(this.#handling.values());
      await this.#commit();
    }
    // A failure while the last batches were finished counts as any other.
    await Promise.race([this.#failed.promise, Promise.resolve()]);
  }

  #next(): void {
    try {
      this.#takeFree();
    } catch (error) {
      this.#failed.reject(error);
    }
  }

  #takeFree(): void {
    while (!this.#isOver && this.#handling.size < this.#options.concurrency) {
      const piece = this.#fetcher.take((partition) => !this.#handling.has(partitionKey(partition)));
      if (piece === null) return;
      const key = partitionKey(piece);
      const work = this.#handle(piece).catch((error: unknown) => this.#failed.reject(error));
      this.#handling.set(
        key,
        work.finally(() => {
          this.#handling.delete(key);
          this.#next();
        }),
      );
    }
  }

  async #handle(piece: FetchedPiece): Promise<void> {
    const { topic, partition, nextOffset } = piece;
    // Markers and aborted records alone are nothing to handle.
    const reached = piece.records.length === 0 ? nextOffset : await this.#options.handle(this.#batch(piece));
    this.#reached.set(partitionKey(piece), { topic, partition, offset: reached });
    if (reached !== nextOffset && !this.#isOver) this.#fetcher.seek(piece, reached);
  }

  #batch({ topic, partition, records, nextOffset, highWatermark }: FetchedPiece): FetchedBatch {
    const isStale = (): boolean => this.#isOver;
    return { topic, partition, records, nextOffset, highWatermark, isStale };
  }

  /** A copy: the next commit brings it up to date. */
  async #commit(): Promise<void> {
    const offsets = [...this.#reached.values()];
    this.#reached.clear();
    await this.#options.commit(offsets).catch(() => {});
  }
}
