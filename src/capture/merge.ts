import { type Lsn, maxLsn, toLsn } from '../change/lsn.ts';
import type { RefreshTag } from '../change/change.ts';
import { encodeSeq, positionPrefix } from '../change/position.ts';
import { NULL_LENGTH, type Tuple, UNAVAILABLE_LENGTH } from '../change/tuple.ts';
import { PublishedXids } from '../snapshot/published-xids.ts';
import type { KeyTexts } from '../snapshot/key-walk.ts';
import { Window } from '../snapshot/window.ts';
import type { MergeState } from './merge-state.ts';
import type { OwedKeys } from './owed-keys.ts';
import type { CapturedTable, RecordWriter } from './record-writer.ts';
import { TableStates } from './table-states.ts';

interface OpenTransaction {
  readonly commitLsn: Lsn;
  readonly commitTsUs: bigint;
  readonly xid: number;
  readonly prefix: string;
  /** Changes met so far, of whatever table: so an index stays the same whichever tables are published. */
  changes: number;
}

/** A changed key is two records of one change. */
const RECORDS_OF_CHANGE = 2;

/**
 * The published order: takes the stream's messages and the chunks' rows one after the other, gives
 * each record its position, and keeps what decides whether a chunk may be published. Values in, records
 * out: no socket, no clock. The design's steps 1, 4 and 5; docs/architecture.md, "Merging".
 */
export class Merge {
  readonly xids: PublishedXids;
  readonly owed: OwedKeys;
  readonly tables: TableStates;
  readonly #writer: RecordWriter;
  readonly #windows = new Map<string, Set<Window>>();
  readonly #epoch: number;
  #lastLsn: Lsn;
  #lastSeq: number;
  #passed: Lsn;
  #mid: boolean;
  #snapshotSeq: number;
  #throughMs: number;
  #transaction: OpenTransaction | null = null;

  constructor(
    state: MergeState,
    owed: OwedKeys,
    inProgressAtStart: Iterable<number>,
    writer: RecordWriter,
    tables: TableStates = new TableStates(),
  ) {
    this.#epoch = state.epoch;
    this.#lastLsn = state.lastLsn;
    this.#lastSeq = state.lastSeq;
    this.#passed = state.passed;
    this.#mid = state.midTransaction;
    this.#snapshotSeq = state.snapshotSeq;
    this.#throughMs = state.throughMs;
    this.xids = new PublishedXids(inProgressAtStart);
    this.owed = owed;
    this.tables = tables;
    this.#writer = writer;
  }

  get state(): MergeState {
    return {
      epoch: this.#epoch,
      lastLsn: this.#lastLsn,
      lastSeq: this.#lastSeq,
      passed: this.#passed,
      midTransaction: this.#mid,
      snapshotSeq: this.#snapshotSeq,
      throughMs: this.#throughMs,
    };
  }

  get passed(): Lsn {
    return this.#passed;
  }

  get epoch(): number {
    return this.#epoch;
  }

  /** Chunks may be published only where the last published change was the last of its transaction. */
  get isBetweenTransactions(): boolean {
    return !this.#mid;
  }

