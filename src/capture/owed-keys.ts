import type { CheckpointEntry, CheckpointImage } from '../topics/checkpoint.ts';

const PREFIX = 'owed/';

type Tables = Pick<ReadonlySet<string>, 'has'>;

/**
 * Keys whose current row must be published once more, since a change left a TOASTed value out
 * (invariant 6). They are recorded in the same Kafka transaction as the change that asks for them.
 */
export class OwedKeys {
  /** table → key text (a JSON array of the key's values) */
  readonly #byTable = new Map<string, Set<string>>();
  readonly #dirty = new Map<string, string | null>();

  static fromCheckpoint(image: CheckpointImage): OwedKeys {
    const owed = new OwedKeys();
    for (const key of image.keys()) {
      if (!key.startsWith(PREFIX)) continue;
      const [table, keyText] = JSON.parse(key.slice(PREFIX.length)) as [string, string];
      owed.#setOf(table).add(keyText);
    }
    return owed;
  }

  get size(): number {
    let size = 0;
    for (const keys of this.#byTable.values()) size += keys.size;
    return size;
  }

  owe(table: string, keyText: string): void {
    const keys = this.#setOf(table);
    if (keys.has(keyText)) return;
    keys.add(keyText);
    this.#dirty.set(entryKey(table, keyText), '{}');
  }

  settle(table: string, keyText: string): void {
    if (this.#byTable.get(table)?.delete(keyText) === true) this.#dirty.set(entryKey(table, keyText), null);
  }

  settleAll(table: string): void {
    for (const keyText of this.#byTable.get(table) ?? []) this.settle(table, keyText);
  }

  owes(table: string): boolean {
    return (this.#byTable.get(table)?.size ?? 0) > 0;
  }

  /** Up to `limit` keys of one of the tables that `busy` does not name. */
  take(limit: number, busy: ReadonlySet<string>, tables: Tables): { table: string; keys: string[] } | null {
    for (const [table, keys] of this.#byTable) {
      // A table that is no longer captured must not keep the others waiting.
      if (!tables.has(table)) continue;
      const free = [...keys].filter((key) => !busy.has(entryKey(table, key))).slice(0, limit);
      if (free.length > 0) return { table, keys: free };
    }
    return null;
  }

  /** What changed since the last call, for the checkpoint. */
  drain(): CheckpointEntry[] {
    const entries = [...this.#dirty].map(([key, value]) => ({ key, value }));
    this.#dirty.clear();
    return entries;
  }

  #setOf(table: string): Set<string> {
    let keys = this.#byTable.get(table);
    if (keys === undefined) this.#byTable.set(table, (keys = new Set()));
    return keys;
  }
}

/** Names one owed key of one table. */
export function entryKey(table: string, keyText: string): string {
  return PREFIX + JSON.stringify([table, keyText]);
}
