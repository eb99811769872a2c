import { formatTable, type TableId, type TableSchema } from '../change/table.ts';
import type { Lsn } from '../change/lsn.ts';
import type { Clock } from '../runtime/clock.ts';
import { type ErrorCode, type FreshetError, isFreshetError } from '../runtime/errors.ts';
import { RefreshPlan } from '../snapshot/refresh-plan.ts';
import type { TableFacts } from '../source/table-facts.ts';
import type { CheckpointEntry } from '../topics/checkpoint.ts';
import type { CaptureEntry } from './history.ts';
import { initialPlan, planKey } from './initial-plan.ts';
import type { Merge } from './merge.ts';
import { nextEpoch } from './merge-state.ts';
import type { CaptureObserver } from './observer.ts';
import type { CapturedTable } from './record-writer.ts';
import type { Halt, TableStates } from './table-states.ts';

/** What stops one table and not its capture. */
const OF_ONE_TABLE: ReadonlySet<ErrorCode> = new Set([
  'TABLE_UNSUPPORTED',
  'TABLE_MISSING',
  'KEY_CHANGED',
  'SCHEMA_REFUSED',
]);

export function stopsTable(error: unknown): error is FreshetError {
  return isFreshetError(error) && OF_ONE_TABLE.has(error.code);
}

const ADDING = 'Nothing: it goes on by itself.';

export interface TableGuardOptions {
  readonly merge: Merge;
  readonly plans: Map<string, RefreshPlan>;
  readonly resolve: (schema: TableSchema) => Promise<CapturedTable>;
  readonly observer: Pick<CaptureObserver, 'halted' | 'revived' | 'progress' | 'log'>;
  readonly clock: Clock;
}

interface Cure {
  readonly id: TableId;
  readonly facts: TableFacts;
  /** Where the source's WAL ended when the cure was seen: what is older may still have the old shape. */
  readonly seenAt: Lsn;
}

/**
 * Halts single tables, and sets them going again: what was left out meanwhile comes with a refresh in
 * a new epoch of the table, which ends with a sweep.
 */
export class TableGuard {
  readonly #options: TableGuardOptions;
  readonly #states: TableStates;
  readonly #cures = new Map<string, Cure>();
  /** Plans whose checkpoint entry has to be written; null: removed. */
  readonly #changedPlans = new Map<string, RefreshPlan | null>();

