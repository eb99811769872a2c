import type { Lane, Progress } from '../sinks/positions.ts';
import { isOutOfTime, judgeSinkError, sinkErrorCode, sinkFailure } from '../sinks/sink-error.ts';
import type { DeadLetterProducer } from '../topics/dead-letter-producer.ts';
import type { BatchSize } from './batch-size.ts';
import type { BatchApplier, BatchResult } from './batch-transaction.ts';
import { type LetterContent, deadLetter } from './dead-letters.ts';
import type { BatchTimes, LaneReport } from './lane-report.ts';
import { type Item, type PoisonItem, poisonOf } from './record-reader.ts';
import { pauseBeforeRetry } from './retry-pause.ts';

export interface LaneServices {
  readonly transaction: BatchApplier;
  readonly deadLetters: DeadLetterProducer;
  readonly report: LaneReport;
  readonly letterContent: LetterContent;
  readonly signal: AbortSignal;
}

/** Keeps the membership, and says whether the partition is still this process's to write. */
export type GoOn = () => Promise<boolean>;

/** `abandoned`: the partition is another's by now, or the process stops. `overtaken`: the stored progress is another's. */
export type LaneOutcome = 'applied' | 'abandoned' | 'overtaken';

/**
 * A unique violation that passes does so when the other partition's transaction has come: soon. The partition's
 * other records wait as well, so that all the conflicts of a batch share this time.
 */
const CONFLICT_MS = 500;
const CONFLICT_PAUSE_MS = 50;

/** One batch on its way, however often it is tried and cut. */
interface Trial {
  readonly goOn: GoOn;
  readonly times: BatchTimes;
  /** When the first unique violation came; null before. */
  conflictAt: number | null;
}

/** Applies the batches of one partition one after the other, and isolates what cannot be applied (invariant 7). */
export class PartitionLane {
  readonly #lane: Lane;
  readonly #from: string;
  readonly #services: LaneServices;
  /** Offsets of records that have a letter, though the lane has not moved past them yet. */
  readonly #lettered = new Set<string>();
  /** Of the next batches. */
  readonly size: BatchSize;
  #progress: Progress;
  #owes: boolean;

  constructor(
    lane: Lane,
    from: string,
    services: LaneServices,
    progress: Progress,
    owes: boolean,
    size: BatchSize,
  ) {
    this.size = size;
    this.#lane = lane;
    this.#from = from;
    this.#services = services;
    this.#progress = progress;
    this.#owes = owes;
  }

  get progress(): Progress {
    return this.#progress;
  }

  /** Applies the items and stands at `nextOffset` then. Throws where no record can be applied at all. `takenMs`: see BatchTimes. */
  apply(items: readonly Item[], nextOffset: bigint, goOn: GoOn, takenMs = Date.now()): Promise<LaneOutcome> {
    const times = { takenMs, begunMs: Date.now() };
    return this.#apply(items, nextOffset, { goOn, times, conflictAt: null });
  }

