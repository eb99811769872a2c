import { ZERO_LSN } from '../change/lsn.ts';
import { positionPrefix } from '../change/position.ts';
import type { OwedKey } from '../sinks/owed-keys.ts';
import { type KeyIdentity, type KeyedChange, compactChanges } from './compaction.ts';
import type { AnyChange } from './define-pipeline.ts';
import type { Item, PoisonItem } from './record-reader.ts';

/** What is to be done within one transaction, in this order. */
export type Step =
  | { readonly kind: 'changes'; readonly changes: readonly AnyChange[] }
  | { readonly kind: 'truncate' }
  | { readonly kind: 'sweep'; readonly before: number };

export interface BatchPlan {
  readonly steps: readonly Step[];
  /** Keys whose records failed, and that nothing in the batch settles. */
  readonly owe: readonly OwedKey[];
  readonly settle: readonly KeyIdentity[];
  /** Whatever is owed from before this position is settled; null where nothing is. */
  readonly settleBefore: string | null;
  /** Partial changes of owed keys, which are left out. */
  readonly leftOut: number;
  /** Keys that were owed before and still are, though they have changed since. */
  readonly changedSince: readonly KeyIdentity[];
}

/** `owed`: which of the batch's keys are owed from before. */
export function planBatch(items: readonly Item[], owed: ReadonlySet<KeyIdentity>): BatchPlan {
  const planner = new BatchPlanner(owed);
  for (const item of items) planner.add(item);
  return planner.plan();
}

/** The keys that a plan has to know of whether they are owed. */
export function identitiesOf(items: readonly Item[]): KeyIdentity[] {
  const identities = new Set<KeyIdentity>();
  for (const item of items) if (item.kind === 'change') identities.add(item.identity);
  return [...identities];
}

class BatchPlanner {
  readonly #owed: Set<KeyIdentity>;
  readonly #owe = new Map<KeyIdentity, OwedKey>();
  readonly #settle = new Set<KeyIdentity>();
  #steps: Step[] = [];
  #changes: KeyedChange[] = [];
  #settleBefore: string | null = null;
  #leftOut = 0;
  readonly #changedSince = new Set<KeyIdentity>();

  constructor(owed: ReadonlySet<KeyIdentity>) {
    this.#owed = new Set(owed);
  }

  add(item: Item): void {
    switch (item.kind) {
      case 'change':
        return this.#change(item);
      case 'poison':
        return this.#poison(item);
      case 'truncate':
        return this.#truncate(item.position);
      case 'sweep':
        return this.#sweep(item.before);
    }
  }

  plan(): BatchPlan {
    this.#endChanges();
    return {
      steps: this.#steps,
      owe: [...this.#owe.values()],
      settle: [...this.#settle],
      settleBefore: this.#settleBefore,
      leftOut: this.#leftOut,
      changedSince: [...this.#changedSince],
    };
  }

  /** A whole row, or a delete, makes up for whatever was missed of its key. */
  #change(keyed: KeyedChange): void {
    const { identity, change } = keyed;
    if (change.kind === 'patch' && this.#isLeftOut(identity)) return;
    this.#changedSince.delete(identity);
    if (this.#owed.delete(identity)) this.#settle.add(identity);
    this.#owe.delete(identity);
    this.#changes.push(keyed);
  }

  /** A partial change of an owed key: only a refresh brings its row, and it may be a sound one by now. */
  #isLeftOut(identity: KeyIdentity): boolean {
    const failed = this.#owe.get(identity);
    if (failed !== undefined) this.#owe.set(identity, { ...failed, refreshable: failed.keyText !== null });
    else if (this.#owed.has(identity)) this.#changedSince.add(identity);
    else return false;
    this.#leftOut++;
    return true;
  }

  /** A record without a key is owed by itself: no later one settles it, but a truncate or sweep does. */
  #poison(item: PoisonItem): void {
    const identity = item.identity === '' ? `offset ${item.record.offset}` : item.identity;
    this.#changedSince.delete(identity);
    this.#owe.set(identity, owedKey(item, { keyText: item.keyText, code: item.code, refreshable: false }));
  }

  /** Nothing that came before from this partition is left: what is planned so far need not be done. */
  #truncate(position: string): void {
    this.#changes = [];
    this.#steps = [{ kind: 'truncate' }];
    this.#owed.clear();
    this.#owe.clear();
    this.#settle.clear();
    this.#changedSince.clear();
    this.#settleBefore = position;
  }

  #sweep(before: number): void {
    this.#endChanges();
    this.#steps.push({ kind: 'sweep', before });
    const first = positionPrefix(before, ZERO_LSN);
    if (this.#settleBefore === null || this.#settleBefore < first) this.#settleBefore = first;
  }

  #endChanges(): void {
    if (this.#changes.length > 0)
      this.#steps.push({ kind: 'changes', changes: compactChanges(this.#changes) });
    this.#changes = [];
  }
}

export function owedKey(
  { identity, record, position }: Item,
  why: Pick<OwedKey, 'keyText' | 'code' | 'refreshable'>,
): OwedKey {
  const stored = debtIdentity(identity, record.offset);
  return { identity: stored, position, offset: BigInt(record.offset), ...why };
}

/** Under which a record's debt is stored. What is not base64 is no key's. */
export function debtIdentity(identity: KeyIdentity, offset: string): string {
  return identity === '' ? `offset ${offset}` : storedIdentity(identity);
}

/** Bytes as text that PostgreSQL takes. */
export function storedIdentity(identity: KeyIdentity): string {
  return Buffer.from(identity, 'latin1').toString('base64');
}
