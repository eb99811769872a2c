import { formatTable, type TableSchema } from '../change/table.ts';
import { FreshetError } from '../runtime/errors.ts';
import {
  decodePgoutput,
  isRelation,
  type PgoutputMessage,
  type RelationMessage,
} from '../source/pgoutput.ts';
import type { StreamItem } from '../source/stream-queue.ts';
import type { Merge } from './merge.ts';
import type { CapturedTable } from './record-writer.ts';
import { stopsTable, type TableGuard } from './table-guard.ts';

/** The shape that a Relation message announces. */
export type ReadShape = (relation: RelationMessage) => Promise<TableSchema>;

/** Names of the tables that are captured now. */
type Tables = Pick<ReadonlySet<string>, 'has'>;

interface Relation {
  readonly message: RelationMessage;
  /** As the capture knows the table: the message may call it by another name. */
  readonly name: string;
  /** Null: not ours to carry, or of a shape that cannot be published. */
  table: CapturedTable | null;
}

/** Applies what the server sent to the published order. Only a Relation message makes it wait. */
export class StreamApplier {
  readonly #merge: Merge;
  readonly #readShape: ReadShape;
  readonly #guard: TableGuard;
  readonly #wanted: Tables;
  readonly #relations = new Map<number, Relation>();
  readonly #shapes = new Map<string, CapturedTable>();

  constructor(merge: Merge, readShape: ReadShape, guard: TableGuard, wanted: Tables) {
    this.#merge = merge;
    this.#readShape = readShape;
    this.#guard = guard;
    this.#wanted = wanted;
  }

  /** Whether `apply` would return a promise for it. */
  waitsFor(item: StreamItem | undefined): boolean {
    return item?.kind === 'message' && isRelation(item.payload);
  }

  /** Returns a promise only where one is needed: a million changes must not cost a million turns of the event loop. */
  apply(item: StreamItem): Promise<void> | undefined {
    if (item.kind === 'keepalive') {
      this.#merge.keepalive(item.walEnd);
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

  /** Tables that were halted go on: the server does not announce a relation twice, but after it has changed. */
  async revive(names: readonly string[]): Promise<void> {
    for (const relation of this.#relations.values()) {
      if (names.includes(relation.name) && formatTable(relation.message) === relation.name)
        await this.#resolve(relation, true);
    }
  }

  /** The table is not captured any more. */
  forget(name: string): void {
    for (const relation of this.#relations.values()) if (relation.name === name) relation.table = null;
    this.#shapes.delete(name);
  }

  #with(oid: number, apply: (table: CapturedTable) => void): void {
    const relation = this.#relations.get(oid);
    if (relation === undefined)
      throw new Error(`a change of relation ${oid} came before the relation itself`);
    const { table, name } = relation;
    if (table !== null && !this.#guard.isHalted(name)) {
      apply(table);
      return;
    }
    const isWanted = this.#wanted.has(name);
    if (isWanted && !this.#guard.isHalted(name)) this.#guard.halt(name, outdated(name));
    this.#merge.passOver(isWanted);
  }

  async #relation(message: RelationMessage): Promise<void> {
    const called = formatTable(message);
    const name = this.#guard.tableOf(message.relationOid, this.#wanted) ?? called;
    const relation: Relation = { message, name, table: null };
    this.#relations.set(message.relationOid, relation);
    if (!this.#wanted.has(name) || this.#guard.isHalted(name)) return;
    // Also where it has its name again by now: what is changed under another one is not published.
    if (name !== called) this.#guard.halt(name, renamed(name, called));
    else await this.#resolve(relation, false);
  }

  /** A remembered relation may be older than the cure: then the next change announces it anew, or halts the table. */
  async #resolve(relation: Relation, isRemembered: boolean): Promise<void> {
    const { name, message } = relation;
    try {
      relation.table = await this.#guard.resolve(await this.#readShape(message));
    } catch (error) {
      if (!stopsTable(error)) throw error;
      relation.table = null;
      if (!isRemembered) this.#guard.halt(name, error);
      return;
    }
    if (this.#shapes.get(name) !== relation.table) this.#merge.relationChanged(name);
    this.#shapes.set(name, relation.table);
  }
}

function renamed(table: string, called: string): FreshetError {
  return new FreshetError('TABLE_MISSING', `table ${table} was renamed: it was changed as ${called}`, {
    cure: 'Give it its name again; then it goes on by itself.',
  });
}

function outdated(table: string): FreshetError {
  return new FreshetError(
    'TABLE_UNSUPPORTED',
    `changes of ${table} still come in a shape that cannot be published`,
    {
      cure: 'Nothing: the table goes on by itself once they are through.',
    },
  );
}