  async #apply(items: readonly Item[], nextOffset: bigint, trial: Trial): Promise<LaneOutcome> {
    const reached = { position: highestPosition(items, this.#progress.position), nextOffset };
    for (let attempt = 0; ; attempt++) {
      if (!(await trial.goOn())) return 'abandoned';
      try {
        await this.#keepLetters(items.filter((item) => item.kind === 'poison'));
        return this.#advance(await this.#transact(items, reached), reached, items, trial.times);
      } catch (error) {
        if (!this.#isRetried(items, error, trial))
          return await this.#isolate(items, nextOffset, error, trial);
        const longestMs = trial.conflictAt === null ? undefined : CONFLICT_PAUSE_MS;
        await pauseBeforeRetry(attempt, error, this.#services.report, this.#services.signal, longestMs);
      }
    }
  }

  /** Whether the same items are tried again, or fewer of them. Throws where nothing can be applied. */
  #isRetried(items: readonly Item[], error: unknown, trial: Trial): boolean {
    const verdict = judgeSinkError(error);
    if (verdict === 'stop') throw sinkFailure(error);
    const isAlone = suspects(items).length <= 1;
    if (verdict === 'conflict') {
      trial.conflictAt ??= performance.now();
      return isAlone && performance.now() - trial.conflictAt < CONFLICT_MS;
    }
    if (verdict !== 'retry') return false;
    if (isAlone || !isOutOfTime(error)) return true;
    this.size.outOfTime(items.length);
    this.#services.report.retry(sinkErrorCode(error), 'a batch took too long and is cut', 0);
    return false;
  }

  async #transact(items: readonly Item[], reached: Progress): Promise<BatchResult> {
    const owes = this.#owes;
    const startedAt = performance.now();
    const result = await this.#services.transaction.apply({
      lane: this.#lane,
      from: this.#from,
      items,
      believed: this.#progress,
      reached,
      owes,
      keepLetters: (letters) => this.#keepLetters(letters),
    });
    this.size.took(items.length, performance.now() - startedAt);
    return result;
  }

  #advance(result: BatchResult, reached: Progress, items: readonly Item[], times: BatchTimes): LaneOutcome {
    if (result.kind === 'overtaken') return 'overtaken';
    this.#progress = reached;
    for (const offset of this.#lettered)
      if (BigInt(offset) < reached.nextOffset) this.#lettered.delete(offset);
    // An earlier try may have been committed: what it owes is not known here.
    if (result.kind === 'already') this.#owes = true;
    else {
      if (result.plan.owe.length > 0 || result.notApplied.size > 0) this.#owes = true;
      this.#services.report.applied(result, items, times);
    }
    return 'applied';
  }

  /** Halves the items until the one that fails stands alone; every half that works is committed. */
  async #isolate(
    items: readonly Item[],
    nextOffset: bigint,
    error: unknown,
    trial: Trial,
  ): Promise<LaneOutcome> {
    const [suspect, ...others] = suspects(items);
    if (suspect === undefined) throw sinkFailure(error);
    if (others.length === 0) {
      const poison = poisoned(suspect, error);
      return this.#apply(
        items.map((item) => (item === suspect ? poison : item)),
        nextOffset,
        trial,
      );
    }
    const middle = items.indexOf(others[Math.floor((others.length - 1) / 2)] ?? suspect);
    const first = items.slice(0, middle);
    const outcome = await this.#apply(first, offsetAfter(first, this.#progress.nextOffset), trial);
    return outcome === 'applied' ? this.#apply(items.slice(middle), nextOffset, trial) : outcome;
  }

  /** Before the lane moves past a record, its letter is on the disks of the brokers; a second try does not write it again. */
  async #keepLetters(poison: readonly PoisonItem[]): Promise<void> {
    const { deadLetters, letterContent, report } = this.#services;
    const missing = poison.filter((item) => !this.#lettered.has(item.record.offset));
    if (missing.length === 0) return;
    await deadLetters.send(missing.map((item) => deadLetter(this.#lane.group, item, letterContent)));
    for (const { record, code } of missing) {
      this.#lettered.add(record.offset);
      report.deadLetter(code);
    }
  }
}

/** What can fail in the target. */
function suspects(items: readonly Item[]): Exclude<Item, PoisonItem>[] {
  return items.filter((item) => item.kind !== 'poison');
}

function poisoned(item: Exclude<Item, PoisonItem>, cause: unknown): PoisonItem {
  const error = cause instanceof Error ? cause : new Error(String(cause));
  return poisonOf(item, error, sinkErrorCode(cause));
}

/** Positions grow within a partition, except that a record that nobody can read has none: the last one is the highest. */
export function highestPosition(items: readonly Item[], before: string): string {
  const last = items.findLast(({ position }) => position !== '')?.position ?? before;
  return last > before ? last : before;
}

function offsetAfter(items: readonly Item[], before: bigint): bigint {
  const last = items.at(-1);
  return last === undefined ? before : BigInt(last.record.offset) + 1n;
}
