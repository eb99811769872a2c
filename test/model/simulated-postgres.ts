import { parseVisibility, type Visibility } from '../../src/change/visibility.ts';

/** A row: a number that no other version of any row has, a TOASTed text, and a column that may be added later. */
export interface Row {
  readonly a: number;
  readonly t: string;
  readonly b: number | null;
}

/** What a transaction did, in the words of the stream. `columns`: how many the table had then. */
export type Op = { readonly table: number; readonly columns: number } & (
  | { readonly kind: 'insert'; readonly key: number; readonly row: Row }
  | {
      readonly kind: 'update';
      readonly key: number;
      readonly old: Row;
      readonly row: Row;
      readonly toastUnchanged: boolean;
    }
  | {
      readonly kind: 'rekey';
      readonly key: number;
      readonly to: number;
      readonly old: Row;
      readonly row: Row;
      readonly toastUnchanged: boolean;
    }
  | { readonly kind: 'delete'; readonly key: number; readonly old: Row }
  | { readonly kind: 'truncate' }
);

export interface CommittedTransaction {
  /** 64 bit, as snapshots show it; the stream gives the lower 32. */
  readonly xid: number;
  /** Start and end of the commit record. */
  readonly start: number;
  readonly end: number;
  readonly ops: readonly Op[];
}

interface Transaction {
  readonly xid: number;
  readonly ops: Op[];
  /** What it sees beyond what all see: "table:key" → row, null for a deleted one. */
  readonly overlay: Map<string, Row | null>;
  readonly rowLocks: Set<string>;
  readonly tables: Set<number>;
  readonly exclusive: Set<number>;
  readonly addsColumn: Set<number>;
  /** `committed`: its commit record is written, but no snapshot sees it yet. */
  state: 'running' | 'committed';
}

/** Every state that a key had, in commit order; null: no row. */
export type Timeline = readonly (Row | null)[];

export const BASE_COLUMNS = 3;
/** Just below the point where 32 bit xids begin anew. */
const FIRST_XID = 2 ** 33 - 6;
const TOAST = 'toast ';
/** The capture's limit for a record. Bytes. */
export const RECORD_LIMIT = 2_000;
const LARGE = 'large '.padEnd(RECORD_LIMIT, '.');
/** Among the choices of a write that is given a value, those that give one that no record can carry. */
const isLargeChoice = (choice: number): boolean => (choice >> 4) % 4 === 3;

/** The row fits into no record. */
export function isTooLarge(row: Row | null | undefined): boolean {
  return (row?.t.length ?? 0) >= RECORD_LIMIT;
}
const rowName = (table: number, key: number): string => `${table}:${key}`;

/** Rows, three connections, WAL addresses and visibility, as far as a capture can tell them. */
export class SimulatedPostgres {
  readonly keys: number;
  readonly tables: number;
  readonly #visible: Map<number, Row>[];
  readonly #columns: number[];
  readonly #connections: (Transaction | null)[] = [null, null, null];
  readonly #timelines = new Map<string, (Row | null)[]>();
  commits: CommittedTransaction[] = [];
  lsn = 800;
  #nextXid = FIRST_XID;
  #latestCompleted = FIRST_XID - 1;
  #values = 0;
  /** Tables that a chunk's read holds in ACCESS SHARE MODE. */
  readonly sharedLocks: () => ReadonlySet<number>;

  /** Some values are larger than a record may be. */
  readonly #large: boolean;

  constructor(keys: number, tables: number, large: boolean, sharedLocks: () => ReadonlySet<number>) {
    this.keys = keys;
    this.tables = tables;
    this.#large = large;
    this.sharedLocks = sharedLocks;
    this.#visible = Array.from({ length: tables }, () => new Map());
    this.#columns = Array.from({ length: tables }, () => BASE_COLUMNS);
  }

  rows(table: number): ReadonlyMap<number, Row> {
    return this.#visible[table] ?? new Map();
  }

  columns(table: number): number {
    return this.#columns[table] ?? BASE_COLUMNS;
  }

