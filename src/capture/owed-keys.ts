import type { CheckpointEntry, CheckpointImage } from '../topics/checkpoint.ts';

const PREFIX = 'owed/';

type Tables = Pick<ReadonlySet<string>, 'has'>;

/** What the checkpoint says of a key; an entry without `withheld` is owed. */
interface Entry {
  readonly withheld?: boolean;
  readonly owed?: boolean;
}

/** table → key texts (a JSON array of the key's values) */
type Keys = Map<string, Set<string>>;

/**
 * Keys of which the topic lacks something (invariants 6 and 7), recorded in the same Kafka transaction as
 * the change that makes them so:
 * - *owed*: the current row must be published once more, since a change left a TOASTed value out;
 * - *withheld*: the last change became a dead letter. Whoever put a later change that leaves a TOASTed value
 *   out together with the row from before would show a row that never was: such a change is not published, and
 *   the key owed in its place.
 */
export class OwedKeys {
  readonly #owed: Keys = new Map();
  readonly #withheld: Keys = new Map();
  /** Entries that changed since the last `drain`. */
  readonly #dirty = new Map<string, { readonly table: string; readonly keyText: string }>();

  static fromCheckpoint(image: CheckpointImage): OwedKeys {
    const owed = new OwedKeys();
    for (const [key, value] of image) {
      if (!key.startsWith(PREFIX)) continue;
      const [table, keyText] = JSON.parse(key.slice(PREFIX.length)) as [string, string];
      const entry = JSON.parse(value) as Entry;
      if (entry.withheld === true) setOf(owed.#withheld, table).add(keyText);
      if (entry.withheld !== true || entry.owed === true) setOf(owed.#owed, table).add(keyText);
    }
    return owed;
  }

  /** How many are owed. */
  get size(): number {
    let size = 0;
    for (const keys of this.#owed.values()) size += keys.size;
    return size;
  }

  owe(table: string, keyText: string): void {
    this.#add(this.#owed, table, keyText);
  }

  settle(table: string, keyText: string): void {
    this.#delete(this.#owed, table, keyText);
  }

  owes(table: string): boolean {
    return (this.#owed.get(table)?.size ?? 0) > 0;
  }

  withhold(table: string, keyText: string): void {
    this.#add(this.#withheld, table, keyText);
  }

  /** The topic has the whole row, or that it is gone. */
  release(table: string, keyText: string): void {
    this.#delete(this.#withheld, table, keyText);
  }

  releaseAll(table: string): void {
    for (const keyText of this.#withheld.get(table) ?? []) this.release(table, keyText);
  }

  isWithheld(table: string, keyText: string): boolean {
    return this.#withheld.get(table)?.has(keyText) === true;
  }

  /** Whether any key of the table is withheld: nearly always none is, and no key's text is needed. */
  withholds(table: string): boolean {
    return (this.#withheld.get(table)?.size ?? 0) > 0;
  }

  /** Nothing of the table that was published before counts any more. */
  forget(table: string): void {
    for (const keyText of this.#owed.get(table) ?? []) this.settle(table, keyText);
    this.releaseAll(table);
  }

  /** Up to `limit` keys of one of the tables that `busy` does not name. */
  take(limit: number, busy: ReadonlySet<string>, tables: Tables): { table: string; keys: string[] } | null {
    for (const [table, keys] of this.#owed) {
      // A table that is no longer captured must not keep the others waiting.
      if (!tables.has(table)) continue;
      const free = [...keys].filter((key) => !busy.has(entryKey(table, key))).slice(0, limit);
      if (free.length > 0) return { table, keys: free };
    }
    return null;
  }

  /** What changed since the last call, for the checkpoint. */
  drain(): CheckpointEntry[] {
    const entries = [...this.#dirty].map(([key, { table, keyText }]) => ({
      key,
      value: this.#valueOf(table, keyText),
    }));
    this.#dirty.clear();
    return entries;
  }

  #valueOf(table: string, keyText: string): string | null {
    const owed = this.#owed.get(table)?.has(keyText) === true;
    if (!this.isWithheld(table, keyText)) return owed ? '{}' : null;
    return JSON.stringify({ withheld: true, owed } satisfies Entry);
  }

  #add(keys: Keys, table: string, keyText: string): void {
    const ofTable = setOf(keys, table);
    if (ofTable.has(keyText)) return;
    ofTable.add(keyText);
    this.#dirty.set(entryKey(table, keyText), { table, keyText });
  }

  #delete(keys: Keys, table: string, keyText: string): void {
    if (keys.get(table)?.delete(keyText) === true)
      this.#dirty.set(entryKey(table, keyText), { table, keyText });
  }
}

function setOf(keys: Keys, table: string): Set<string> {
  let ofTable = keys.get(table);
  if (ofTable === undefined) keys.set(table, (ofTable = new Set()));
  return ofTable;
}

/** Names one key of one table. */
export function entryKey(table: string, keyText: string): string {
  return PREFIX + JSON.stringify([table, keyText]);
}
