import type { OwedKey } from '../sinks/owed-keys.ts';
import type { Tallies } from '../sinks/refresh-tallies.ts';
import { owedKey } from './batch-plan.ts';
import type { KeyIdentity } from './compaction.ts';
import type { AnyChange, ApplyOutcome } from './define-pipeline.ts';
import { type Item, type PoisonItem, keyTextOf, poisonOf } from './record-reader.ts';

/** The name under which each refresh's dead letters are counted. */
const DEAD_LETTERS = 'dead_letters';
/** Why a key is owed whose change lacked what could not be made up for. */
const INCOMPLETE = 'INCOMPLETE';

/** What the steps of a batch could not apply, and what they counted. */
export class BatchDebts {
  readonly #group: string;
  readonly #items: readonly Item[];
  #byPosition: ReadonlyMap<string, Item> | null = null;
  readonly #owe = new Map<KeyIdentity, OwedKey>();
  readonly #letters: PoisonItem[] = [];
  readonly #notApplied = new Set<AnyChange>();
  readonly #tallies = new Map<string, Map<string, number>>();

  constructor(group: string, items: readonly Item[]) {
    this.#group = group;
    this.#items = items;
    for (const item of items) if (item.kind === 'poison') this.#countLetter(item);
  }

  /** `changes`: those of the step, all of which `outcome` answers for. */
  add(changes: readonly AnyChange[], outcome: ApplyOutcome<AnyChange>): void {
    if (this.#owe.size > 0) for (const change of changes) this.#owe.delete(this.#itemOf(change).identity);
    for (const { change, code, message } of outcome.rejected ?? []) {
      const item = this.#itemOf(change);
      const letter = poisonOf(item, new Error(message), code);
      this.#letters.push(letter);
      this.#countLetter(letter);
      this.#leaveOut(change, item, { code, refreshable: false });
    }
    for (const change of outcome.incomplete ?? []) {
      const item = this.#itemOf(change);
      this.#leaveOut(change, item, { code: INCOMPLETE, refreshable: true });
    }
    if (outcome.tallies !== undefined) this.tally(changes, outcome.tallies);
  }

  /** What the pipeline rejected, as dead letters. */
  get letters(): readonly PoisonItem[] {
    return this.#letters;
  }

  get notApplied(): ReadonlySet<AnyChange> {
    return this.#notApplied;
  }

  get owe(): ReadonlyMap<KeyIdentity, OwedKey> {
    return this.#owe;
  }

  get tallies(): Tallies {
    return this.#tallies;
  }

  /** Only a refresh that the group itself asked for is counted. */
  tally(changes: readonly AnyChange[], tallies: Tallies): void {
    const own = new Set(changes.map(({ tag }) => (tag?.group === this.#group ? tag.id : null)));
    for (const [id, counts] of tallies) {
      if (own.has(id)) for (const [name, count] of counts) this.#count(id, name, count);
    }
  }

  #leaveOut(change: AnyChange, item: Item, why: Pick<OwedKey, 'code' | 'refreshable'>): void {
    this.#notApplied.add(change);
    this.#owe.set(item.identity, owedKey(item, { keyText: keyTextOf(item), ...why }));
  }

  /** Positions are unique within a partition; that of a compacted change is one of its records'. */
  #itemOf(change: AnyChange): Item {
    this.#byPosition ??= new Map(this.#items.map((item) => [item.position, item]));
    const item = this.#byPosition.get(change.position);
    if (item === undefined) throw new TypeError(`no record of the batch has position ${change.position}`);
    return item;
  }

  #countLetter({ tag }: PoisonItem): void {
    if (tag?.group === this.#group) this.#count(tag.id, DEAD_LETTERS, 1);
  }

  #count(id: string, name: string, count: number): void {
    const counts = this.#tallies.get(id) ?? new Map<string, number>();
    this.#tallies.set(id, counts.set(name, (counts.get(name) ?? 0) + count));
  }
}
