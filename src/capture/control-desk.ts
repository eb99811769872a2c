import type { PlanFailure } from '../snapshot/refresh-plan.ts';
import type { CheckpointEntry, CheckpointImage } from '../topics/checkpoint.ts';

/** What became of a request. */
export interface Answer {
  readonly version: 1;
  readonly at: string;
  readonly error: PlanFailure | null;
}

const OFFSET_KEY = 'control';
const ANSWER_PREFIX = 'answer/';
const KEPT_ANSWERS = 100;

export const answerKey = (id: string): string => ANSWER_PREFIX + id;

/** What a request changed besides its answer. */
interface Changed {
  readonly plans?: readonly string[];
  readonly entries?: readonly CheckpointEntry[];
}

interface Changes {
  readonly entries: readonly CheckpointEntry[];
  /** Ids of plans that are new or changed. */
  readonly plans: readonly string[];
}

/**
 * What requests have changed and the checkpoint does not hold yet. A request's effects, its answer and
 * the place behind it in the control topic become part of one Kafka transaction: so it is neither lost
 * nor done twice.
 */
export class ControlDesk {
  #offset: bigint;
  #changed = new Set<string>();
  #entries = new Map<string, string | null>();
  /** Ids of the answers that are kept, the oldest first. */
  readonly #answered: string[];
  readonly #noted: (() => void)[] = [];
  readonly #drained: (() => void)[] = [];
  #wake: () => void = () => {};

  private constructor(offset: bigint, answered: string[]) {
    this.#offset = offset;
    this.#answered = answered;
  }

  static fromCheckpoint(image: CheckpointImage): ControlDesk {
    const entry = image.get(OFFSET_KEY);
    const offset = entry === undefined ? 0n : BigInt((JSON.parse(entry) as { offset: string }).offset);
    const answers = [...image].filter(([key]) => key.startsWith(ANSWER_PREFIX));
    const byTime = answers.toSorted(([, a], [, b]) => (timeOf(a) < timeOf(b) ? -1 : 1));
    return new ControlDesk(
      offset,
      byTime.map(([key]) => key.slice(ANSWER_PREFIX.length)),
    );
  }

  /** Where the control topic is to be read next. */
  get offset(): bigint {
    return this.#offset;
  }

  get isDirty(): boolean {
    return this.#entries.size > 0;
  }

  onChange(wake: () => void): void {
    this.#wake = wake;
  }

  /** To be called in one go with the change of the plans that it names. */
  done(request: string | null, answer: Answer, nextOffset: bigint, effects: Changed = {}): void {
    this.#offset = nextOffset;
    this.#set(OFFSET_KEY, JSON.stringify({ version: 1, offset: String(nextOffset) }));
    for (const id of effects.plans ?? []) this.#changed.add(id);
    for (const { key, value } of effects.entries ?? []) this.#set(key, value);
    if (request !== null) this.#answer(request, answer);
    this.#wake();
  }

  /** Removes an entry, or sets it, with the next transaction. */
  #set(key: string, value: string | null): void {
    this.#entries.set(key, value);
  }

  forget(key: string): void {
    this.#set(key, null);
  }

  /** Resolves when what is noted now is in Kafka. */
  whenCommitted(): Promise<void> {
    return new Promise((resolve) => this.#noted.push(resolve));
  }

  /** What the last `drain` gave is in Kafka. */
  committed(): void {
    for (const resolve of this.#drained.splice(0)) resolve();
  }

  drain(): Changes {
    this.#drained.push(...this.#noted.splice(0));
    const entries = [...this.#entries].map(([key, value]) => ({ key, value }));
    const plans = [...this.#changed];
    this.#entries = new Map();
    this.#changed = new Set();
    return { entries, plans };
  }

  #answer(id: string, answer: Answer): void {
    this.#set(answerKey(id), JSON.stringify(answer));
    this.#answered.push(id);
    while (this.#answered.length > KEPT_ANSWERS) this.#set(answerKey(this.#answered.shift() ?? ''), null);
  }
}

function timeOf(answer: string): string {
  return (JSON.parse(answer) as Answer).at;
}