  timeline(table: number, key: number): Timeline {
    return this.#timelines.get(rowName(table, key)) ?? [null];
  }

  isExclusivelyLocked(table: number): boolean {
    return this.#connections.some((transaction) => transaction?.exclusive.has(table) === true);
  }

  visibility(): Visibility {
    const xmax = this.#latestCompleted + 1;
    const live = this.#xids().filter((xid) => xid < xmax);
    return parseVisibility(`${Math.min(xmax, ...live)}:${xmax}:${live.join(',')}`);
  }

  /** As `pg_locks` shows them: 32 bit. */
  xidsInProgress(): number[] {
    return this.#xids().map((xid) => xid % 2 ** 32);
  }

  get hasRunning(): boolean {
    return this.#connections.some((transaction) => transaction?.state === 'running');
  }

  writeWal(amount: number): void {
    this.lsn += 8 * (4 + (amount % 6));
  }

  /** Inserts where there is no row, else updates, deletes or changes the key. False: a lock is in the way. */
  write(connection: number, table: number, key: number, choice: number): boolean {
    if (!this.#isFree(connection, table, key)) return false;
    const old = this.#seenBy(connection, table, key);
    const columns = this.#columnsSeenBy(connection, table);
    const kind = choice % 10;
    if (old === null) {
      const row = this.#row(columns, null, choice);
      return this.#apply(connection, { kind: 'insert', table, columns, key, row }, [[key, row]]);
    }
    if (kind < 5) {
      const toastUnchanged = choice % 3 !== 0;
      const row = this.#row(columns, toastUnchanged ? old.t : null, choice);
      return this.#apply(connection, { kind: 'update', table, columns, key, old, row, toastUnchanged }, [
        [key, row],
      ]);
    }
    if (kind < 7) return this.#apply(connection, { kind: 'delete', table, columns, key, old }, [[key, null]]);
    return this.#rekey(connection, table, key, old, choice);
  }

  truncate(connection: number, table: number): boolean {
    const transaction = this.#lockExclusively(connection, table);
    if (transaction === null) return false;
    for (let key = 0; key < this.keys; key++) transaction.overlay.set(rowName(table, key), null);
    transaction.ops.push({ kind: 'truncate', table, columns: this.#columnsSeenBy(connection, table) });
    this.writeWal(1);
    return true;
  }

  addColumn(connection: number, table: number): boolean {
    if (this.#columnsSeenBy(connection, table) > BASE_COLUMNS) return false;
    const transaction = this.#lockExclusively(connection, table);
    if (transaction === null) return false;
    transaction.addsColumn.add(table);
    this.writeWal(1);
    return true;
  }

  connectionsIn(state: Transaction['state']): number[] {
    return this.#connections.flatMap((transaction, index) => (transaction?.state === state ? [index] : []));
  }

  /** Writes the commit record: decoding sees it from now on, snapshots only after `show`. */
  commit(connection: number, amount: number): void {
    const transaction = this.#connections[connection];
    if (transaction?.state !== 'running') return;
    const start = this.lsn;
    this.writeWal(amount);
    transaction.state = 'committed';
    this.commits.push({ xid: transaction.xid, start, end: this.lsn, ops: transaction.ops });
    for (const op of transaction.ops) this.#record(op);
  }

  show(connection: number): void {
    const transaction = this.#connections[connection];
    if (transaction?.state !== 'committed') return;
    for (const [name, row] of transaction.overlay) {
      const [table = 0, key = 0] = name.split(':').map(Number);
      if (row === null) this.#visible[table]?.delete(key);
      else this.#visible[table]?.set(key, row);
    }
    for (const table of transaction.addsColumn) this.#columns[table] = BASE_COLUMNS + 1;
    this.#end(connection, transaction);
  }

  abort(connection: number): void {
    const transaction = this.#connections[connection];
    if (transaction?.state === 'running') this.#end(connection, transaction);
  }

  /** Restored from a copy: the rows stay, the WAL and its addresses begin anew, further back. */
  restore(back: number): void {
    this.commits = [];
    this.lsn = Math.max(80, this.lsn - (back % 800));
  }

  #end(connection: number, transaction: Transaction): void {
    this.#latestCompleted = Math.max(this.#latestCompleted, transaction.xid);
    this.#connections[connection] = null;
  }

  #rekey(connection: number, table: number, key: number, old: Row, choice: number): boolean {
    const to = (key + 1 + (choice % Math.max(1, this.keys - 1))) % this.keys;
    if (to === key || !this.#isFree(connection, table, to) || this.#seenBy(connection, table, to) !== null)
      return false;
    const columns = this.#columnsSeenBy(connection, table);
    const toastUnchanged = choice % 4 !== 0;
    const row = this.#row(columns, toastUnchanged ? old.t : null, choice);
    const op: Op = { kind: 'rekey', table, columns, key, to, old, row, toastUnchanged };
    return this.#apply(connection, op, [
      [key, null],
      [to, row],
    ]);
  }

  #apply(connection: number, op: Op, rows: readonly [number, Row | null][]): boolean {
    const transaction = this.#open(connection);
    if (transaction === null) return false;
    transaction.ops.push(op);
    transaction.tables.add(op.table);
    for (const [key, row] of rows) {
      transaction.overlay.set(rowName(op.table, key), row);
      transaction.rowLocks.add(rowName(op.table, key));
    }
    this.writeWal(op.table + rows.length);
    return true;
  }

  #lockExclusively(connection: number, table: number): Transaction | null {
    const others = this.#connections.filter((other, index) => other !== null && index !== connection);
    if (others.some((other) => other?.tables.has(table)) || this.sharedLocks().has(table)) return null;
    const transaction = this.#open(connection);
    transaction?.exclusive.add(table);
    transaction?.tables.add(table);
    return transaction;
  }

  #open(connection: number): Transaction | null {
    const open = this.#connections[connection];
    if (open !== null && open !== undefined) return open.state === 'running' ? open : null;
    const transaction: Transaction = {
      xid: this.#nextXid++,
      ops: [],
      overlay: new Map(),
      rowLocks: new Set(),
      tables: new Set(),
      exclusive: new Set(),
      addsColumn: new Set(),
      state: 'running',
    };
    this.#connections[connection] = transaction;
    return transaction;
  }

  #isFree(connection: number, table: number, key: number): boolean {
    if (this.#connections[connection]?.state === 'committed') return false;
    const others = this.#connections.filter((_, index) => index !== connection);
    return others.every(
      (other) => other?.rowLocks.has(rowName(table, key)) !== true && other?.exclusive.has(table) !== true,
    );
  }

  #seenBy(connection: number, table: number, key: number): Row | null {
    const own = this.#connections[connection]?.overlay.get(rowName(table, key));
    return own === undefined ? (this.rows(table).get(key) ?? null) : own;
  }

  #columnsSeenBy(connection: number, table: number): number {
    return this.#connections[connection]?.addsColumn.has(table) === true
      ? BASE_COLUMNS + 1
      : this.columns(table);
  }

  #row(columns: number, t: string | null, choice: number): Row {
    const a = ++this.#values;
    const value = this.#large && isLargeChoice(choice) ? LARGE : TOAST;
    return { a, t: t ?? value + a, b: columns > BASE_COLUMNS && a % 2 === 0 ? a : null };
  }

  #record(op: Op): void {
    if (op.kind === 'truncate') for (let key = 0; key < this.keys; key++) this.#became(op.table, key, null);
    else if (op.kind === 'delete') this.#became(op.table, op.key, null);
    else if (op.kind === 'rekey') {
      this.#became(op.table, op.key, null);
      this.#became(op.table, op.to, op.row);
    } else this.#became(op.table, op.key, op.row);
  }

  #became(table: number, key: number, row: Row | null): void {
    const name = rowName(table, key);
    const timeline = this.#timelines.get(name);
    if (timeline === undefined) this.#timelines.set(name, [null, row]);
    else if (row !== null || timeline.at(-1) !== null) timeline.push(row);
  }

  #xids(): number[] {
    return this.#connections.flatMap((transaction) => (transaction === null ? [] : [transaction.xid]));
  }
}
