import type { ChangeRecord } from '../../src/change/change.ts';
import { applyEntries, type CheckpointEntry, type CheckpointImage } from '../../src/topics/checkpoint.ts';
import { POSITION_HEADER } from '../../src/topics/codec/headers.ts';
import { createRecordDecoder, type RecordDecoder } from '../../src/topics/codec/record-decoder.ts';
import type { OutgoingRecord } from '../../src/topics/publisher.ts';
import type { MemoryRegistry } from '../topics/codec/memory-registry.ts';
import type { Laws } from './laws.ts';

export const DEAD_LETTERS = 'm.dlq';

/** A record as it stands in a partition, decoded as consumers decode it. `change` null: a tombstone. */
export interface LoggedRecord {
  readonly change: ChangeRecord | null;
  readonly position: string | null;
}

interface Pending {
  readonly records: readonly OutgoingRecord[];
  readonly entries: readonly CheckpointEntry[];
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/** Transactional topics: a transaction's records and entries appear together, or never. */
export class SimulatedKafka {
  /** "topic/partition" → records */
  readonly logs = new Map<string, LoggedRecord[]>();
  /** "table key" of rows that could not be published. */
  readonly letters = new Set<string>();
  /** What the checkpoint topic holds. */
  image: CheckpointImage = new Map();
  readonly #laws: Laws;
  readonly #decoder: RecordDecoder;
  readonly #lastPositions = new Map<string, string>();
  /** 32-bit xid → its records in the topics */
  readonly #records = new Map<number, number>();
  #pending: Pending[] = [];

  constructor(registry: MemoryRegistry, laws: Laws) {
    this.#decoder = createRecordDecoder(registry);
    this.#laws = laws;
  }

  /** An answer of its own: what happens before it goes into the transaction that it opens. */
  prepare(): Promise<void> {
    return this.publish([], []);
  }

  publish(records: readonly OutgoingRecord[], entries: readonly CheckpointEntry[]): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#pending.push({ records, entries, resolve, reject });
    return promise;
  }

  /** Nothing was begun that has not ended. */
  get isIdle(): boolean {
    return this.#pending.length === 0;
  }

  recordsOf(xid: number): number {
    return this.#records.get(xid % 2 ** 32) ?? 0;
  }

  async commitNext(): Promise<boolean> {
    const pending = this.#pending.shift();
    if (pending === undefined) return false;
    await this.#commit(pending);
    pending.resolve();
    return true;
  }

  /** The answer is lost; `committed` says how it really ended. */
  async failNext(committed: boolean): Promise<boolean> {
    const pending = this.#pending.shift();
    if (pending === undefined) return false;
    if (committed) await this.#commit(pending);
    this.#pending = [];
    pending.reject(new Error('the broker did not answer'));
    return true;
  }

  /** The producer is gone: what it left open is committed or aborted. */
  async abandon(committed: boolean): Promise<void> {
    const [pending] = this.#pending.splice(0);
    if (pending !== undefined && committed) await this.#commit(pending);
  }

  async #commit({ records, entries }: Pending): Promise<void> {
    for (const record of records) await this.#append(record);
    applyEntries(this.image, entries);
  }

  async #append(record: OutgoingRecord): Promise<void> {
    const { topic, partition, key, value, headers } = record;
    if (topic === DEAD_LETTERS) {
      const { table, keyText } = JSON.parse(value?.toString() ?? '') as { table: string; keyText: string };
      this.letters.add(`${table} ${keyText}`);
      return;
    }
    const name = `${topic}/${partition}`;
    const log = this.logs.get(name) ?? [];
    this.logs.set(name, log);
    const bytes = Object.fromEntries(
      Object.entries(headers).map(([header, text]) => [header, Buffer.from(text)]),
    );
    const raw = { topic, partition, key, value, headers: bytes, offset: String(log.length), timestamp: '0' };
    await this.#decoder.prepare([raw]);
    const change = this.#decoder.decode(raw);
    const position = headers[POSITION_HEADER] ?? null;
    log.push({ change, position });
    if (position === null) return;
    const last = this.#lastPositions.get(name) ?? '';
    if (position <= last) this.#laws.broken('position', `${name}: ${position} after ${last}`);
    this.#lastPositions.set(name, position);
    const xid = change !== null && change.op !== 'sweep' ? change.source.txId : null;
    if (xid !== null) this.#records.set(xid, (this.#records.get(xid) ?? 0) + 1);
  }
}
