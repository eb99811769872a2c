import { INVALID_RULE, LOW_CONFIDENCE } from './judge.ts';
import type { UrlRow } from './url-row.ts';

/**
 * What became of one row. `classified`: written. `manual`: a person's or an import's value stayed.
 * `unchanged`: it held the right value. `superseded`: URL or title were changed meanwhile, or the row is
 * gone; the newer change is judged when it arrives.
 */
export type Outcome = 'classified' | 'manual' | 'unchanged' | 'superseded';

/** The value that the row holds in the end. */
interface Held {
  readonly type: string;
  readonly rule: string | null;
  /** Null where the row was not judged: its confidence counted when it was written. */
  readonly confidence: number | null;
}

const SEPARATOR = ' ';
const BY_TYPE = 'type';
const BY_ACCOUNT = 'account';
const INVALID = 'invalid';
const LOW = 'low_confidence';

/** Counts what became of rows, under names that a refresh's tallies can hold. */
export class ClassifyTally {
  readonly counts = new Map<string, number>();

  add(row: UrlRow, outcome: Outcome, held: Held | null): void {
    this.#count(outcome);
    this.#count([BY_ACCOUNT, outcome, row.account_id ?? ''].join(SEPARATOR));
    if (held === null) return;
    this.#count([BY_TYPE, held.type].join(SEPARATOR));
    if (held.rule === INVALID_RULE) this.#count(INVALID);
    else if (held.confidence !== null && held.confidence < LOW_CONFIDENCE) this.#count(LOW);
  }

  #count(name: string): void {
    this.counts.set(name, (this.counts.get(name) ?? 0) + 1);
  }
}

/** What became of an account's URLs. */
interface AccountCounts {
  readonly processed: number;
  readonly classified: number;
  /** A person's or an import's value stayed. */
  readonly skipped: number;
  readonly unchanged: number;
}

/** The counts of a summary report. */
export interface ClassifyCounts extends AccountCounts {
  /** Rows that changed while they were judged, or are gone: judged with their newer change. */
  readonly superseded: number;
  /** URLs that cannot be parsed; their rows hold `other` with confidence 0. */
  readonly errors: number;
  /** Judged with a confidence below 0.5. */
  readonly low_confidence: number;
  /** Of the rows that hold a value of the classifier's. */
  readonly types: Readonly<Record<string, number>>;
  readonly accounts: Readonly<Record<string, AccountCounts>>;
}

/** Reads what `ClassifyTally` counted, also from several processes. Types and accounts with the most rows first. */
export function classifyCounts(counts: ReadonlyMap<string, number>): ClassifyCounts {
  const accounts = new Map<string, Map<string, number>>();
  const types: [string, number][] = [];
  for (const [name, count] of counts) {
    const [kind, ...rest] = name.split(SEPARATOR);
    if (kind === BY_TYPE) types.push([rest.join(SEPARATOR), count]);
    if (kind !== BY_ACCOUNT) continue;
    const [outcome = '', ...id] = rest;
    const account = id.join(SEPARATOR);
    const ofAccount = accounts.get(account) ?? new Map<string, number>();
    accounts.set(account, ofAccount.set(outcome, count));
  }
  return {
    ...outcomes(counts),
    superseded: counts.get('superseded') ?? 0,
    errors: counts.get(INVALID) ?? 0,
    low_confidence: counts.get(LOW) ?? 0,
    types: Object.fromEntries(types.toSorted((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1))),
    accounts: Object.fromEntries(
      [...accounts]
        .map(([account, own]): [string, AccountCounts] => [account, outcomes(own)])
        .toSorted((a, b) => b[1].processed - a[1].processed || (a[0] < b[0] ? -1 : 1)),
    ),
  };
}

function outcomes(counts: ReadonlyMap<string, number>): AccountCounts {
  const of = (outcome: Outcome): number => counts.get(outcome) ?? 0;
  return {
    processed: of('classified') + of('manual') + of('unchanged') + of('superseded'),
    classified: of('classified'),
    skipped: of('manual'),
    unchanged: of('unchanged'),
  };
}
