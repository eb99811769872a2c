import { z } from 'zod';
import type { Debt } from '../sinks/owed-keys.ts';
import type { StoredLetter } from '../topics/dead-letter-reader.ts';
import { type DeadLetter, parseDeadLetter } from './dead-letters.ts';

/** `open`: the row in the target still lacks the change. `recorded`: a letter of the capture, which owes nothing in a target. */
type FailureState = 'open' | 'settled' | 'recorded';

/** A record that could not be processed. */
export interface Failure {
  /** "<pipeline>/<offset of its dead letter>"; null of a partial change, which has no letter. */
  readonly id: string | null;
  readonly pipeline: string;
  readonly state: FailureState;
  readonly code: string;
  readonly cause: string;
  /** "schema.table". */
  readonly table: string;
  /** JSON; null where it could not be decoded. */
  readonly key: string | null;
  readonly at: Date;
  readonly attempt: number;
  /** All that the letter says. */
  readonly letter: object | null;
}

export interface FailureFilter {
  readonly pipeline?: string | undefined;
  readonly code?: string | undefined;
  readonly table?: string | undefined;
  /** The key's JSON, or the value of any of its columns. */
  readonly key?: string | undefined;
}

export interface FailureCount {
  readonly pipeline: string;
  readonly code: string;
  readonly table: string;
  readonly open: number;
  readonly settled: number;
  readonly recorded: number;
}

/** A pipeline's letters and debts made one: a letter that was written twice counts once. */
export class FailureList {
  readonly #pipeline: string;
  readonly #tableOf: (topic: string) => string;
  readonly #debts: readonly Debt[];
  readonly #byKey: ReadonlyMap<string, Debt>;
  readonly #failures = new Map<string, Failure>();
  readonly #lettered = new Set<Debt>();

  constructor(pipeline: string, tableOf: (topic: string) => string, debts: readonly Debt[]) {
    this.#pipeline = pipeline;
    this.#tableOf = tableOf;
    this.#debts = debts;
    this.#byKey = new Map(debts.map((debt) => [debtKey(debt), debt]));
  }

  add(stored: StoredLetter): void {
    const letter = parseDeadLetter(stored.value);
    if (letter === null) return;
    const place = `${letter.topic}/${letter.partition}/${letter.offset}`;
    if (this.#failures.has(place)) return;
    const debt = this.#debtOf(letter);
    if (debt !== undefined) this.#lettered.add(debt);
    this.#failures.set(place, {
      id: `${this.#pipeline}/${stored.offset}`,
      pipeline: this.#pipeline,
      state: debt === undefined ? 'settled' : 'open',
      code: letter.code,
      cause: letter.cause,
      table: this.#tableOf(letter.topic),
      key: letter.key,
      at: new Date(stored.writtenAtMs),
      attempt: letter.attempt,
      letter,
    });
  }

  /** Debts without a letter: of partial changes, and of letters that the topic's retention took. */
  all(): Failure[] {
    const others = this.#debts.filter((debt) => !this.#lettered.has(debt));
    return [...this.#failures.values(), ...others.map((debt) => this.#withoutLetter(debt))];
  }

  /** A letter from before the key came whole is settled, though the key may be owed again. */
  #debtOf(letter: DeadLetter): Debt | undefined {
    const debt = this.#byKey.get(debtKey(letter));
    const offset = BigInt(letter.offset);
    return debt !== undefined && offset >= debt.firstOffset && offset <= debt.lastOffset ? debt : undefined;
  }

  #withoutLetter({ topic, code, keyText, owedSince, failures }: Debt): Failure {
    const cause = 'the row in the target lacks a change; a refresh of its key brings it';
    const table = this.#tableOf(topic);
    const base = { id: null, pipeline: this.#pipeline, state: 'open', letter: null } as const;
    return { ...base, code, cause, table, key: keyText, at: owedSince, attempt: failures };
  }
}

const captureLetter = z.object({
  stage: z.literal('capture'),
  table: z.string(),
  keyText: z.string(),
  code: z.string(),
  message: z.string(),
});

/** A letter of the capture: a row that could not be published. */
export function captureFailure(pipeline: string, { value, offset, writtenAtMs }: StoredLetter): Failure[] {
  const parsed = captureLetter.safeParse(jsonOf(value));
  if (!parsed.success) return [];
  const { table, keyText, code, message } = parsed.data;
  const base = { id: `${pipeline}/${offset}`, pipeline, state: 'recorded', attempt: 1 } as const;
  const at = new Date(writtenAtMs);
  return [{ ...base, code, cause: message, table, key: keyText, at, letter: parsed.data }];
}

export function isChosen(failure: Failure | Debt, table: string, filter: FailureFilter): boolean {
  const key = 'key' in failure ? failure.key : failure.keyText;
  return (
    (filter.code === undefined || filter.code === failure.code) &&
    (filter.table === undefined || filter.table === table) &&
    (filter.key === undefined || filter.key === key || valuesOf(key).includes(filter.key))
  );
}

export function countFailures(failures: readonly Failure[]): FailureCount[] {
  const groups = Map.groupBy(failures, ({ pipeline, code, table }) =>
    JSON.stringify([pipeline, table, code]),
  );
  return [...groups]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([, group]) => {
      const [first] = group;
      if (first === undefined) return [];
      const of = (state: FailureState): number => group.filter((each) => each.state === state).length;
      const { pipeline, code, table } = first;
      return { pipeline, code, table, open: of('open'), settled: of('settled'), recorded: of('recorded') };
    });
}

/** The key's values as PostgreSQL reads them, in the key's order. */
export function valuesOf(key: string | null): string[] {
  if (key === null) return [];
  return Object.values(JSON.parse(key) as Record<string, unknown>).map(String);
}

function debtKey({ topic, partition, identity }: Pick<Debt, 'topic' | 'partition' | 'identity'>): string {
  return `${topic}/${partition}/${identity}`;
}

function jsonOf(value: Buffer | null): unknown {
  try {
    return JSON.parse(value?.toString() ?? '');
  } catch {
    return null;
  }
}
