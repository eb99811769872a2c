import { toLsn } from '../../src/change/lsn.ts';
import { type StreamItem, StreamQueue } from '../../src/source/stream-queue.ts';
import type { Laws } from './laws.ts';
import { pgoutput } from './pgoutput-bytes.ts';
import type { CommittedTransaction, SimulatedPostgres } from './simulated-postgres.ts';
import type { SimulatedTables } from './simulated-tables.ts';

/** A replication slot and its sender: what was confirmed, and what goes over the connection. */
export class SimulatedSlot {
  readonly #postgres: SimulatedPostgres;
  readonly #tables: SimulatedTables;
  readonly #laws: Laws;
  /** Whether Kafka holds every record of a transaction. */
  readonly #isPublished: (transaction: CommittedTransaction) => boolean;
  created = false;
  confirmed = 0;
  /** What a crash of the server goes back to. */
  #persisted = 0;
  #startedAt = 0;
  #next = 0;
  /** End of what was sent: up to here a keepalive may say that nothing is missing. */
  #sent = 0;
  #endOfDecoded = 0;
  #unsent: Buffer[] = [];
  #shapes = new Map<number, number>();
  stream: SimulatedStream | null = null;

  constructor(
    postgres: SimulatedPostgres,
    tables: SimulatedTables,
    laws: Laws,
    isPublished: (transaction: CommittedTransaction) => boolean,
  ) {
    this.#postgres = postgres;
    this.#tables = tables;
    this.#laws = laws;
    this.#isPublished = isPublished;
  }

  /** Waits for running transactions; one that wrote its commit record and is not visible yet is behind it. */
  create(): boolean {
    if (this.#postgres.hasRunning) return false;
    this.created = true;
    this.confirmed = this.#persisted = this.#startedAt = this.#postgres.lsn;
    return true;
  }

  connect(): SimulatedStream {
    this.#next = this.#postgres.commits.findIndex(({ start }) => start >= this.confirmed);
    if (this.#next < 0) this.#next = this.#postgres.commits.length;
    this.#sent = this.confirmed;
    this.#endOfDecoded = this.confirmed;
    this.#unsent = [];
    this.#shapes = new Map();
    this.stream = new SimulatedStream((lsn) => this.#confirm(lsn));
    return this.stream;
  }

  disconnect(): void {
    this.stream?.close();
    this.stream = null;
  }

  /** A crash of the server: confirmations since the slot was last written to disk are lost. */
  forgetUnpersisted(): void {
    this.confirmed = this.#persisted;
  }

  persist(): void {
    this.#persisted = this.confirmed;
  }

  /** Sends some messages; a transaction's come one after the other, once its commit record is read. */
  send(count: number): boolean {
    if (this.stream === null) return false;
    let sent = 0;
    for (; sent < count; sent++) {
      if (this.#unsent.length === 0 && !this.#decode()) break;
      const payload = this.#unsent.shift();
      if (payload !== undefined) this.stream.push({ kind: 'message', payload });
      if (this.#unsent.length === 0) this.#sent = this.#endOfDecoded;
    }
    return sent > 0;
  }

  keepalive(reachesEnd: boolean): boolean {
    if (this.stream === null) return false;
    const next = this.#postgres.commits[this.#next];
    if (reachesEnd && this.#unsent.length === 0)
      this.#sent = Math.max(this.#sent, next?.start ?? this.#postgres.lsn);
    this.stream.push({ kind: 'keepalive', walEnd: toLsn(BigInt(this.#sent)) });
    return true;
  }

  #decode(): boolean {
    const transaction = this.#postgres.commits[this.#next];
    if (transaction === undefined) return false;
    this.#next += 1;
    const { xid, start, end, ops } = transaction;
    const at = 1_790_000_000_000_000n + BigInt(end);
    const messages = [pgoutput.begin(BigInt(start), at, xid % 2 ** 32)];
    for (const op of ops) {
      if (this.#shapes.get(op.table) !== op.columns)
        messages.push(this.#tables.relation(op.table, op.columns));
      this.#shapes.set(op.table, op.columns);
      messages.push(this.#tables.message(op));
    }
    messages.push(pgoutput.commit(BigInt(start), BigInt(end), at));
    // Transactions without a change of ours are left out, as from PostgreSQL 15 on.
    this.#unsent = ops.length === 0 ? [] : messages;
    this.#sent = Math.max(this.#sent, start);
    this.#endOfDecoded = end;
    return true;
  }

  #confirm(lsn: number): void {
    for (const transaction of this.#postgres.commits) {
      const { start, xid } = transaction;
      if (start < this.#startedAt || start >= lsn || this.#isPublished(transaction)) continue;
      this.#laws.broken('confirm', `${lsn} is confirmed, but transaction ${xid} at ${start} is not in Kafka`);
    }
    this.confirmed = Math.max(this.confirmed, lsn);
  }
}

/** The capture's side of the connection. */
export class SimulatedStream {
  readonly #queue = new StreamQueue();
  readonly #onConfirm: (lsn: number) => void;
  #wake: () => void = () => {};
  #failure: Error | null = null;
  #isClosed = false;

  constructor(onConfirm: (lsn: number) => void) {
    this.#onConfirm = onConfirm;
  }

  push(item: StreamItem): void {
    this.#queue.push(item);
    this.#wake();
  }

  fail(error: Error): void {
    this.#failure = error;
    this.#wake();
  }

  close(): void {
    this.#isClosed = true;
  }

  get next(): StreamItem | undefined {
    return this.#queue.next;
  }

  take(): StreamItem | undefined {
    const item = this.#queue.take();
    if (item === undefined && this.#failure !== null) throw this.#failure;
    return item;
  }

  get isEmpty(): boolean {
    return this.#queue.isEmpty && this.#failure === null;
  }

  get queuedItems(): number {
    return this.#queue.length;
  }

  get queuedBytes(): number {
    return this.#queue.bytes;
  }

  onArrival(wake: () => void): void {
    this.#wake = wake;
  }

  confirm(lsn: bigint): void {
    if (!this.#isClosed) this.#onConfirm(Number(lsn));
  }

  requestKeepalive(): void {}
}