  constructor(options: TableGuardOptions) {
    this.#options = options;
    this.#states = options.merge.tables;
    for (const [table, halt] of this.#states.halts) options.observer.halted(table, halt);
  }

  isHalted(table: string): boolean {
    return this.#states.isHalted(table);
  }

  /** The table of `among` that the catalog showed with this oid last. */
  tableOf(oid: number, among: Pick<ReadonlySet<string>, 'has'>): string | null {
    return this.#states.tableOf(oid, among);
  }

  /** How a table of this shape is published. Throws what `stopsTable` knows. */
  async resolve(schema: TableSchema): Promise<CapturedTable> {
    this.#states.admit(schema);
    return this.#options.resolve(schema);
  }

  /** Whether a halted table could be published in this shape: throws as `resolve` does, and forgets it again. */
  async tryShape(schema: TableSchema): Promise<void> {
    await this.#options.resolve(schema);
  }

  /** A table that is captured from now on waits until it is published, and then has its first refresh. */
  introduce(table: string): void {
    const since = new Date(this.#options.clock.now()).toISOString();
    const halt = { code: 'TABLE_MISSING', message: `${table} is being added`, cure: ADDING, since } as const;
    this.#states.halt(table, halt);
  }

  /** The table is not captured any more. */
  dismiss(table: string): void {
    const { plans, clock, merge: order } = this.#options;
    this.#cures.delete(table);
    order.relationChanged(table);
    order.owed.forget(table);
    for (const plan of plans.values()) {
      if (formatTable(plan.request.table) !== table || plan.isFinished) continue;
      plan.cancel(new Date(clock.now()).toISOString());
      this.#changedPlans.set(plan.request.id, plan);
    }
  }

  /** From now on nothing of the table is published. */
  halt(table: string, error: FreshetError): void {
    if (this.isHalted(table)) return;
    const { code, message, cure } = error;
    const halt: Halt = { code, message, cure, since: new Date(this.#options.clock.now()).toISOString() };
    this.#states.halt(table, halt);
    // Chunks that are read, or wait, know nothing of the changes that are left out from now on.
    this.#options.merge.relationChanged(table);
    this.#options.observer.halted(table, halt);
  }

  /** The table can be published again, by the look of the catalog. */
  cured(id: TableId, facts: TableFacts, seenAt: Lsn, inProgress: readonly number[]): void {
    // One that wrote to the table before it was published has changes that no stream brings.
    this.#options.merge.xids.alsoInProgress(inProgress);
    this.#cures.set(formatTable(id), { id, facts, seenAt });
  }

  /** Sets cured tables going. Called between two batches; gives the tables whose relation is to be resolved anew. */
  settle(): string[] {
    const { merge } = this.#options;
    if (this.#cures.size === 0 || !merge.isBetweenTransactions) return [];
    const ready = [...this.#cures].filter(([, { seenAt }]) => seenAt <= merge.passed);
    for (const [table, cure] of ready) this.#revive(table, cure);
    return ready.map(([table]) => table);
  }

  /** Reads a table once more, whose old rows changed without a change in the stream. */
  refresh(id: TableId, reason: string): void {
    const { observer } = this.#options;
    const table = formatTable(id);
    observer.log('info', `${table} is read once more: ${reason}`);
    this.#plan({ id: `reshaped-${table}`, table: id, where: null, keys: null, tag: null, sweepBefore: null });
  }

  /**
   * The epoch of a refresh of the whole table that is asked for, at whose end what was not seen in it is swept;
   * null where the stream brings every delete. Without a stream each has an epoch of its own; a transient slot has
   * one in which nothing but what is asked for is refreshed.
   */
  sweepBefore(table: string, { snapshotOnly, transient }: CaptureEntry): number | null {
    const { merge, clock } = this.#options;
    if (snapshotOnly !== true) return transient === true ? merge.epoch : null;
    const epoch = nextEpoch(this.#states.epochOf(table, merge.epoch), clock.now());
    this.#states.begin(table, epoch);
    return epoch;
  }

  get isDirty(): boolean {
    return this.#changedPlans.size > 0 || this.#states.isDirty;
  }

  /** What changed since the last call, for the checkpoint. */
  drain(): CheckpointEntry[] {
    const plans = [...this.#changedPlans].map(([id, plan]) => ({
      key: planKey(id),
      value: plan === null ? null : JSON.stringify(plan.state),
    }));
    this.#changedPlans.clear();
    return [...this.#states.drain(), ...plans];
  }

  #revive(table: string, { id, facts }: Cure): void {
    const { merge, observer, plans, clock } = this.#options;
    this.#cures.delete(table);
    if (!this.isHalted(table)) return;
    const epoch = nextEpoch(this.#states.epochOf(table, merge.epoch), clock.now());
    this.#states.revive(table, epoch, facts);
    merge.owed.forget(table);
    for (const plan of plans.values()) {
      if (formatTable(plan.request.table) === table && !plan.isFinished) this.#supersede(plan);
    }
    this.#plan(initialPlan(id, epoch));
    observer.revived(table);
  }

  /** What others asked for begins anew, as the key's columns may be others; what we asked for is replaced. */
  #supersede(plan: RefreshPlan): void {
    if (plan.request.sweepBefore === null) {
      this.#plan(plan.request);
      return;
    }
    this.#options.plans.delete(plan.request.id);
    this.#changedPlans.set(plan.request.id, null);
  }

  #plan(request: RefreshPlan['request']): void {
    const plan = RefreshPlan.fresh(request, new Date(this.#options.clock.now()).toISOString());
    this.#options.plans.set(request.id, plan);
    this.#changedPlans.set(request.id, plan);
    this.#options.observer.progress(plan.state);
  }
}
