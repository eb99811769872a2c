import type { Pool, PoolClient } from 'pg';
import type { Row } from '../change/change.ts';
import { FreshetError, isFreshetError } from '../runtime/errors.ts';
import { errorMessage } from '../runtime/postgres.ts';
import { findOwed, owe, settle, settleBefore } from '../sinks/owed-keys.ts';
import { type Lane, type Progress, lockLane, sameProgress, storeProgress } from '../sinks/positions.ts';
import type { RowWriter, WriteCounts } from '../sinks/row-writer.ts';
import { inTransaction } from '../sinks/target-pool.ts';
import { reduceWrites } from '../sinks/write-set.ts';
import type { EpochWrite, Write } from '../sinks/write.ts';
import { type BatchPlan, type Step, identitiesOf, planBatch, storedIdentity } from './batch-plan.ts';
import type { AnyChange, Pipeline, PipelineContext } from './define-pipeline.ts';
import type { Item } from './record-reader.ts';

export interface BatchRequest {
  readonly lane: Lane;
  /** The stamp of the rows: "<source schema>.<source table>/<partition>". */
  readonly from: string;
  readonly items: readonly Item[];
  /** What this process takes the stored progress to be. */
  readonly believed: Progress;
  readonly reached: Progress;
  /** Whether the lane may owe keys from before. */
  readonly owes: boolean;
}

/**
 * `applied`: committed by this call. `already`: an earlier try had committed it, though the answer was
 * lost. `overtaken`: somebody else moved the lane on; nothing was written.
 */
export type BatchResult =
  | { readonly kind: 'applied'; readonly plan: BatchPlan; readonly counts: readonly WriteCounts[] }
  | { readonly kind: 'already' }
  | { readonly kind: 'overtaken' };

/** Applies batches of a pipeline, each in one transaction with the lane's progress (invariant 3). */
export class BatchTransaction {
  readonly #pool: Pool;
  readonly #pipeline: Pipeline;
  readonly #rows: RowWriter;

  constructor(pool: Pool, pipeline: Pipeline, rows: RowWriter) {
    this.#pool = pool;
    this.#pipeline = pipeline;
    this.#rows = rows;
  }

  apply(request: BatchRequest): Promise<BatchResult> {
    return inTransaction(this.#pool, async (client) => {
      const { lane, believed, reached } = request;
      const stored = await lockLane(client, lane);
      if (!sameProgress(stored, believed))
        return { kind: sameProgress(stored, reached) ? 'already' : 'overtaken' };
      const plan = await this.#plan(client, request);
      const counts: WriteCounts[] = [];
      for (const step of plan.steps) counts.push(...(await this.#step(client, request, step)));
      if (plan.settleBefore !== null) await settleBefore(client, lane, plan.settleBefore);
      await settle(client, lane, plan.settle.map(storedIdentity));
      await owe(client, lane, plan.owe);
      await storeProgress(client, lane, reached);
      return { kind: 'applied', plan, counts };
    });
  }

  async #plan(client: PoolClient, { lane, items, owes }: BatchRequest): Promise<BatchPlan> {
    if (!owes) return planBatch(items, new Set());
    const identities = identitiesOf(items);
    const owed = await findOwed(client, lane, identities.map(storedIdentity));
    return planBatch(items, new Set(identities.filter((identity) => owed.has(storedIdentity(identity)))));
  }

  async #step(client: PoolClient, { lane, from }: BatchRequest, step: Step): Promise<WriteCounts[]> {
    if (step.kind === 'changes') {
      const context = await this.#context(client, lane.group, step.changes);
      const writes = transformed(this.#pipeline, step.changes, context);
      return this.#rows.write(client, reduceWrites(writes), from);
    }
    const before = step.kind === 'sweep' ? step.before : null;
    return this.#rows.clear(client, this.#pipeline.targets, from, before);
  }

  async #context(client: PoolClient, group: string, changes: readonly AnyChange[]): Promise<PipelineContext> {
    const stored = new Map<AnyChange, Row | null>();
    const { lookup } = this.#pipeline;
    const patches = lookup === null ? [] : changes.filter((change) => change.kind === 'patch');
    if (lookup !== null && patches.length > 0) {
      const keys = patches.map((change) => ({ key: lookup.keyOf(change), epoch: change.epoch }));
      const rows = await this.#rows.lookup(client, lookup.table, keys);
      for (const [i, change] of patches.entries()) stored.set(change, rows[i] ?? null);
    }
    return { group, stored: (change) => stored.get(change) ?? null };
  }
}

/** Writes carry the epoch of their change; changes of several epochs are transformed epoch by epoch. */
function transformed(
  pipeline: Pipeline,
  changes: readonly AnyChange[],
  context: PipelineContext,
): EpochWrite[] {
  const writes: EpochWrite[] = [];
  for (const [epoch, group] of Map.groupBy(changes, (change) => change.epoch)) {
    for (const write of transform(pipeline, group, context)) writes.push({ write, epoch });
  }
  return writes;
}

/** A transform that throws does so because of a row: alone, that row becomes a dead letter. */
function transform(
  pipeline: Pipeline,
  changes: readonly AnyChange[],
  context: PipelineContext,
): readonly Write[] {
  try {
    return pipeline.transform(changes, context);
  } catch (error) {
    if (isFreshetError(error)) throw error;
    throw new FreshetError('RECORD_INVALID', `pipeline "${pipeline.name}": ${errorMessage(error)}`, {
      cause: error,
    });
  }
}
