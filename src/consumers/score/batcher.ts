import { isConnectionLoss } from '../../runtime/postgres.ts';

interface Waiting<I, O> {
  readonly item: I;
  readonly resolve: (result: O) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Gathers what many jobs ask for while one round trip is under way, and asks for it all in the next one:
 * a lone job waits for nobody, a thousand share their statements. `work` answers in the items' order.
 */
export class Batcher<I, O> {
  readonly #work: (items: readonly I[]) => Promise<readonly O[]>;
  readonly #maxItems: number;
  readonly #maxInFlight: number;
  #waiting: Waiting<I, O>[] = [];
  #inFlight = 0;
  #scheduled = false;

  constructor(
    work: (items: readonly I[]) => Promise<readonly O[]>,
    limits: { readonly maxItems: number; readonly maxInFlight: number },
  ) {
    this.#work = work;
    this.#maxItems = limits.maxItems;
    this.#maxInFlight = limits.maxInFlight;
  }

  /** Rejects with what `work` rejected with, where it did so for the item alone too. */
  add(item: I): Promise<O> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ item, resolve, reject });
      this.#schedule();
    });
  }

  /** What comes within the same turn of the loop goes together. */
  #schedule(): void {
    if (this.#scheduled || this.#inFlight >= this.#maxInFlight || this.#waiting.length === 0) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      void this.#next();
    });
  }

  async #next(): Promise<void> {
    const batch = this.#waiting.slice(0, this.#maxItems);
    this.#waiting = this.#waiting.slice(this.#maxItems);
    if (batch.length === 0) return;
    this.#inFlight++;
    this.#schedule();
    try {
      await this.#settle(batch);
    } finally {
      this.#inFlight--;
      this.#schedule();
    }
  }

  /** One item that cannot be done must not take the others of its batch with it: then each goes alone. */
  async #settle(batch: readonly Waiting<I, O>[]): Promise<void> {
    try {
      const results = await this.#work(batch.map(({ item }) => item));
      for (const [index, { resolve }] of batch.entries()) resolve(results[index] as O);
    } catch (error) {
      if (batch.length === 1 || isConnectionLoss(error)) for (const { reject } of batch) reject(error);
      else for (const each of batch) await this.#settle([each]);
    }
  }
}
