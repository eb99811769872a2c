import { formatTable, type TableSchema } from '../change/table.ts';
import { decodePgoutput, type PgoutputMessage, type RelationMessage } from '../source/pgoutput.ts';
import type { StreamItem } from '../source/stream-queue.ts';
import type { Merge } from './merge.ts';
import type { CapturedTable } from './record-writer.ts';
import type { TableResolver } from './table-resolver.ts';

/** The shape that a Relation message announces. */
export type ReadShape = (relation: RelationMessage) => Promise<TableSchema>;

/** Applies what the server sent to the published order. Only a Relation message makes it wait. */
export class StreamApplier {
  readonly #merge: Merge;
  readonly #readShape: ReadShape;
  readonly #resolver: TableResolver;
  readonly #wanted: ReadonlySet<string>;
  /** relation oid → table; null: published, but not ours to carry */
  readonly #relations = new Map<number, CapturedTable | null>();
  readonly #shapes = new Map<string, CapturedTable>();

  constructor(merge: Merge, readShape: ReadShape, resolver: TableResolver, wanted: ReadonlySet<string>) {
    this.#merge = merge;
    this.#readShape = readShape;
    this.#resolver = resolver;
    this.#wanted = wanted;
  }

  /** Returns a promise only where one is needed: a million changes must not cost a million turns of the event loop. */
  apply(item: StreamItem, nowMs: number): Promise<void> | undefined {
    if (item.kind === 'keepalive') {
      this.#merge.keepalive(item.walEnd, nowMs);
      return undefined;
    }
    const message = decodePgoutput(item.payload);
    if (message.kind === 'relation') return this.#relation(message);
    this.#change(message);
    return undefined;
  }

  #change(message: PgoutputMessage): void {
    switch (message.kind) {
      case 'begin':
        this.#merge.begin(message.commitLsn, message.commitTsUs, message.xid);
        return;
      case 'commit':
        this.#merge.commit(message.commitLsn, message.endLsn);
        return;
      case 'truncate':
        for (const oid of message.relationOids) this.#with(oid, (table) => this.#merge.truncate(table));
        return;
      case 'insert':
        this.#with(message.relationOid, (table) => this.#merge.insert(table, message.after));
        return;
      case 'update':
        this.#with(message.relationOid, (table) =>
          this.#merge.update(table, message.before, message.beforeIsRow, message.after),
        );
        return;
      case 'delete':
        this.#with(message.relationOid, (table) => this.#merge.delete(table, message.before));
        return;
      case 'relation':
      case 'other':
    }
  }

  #with(oid: number, apply: (table: CapturedTable) => void): void {
    const table = this.#relations.get(oid);
    if (table === undefined) throw new Error(`a change of relation ${oid} came before the relation itself`);
    if (table !== null) apply(table);
  }

  async #relation(message: RelationMessage): Promise<void> {
    const name = formatTable(message);
    if (!this.#wanted.has(name)) {
      this.#relations.set(message.relationOid, null);
      return;
    }
    const table = await this.#resolver.resolve(await this.#readShape(message));
    if (this.#shapes.get(name) !== table) this.#merge.relationChanged(name);
    this.#shapes.set(name, table);
    this.#relations.set(message.relationOid, table);
  }
}
