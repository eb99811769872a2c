import { judgeSinkError } from '../sinks/sink-error.ts';
import type { BatchApplier, BatchRequest, BatchResult, BatchTransaction } from './batch-transaction.ts';

/** How long a batch waits for the lanes that came along the last time: a fraction of what applying it takes. */
const GATHER_MS = { few: 2, many: 30 } as const;
/** From so many records on a transaction is one of many, as in a backfill. */
const MANY_RECORDS = 500;

interface Waiting {
  readonly request: BatchRequest;
  readonly resolve: (result: BatchResult) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Lets the lanes of a process share transactions: one runs at a time, with a batch of every lane that has
 * one ready. A unit whose rows come through several lanes is then computed once, where a transaction for
 * each lane would compute it in each, waiting for the others' locks.
 */
export class JointTransactions implements BatchApplier {
  readonly #transaction: Pick<BatchTransaction, 'apply' | 'applyTogether'>;
  readonly #waiting: Waiting[] = [];
  #running = false;
  #timer: NodeJS.Timeout | null = null;
  /** Lanes of the last transaction: as a rule they come again. */
  #expected: ReadonlySet<string> = new Set();

  constructor(transaction: Pick<BatchTransaction, 'apply' | 'applyTogether'>) {
    this.#transaction = transaction;
  }

  apply(request: BatchRequest): Promise<BatchResult> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ request, resolve, reject });
      this.#consider();
    });
  }

  /** Begins at once when all are there who are expected, else when the wait is over. */
  #consider(): void {
    if (this.#running || this.#waiting.length === 0) return;
    const there = new Set(this.#waiting.map(({ request }) => laneKey(request)));
    if ([...this.#expected].every((lane) => there.has(lane))) this.#begin();
    else this.#timer ??= setTimeout(() => this.#begin(), this.#patienceMs());
  }

  #patienceMs(): number {
    const records = this.#waiting.reduce((sum, { request }) => sum + request.items.length, 0);
    return records >= MANY_RECORDS ? GATHER_MS.many : GATHER_MS.few;
  }

  #begin(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    const batch = this.#waiting.splice(0);
    this.#expected = new Set(batch.map(({ request }) => laneKey(request)));
    this.#running = true;
    void this.#run(batch).finally(() => {
      this.#running = false;
      this.#consider();
    });
  }

  /** A batch that cannot be applied must not fail the others': each is then tried by itself. */
  async #run(batch: readonly Waiting[]): Promise<void> {
    try {
      const results = await this.#transaction.applyTogether(batch.map(({ request }) => request));
      for (const [i, result] of results.entries()) batch[i]?.resolve(result);
    } catch (error) {
      if (batch.length === 1 || judgeSinkError(error) === 'retry')
        for (const { reject } of batch) reject(error);
      else
        for (const each of batch) await this.#transaction.apply(each.request).then(each.resolve, each.reject);
    }
  }
}

function laneKey({ lane }: BatchRequest): string {
  return `${lane.topic}/${lane.partition}`;
}
