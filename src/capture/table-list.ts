import { formatTable, type TableId } from '../change/table.ts';
import type { CheckpointEntry, CheckpointImage } from '../topics/checkpoint.ts';

const KEY = 'tables';

interface ListEntry {
  readonly version: 1;
  /** The configured list that the changes were made to. */
  readonly configured: readonly string[];
  readonly added: readonly TableId[];
  readonly removed: readonly string[];
}

/**
 * The tables that are captured: those of the config, and what was added and removed by request since. A
 * config whose list was changed meanwhile wins: then it says what its author wants.
 */
export class TableList {
  /** "schema.name" → table */
  readonly ids: ReadonlyMap<string, TableId>;
  readonly #ids: Map<string, TableId>;
  readonly #configured: readonly TableId[];

  private constructor(configured: readonly TableId[], tables: readonly TableId[]) {
    this.#configured = configured;
    this.#ids = new Map(tables.map((id) => [formatTable(id), id]));
    this.ids = this.#ids;
  }

  static fromCheckpoint(image: CheckpointImage, configured: readonly TableId[]): TableList {
    const text = image.get(KEY);
    if (text === undefined) return new TableList(configured, configured);
    const { configured: base, added, removed } = JSON.parse(text) as ListEntry;
    const names = configured.map(formatTable);
    const isSame = names.length === base.length && names.every((name) => base.includes(name));
    if (!isSame) return new TableList(configured, configured);
    const kept = configured.filter((id) => !removed.includes(formatTable(id)));
    return new TableList(configured, [...kept, ...added]);
  }

  add(id: TableId): void {
    this.#ids.set(formatTable(id), id);
  }

  remove(id: TableId): void {
    this.#ids.delete(formatTable(id));
  }

  /** What was added and removed, for the checkpoint. */
  get entry(): CheckpointEntry {
    const configured = this.#configured.map(formatTable);
    const list: ListEntry = {
      version: 1,
      configured,
      added: [...this.#ids.values()].filter((id) => !configured.includes(formatTable(id))),
      removed: configured.filter((name) => !this.#ids.has(name)),
    };
    return { key: KEY, value: JSON.stringify(list) };
  }
}
