import type { ItemDifference } from '../../consumers/upsert/catalog/compare.ts';
import type { SnapshotOrigin } from '../../consumers/upsert/catalog/snapshot-tables.ts';

/** How many items there are of each kind of difference. */
export interface DifferenceCounts {
  readonly compared: number;
  readonly missing: number;
  readonly different: number;
  readonly surplus: number;
}

export interface Differences extends DifferenceCounts {
  /** Null where there are too many to name. */
  readonly named: readonly ItemDifference[] | null;
  readonly examples: readonly { readonly sku: string; readonly what: string }[];
  /** Through whose topics they are to be brought right. */
  readonly ways: ReadonlySet<SnapshotOrigin>;
}

/** Items that are not as they should be. */
export function totalOf({ missing, different, surplus }: DifferenceCounts): number {
  return missing + different + surplus;
}

/** What of differences is told. */
export function toldOf({ missing, different, surplus, examples }: Differences) {
  return { items: { missing, different, surplus }, examples };
}

const EXAMPLES = 20;
/** More are not asked for by name: their table is refreshed as a whole. */
export const NAMED_ITEMS = 20_000;

/** Counts differences, and remembers them by name while they are few. */
export class DifferenceTally {
  compared = 0;
  readonly #counts = { missing: 0, different: 0, surplus: 0 };
  readonly #examples: { sku: string; what: string }[] = [];
  readonly #ways = new Set<SnapshotOrigin>();
  #named: ItemDifference[] | null = [];

  add(difference: ItemDifference): void {
    const { sku, what, kind, owner } = difference;
    this.#counts[kind] += 1;
    this.#ways.add(owner);
    if (this.#examples.length < EXAMPLES) this.#examples.push({ sku, what });
    this.#named?.push(difference);
    if ((this.#named?.length ?? 0) > NAMED_ITEMS) this.#named = null;
  }

  get result(): Differences {
    const [examples, ways, named] = [this.#examples, this.#ways, this.#named];
    return { compared: this.compared, ...this.#counts, examples, ways, named };
  }
}