  begin(commitLsn: Lsn, commitTsUs: bigint, xid: number): void {
    const prefix = positionPrefix(this.#epoch, commitLsn);
    this.#transaction = { commitLsn, commitTsUs, xid, prefix, changes: 0 };
  }

  /** A change that is not published: of a table that is not ours, or that is halted. */
  passOver(isHalted: boolean): void {
    const transaction = this.#change();
    // A chunk that does not see it must not be taken for whole once the table goes on.
    if (isHalted) this.xids.published(transaction.xid);
  }

  insert(table: CapturedTable, after: Tuple): void {
    this.#create(table, this.#change(), 0, after);
  }

  update(table: CapturedTable, before: Tuple | null, beforeIsRow: boolean, after: Tuple): void {
    if (before !== null) completeFrom(before, after);
    const oldKey = before === null ? null : table.codec.keyText(before);
    if (before !== null && oldKey !== null && oldKey !== table.codec.keyText(after)) {
      const transaction = this.#change();
      this.#delete(table, transaction, before);
      this.#create(table, transaction, 1, after);
      return;
    }
    const transaction = this.#change();
    const position = this.#advance(table, transaction, 0);
    if (position === null) return;
    const incomplete = isIncomplete(after);
    if (incomplete && this.#isWithheld(table, after)) this.owed.owe(table.name, table.codec.keyText(after));
    else {
      const row = beforeIsRow ? before : null;
      const isPublished = this.#writer.change(table, 'u', row, after, position, transaction);
      this.#note(table, after, isPublished, incomplete);
    }
    this.#remember(table, after, transaction.xid, incomplete);
  }

  delete(table: CapturedTable, before: Tuple): void {
    this.#delete(table, this.#change(), before);
  }

  #delete(table: CapturedTable, transaction: OpenTransaction, before: Tuple): void {
    const position = this.#advance(table, transaction, 0);
    if (position === null) return;
    if (this.#writer.delete(table, before, position, transaction)) this.#note(table, before, true, false);
    this.#remember(table, before, transaction.xid, false);
  }

  /** One position for all: each partition has an order of its own. */
  truncate(table: CapturedTable): void {
    const transaction = this.#change();
    const position = this.#advance(table, transaction, 0);
    if (position === null) return;
    for (let partition = 0; partition < table.partitions; partition++)
      this.#writer.truncate(table, partition, position, transaction);
    this.owed.releaseAll(table.name);
    this.xids.published(transaction.xid);
    for (const window of this.#windowsOf(table.name)) window.truncated(transaction.xid);
  }

  commit(commitLsn: Lsn, endLsn: Lsn): void {
    // A replayed COMMIT says nothing about a later transaction that was left half published.
    if (commitLsn >= this.#lastLsn) this.#mid = false;
    this.#passed = maxLsn(this.#passed, endLsn);
    const transaction = this.#transaction;
    if (transaction !== null) this.#through(Number(transaction.commitTsUs / 1000n));
    this.#transaction = null;
  }

  /**
   * Counts when it comes up in the published order, never when it is received (invariant 1). It says nothing
   * of time: a server that is behind sends some, too.
   */
  keepalive(walEnd: Lsn): void {
    this.#passed = maxLsn(this.#passed, walEnd);
  }

  relationChanged(table: string): void {
    for (const window of this.#windowsOf(table)) window.relationChanged();
  }

  /** `keys`: those whose changes are to be kept, as `completed` needs them. */
  openWindow(table: string, keys: readonly string[] = []): Window {
    const window = new Window(this.xids.nextIndex, keys);
    let windows = this.#windows.get(table);
    if (windows === undefined) this.#windows.set(table, (windows = new Set()));
    windows.add(window);
    return window;
  }

  closeWindow(table: string, window: Window): void {
    this.#windows.get(table)?.delete(window);
  }

  /**
   * The position of the next snapshot row: *passed − 1* is an address at which no WAL record can start,
   * so it is above every commit streamed so far and below every one to come.
   */
  snapshotPosition(table: string): { readonly text: string; readonly lsn: Lsn } {
    const lsn = toLsn(this.#passed > 0n ? this.#passed - 1n : 0n);
    const seq = this.#snapshotSeq++;
    this.#lastLsn = lsn;
    this.#lastSeq = seq;
    return { text: positionPrefix(this.tables.epochOf(table, this.#epoch), lsn) + encodeSeq(seq), lsn };
  }

  /** A row that a chunk read. */
  read(table: CapturedTable, row: Tuple, tag: RefreshTag | null): void {
    const isPublished = this.#writer.read(table, row, this.snapshotPosition(table.name), tag);
    this.#note(table, row, isPublished, false);
  }

  /** A key that a chunk was to read and that is gone. */
  gone(table: CapturedTable, key: string, tag: RefreshTag | null): void {
    this.#writer.gone(table, JSON.parse(key) as KeyTexts, this.snapshotPosition(table.name), tag);
    this.owed.release(table.name, key);
  }

  #isWithheld(table: CapturedTable, tuple: Tuple): boolean {
    return this.owed.withholds(table.name) && this.owed.isWithheld(table.name, table.codec.keyText(tuple));
  }

  /** What becomes of the key of a record that was published, or has become a dead letter. */
  #note(table: CapturedTable, tuple: Tuple, isPublished: boolean, incomplete: boolean): void {
    if (!isPublished) this.owed.withhold(table.name, table.codec.keyText(tuple));
    else if (!incomplete && this.owed.withholds(table.name))
      this.owed.release(table.name, table.codec.keyText(tuple));
  }

  #create(table: CapturedTable, transaction: OpenTransaction, record: 0 | 1, after: Tuple): void {
    const position = this.#advance(table, transaction, record);
    if (position === null) return;
    const incomplete = isIncomplete(after);
    const isPublished = this.#writer.change(table, 'c', null, after, position, transaction);
    this.#note(table, after, isPublished, incomplete);
    this.#remember(table, after, transaction.xid, incomplete);
    // The value stands under the old key, perhaps in another partition: no sink can copy it.
    if (record === 1 && incomplete) this.owed.owe(table.name, table.codec.keyText(after));
  }

  #change(): OpenTransaction {
    if (this.#transaction === null) throw new Error('a change came outside of a transaction');
    this.#transaction.changes += 1;
    return this.#transaction;
  }

  /** The position of a record of the current change; null where it was published before a restart. */
  #advance(table: CapturedTable, transaction: OpenTransaction, record: 0 | 1): string | null {
    const seq = (transaction.changes - 1) * RECORDS_OF_CHANGE + record;
    const { commitLsn } = transaction;
    if (commitLsn < this.#lastLsn || (commitLsn === this.#lastLsn && seq <= this.#lastSeq)) return null;
    this.#lastLsn = commitLsn;
    this.#lastSeq = seq;
    this.#mid = true;
    return this.#prefix(table, transaction) + encodeSeq(seq);
  }

  #prefix({ name }: CapturedTable, { prefix, commitLsn }: OpenTransaction): string {
    const epoch = this.tables.epochOf(name, this.#epoch);
    return epoch === this.#epoch ? prefix : positionPrefix(epoch, commitLsn);
  }

  #remember(table: CapturedTable, tuple: Tuple, xid: number, incomplete: boolean): void {
    this.xids.published(xid);
    const windows = this.#windowsOf(table.name);
    if (windows.size === 0) return;
    const key = table.codec.keyText(tuple);
    for (const window of windows) window.changed(key, xid, incomplete, { table, tuple });
  }

  #windowsOf(table: string): ReadonlySet<Window> {
    return this.#windows.get(table) ?? NO_WINDOWS;
  }

  #through(ms: number): void {
    if (ms > this.#throughMs) this.#throughMs = ms;
  }
}

const NO_WINDOWS: ReadonlySet<Window> = new Set();

/** With replica identity FULL the old row holds what the new one leaves out: then nothing is unavailable. */
function completeFrom(before: Tuple, after: Tuple): void {
  if (before.bytes !== after.bytes) return;
  for (let i = 1; i < after.spans.length; i += 2) {
    const old = before.spans[i] ?? NULL_LENGTH;
    if (after.spans[i] !== UNAVAILABLE_LENGTH || old < 0) continue;
    after.spans[i] = old;
    after.spans[i - 1] = before.spans[i - 1] ?? 0;
  }
}

export function isIncomplete(tuple: Tuple): boolean {
  for (let i = 1; i < tuple.spans.length; i += 2) if (tuple.spans[i] === UNAVAILABLE_LENGTH) return true;
  return false;
}
