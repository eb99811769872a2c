import { formatTable, type TableSchema } from '../change/table.ts';
import { type ErrorCode, FreshetError } from '../runtime/errors.ts';
import type { TableFacts } from '../source/table-facts.ts';
import type { CheckpointEntry, CheckpointImage } from '../topics/checkpoint.ts';

const PREFIX = 'table/';

/** Why nothing of a table is published; the others go on. */
export interface Halt {
  readonly code: ErrorCode;
  readonly message: string;
  readonly cure: string;
  readonly since: string;
}

interface TableState {
  /** Above the source's epoch where the table was halted: only it has a gap then. */
  readonly epoch?: number;
  readonly halt?: Halt;
  /** What the catalog showed last. */
  readonly facts?: TableFacts;
  /** Names of the key's columns. */
  readonly key?: readonly string[];
}

export const isTableEntry = (key: string): boolean => key.startsWith(PREFIX);

/** What a capture remembers of each single table, kept with the checkpoint. */
export class TableStates {
  readonly #states = new Map<string, TableState>();
  readonly #epochs = new Map<string, number>();
  readonly #halts = new Map<string, Halt>();
  readonly #dirty = new Set<string>();

  static fromCheckpoint(image: CheckpointImage): TableStates {
    const states = new TableStates();
    for (const [key, value] of image) {
      if (isTableEntry(key)) states.#keep(key.slice(PREFIX.length), JSON.parse(value) as TableState);
    }
    return states;
  }

  epochOf(table: string, ofSource: number): number {
    if (this.#epochs.size === 0) return ofSource;
    return Math.max(ofSource, this.#epochs.get(table) ?? 0);
  }

  /** The highest epoch that any table was given. */
  get lastEpoch(): number {
    return Math.max(0, ...this.#epochs.values());
  }

  get halts(): ReadonlyMap<string, Halt> {
    return this.#halts;
  }

  isHalted(table: string): boolean {
    return this.#halts.has(table);
  }

  factsOf(table: string): TableFacts | null {
    return this.#states.get(table)?.facts ?? null;
  }

  remember(table: string, facts: TableFacts): void {
    this.#change(table, { ...this.#states.get(table), facts });
  }

  tableOf(oid: number, among: Pick<ReadonlySet<string>, 'has'>): string | null {
    for (const [table, { facts }] of this.#states) if (facts?.oid === oid && among.has(table)) return table;
    return null;
  }

  /**
   * Throws KEY_CHANGED where the table's key is made of other columns than its published records,
   * TABLE_MISSING where its name is that of another table now.
   */
  admit(schema: TableSchema): void {
    const table = formatTable(schema.id);
    const oid = this.factsOf(table)?.oid ?? schema.relationOid;
    if (oid !== schema.relationOid)
      throw new FreshetError('TABLE_MISSING', `table ${table} is another one than before: it was replaced`, {
        cure: 'Nothing, where that is meant: it is published anew, with a refresh.',
      });
    const key = schema.key.map((index) => schema.columns[index]?.name ?? '');
    const known = this.#states.get(table)?.key;
    if (known === undefined) this.#change(table, { ...this.#states.get(table), key });
    else if (JSON.stringify(known) !== JSON.stringify(key)) {
      throw new FreshetError(
        'KEY_CHANGED',
        `the key of ${table} is (${key.join(', ')}), was (${known.join(', ')})`,
      );
    }
  }

  halt(table: string, halt: Halt): void {
    this.#change(table, { ...this.#states.get(table), halt });
  }

  revive(table: string, epoch: number, facts: TableFacts): void {
    this.#change(table, { epoch, facts });
  }

  /** A new epoch of the table alone, whose shape stays as it is. */
  begin(table: string, epoch: number): void {
    this.#change(table, { ...this.#states.get(table), epoch });
  }

  /** What changed since the last call, for the checkpoint. */
  drain(): CheckpointEntry[] {
    const entries = [...this.#dirty].map((table) => ({
      key: PREFIX + table,
      value: JSON.stringify(this.#states.get(table) ?? {}),
    }));
    this.#dirty.clear();
    return entries;
  }

  get isDirty(): boolean {
    return this.#dirty.size > 0;
  }

  #change(table: string, state: TableState): void {
    this.#keep(table, state);
    this.#dirty.add(table);
  }

  #keep(table: string, state: TableState): void {
    this.#states.set(table, state);
    if (state.halt === undefined) this.#halts.delete(table);
    else this.#halts.set(table, state.halt);
    if (state.epoch !== undefined) this.#epochs.set(table, state.epoch);
  }
}
