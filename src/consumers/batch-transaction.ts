import type { Pool, PoolClient } from 'pg';
import { findOwed, owe, settle, settleBefore } from '../sinks/owed-keys.ts';
import { type Lane, type Progress, lockLane, sameProgress, storeProgress } from '../sinks/positions.ts';
import { addTallies } from '../sinks/refresh-tallies.ts';
import type { RowWriter, WriteCounts } from '../sinks/row-writer.ts';
import { inTransaction } from '../sinks/target-pool.ts';
import { BatchDebts } from './batch-debts.ts';
import { type BatchPlan, identitiesOf, planBatch, storedIdentity } from './batch-plan.ts';
import type { AnyChange, Pipeline } from './define-pipeline.ts';
import type { Item, PoisonItem } from './record-reader.ts';
import { StepRunner } from './step-runner.ts';

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
  /** Writes dead letters. Called before the commit: the lane never moves past a record without its letter. */
  readonly keepLetters: (letters: readonly PoisonItem[]) => Promise<void>;
}

/** `notApplied`: changes of the plan that the pipeline left out. */
export interface AppliedBatch {
  readonly kind: 'applied';
  readonly plan: BatchPlan;
  readonly counts: readonly WriteCounts[];
  readonly notApplied: ReadonlySet<AnyChange>;
}

/**
 * `applied`: committed by this call. `already`: an earlier try had committed it, though the answer was
 * lost. `overtaken`: somebody else moved the lane on; nothing was written.
 */
export type BatchResult = AppliedBatch | { readonly kind: 'already' } | { readonly kind: 'overtaken' };

/** Applies batches of a pipeline, each in one transaction with the lane's progress (invariant 3). */
export class BatchTransaction {
  readonly #pool: Pool;
  readonly #steps: StepRunner;

  constructor(pool: Pool, pipeline: Pipeline, rows: RowWriter) {
    this.#pool = pool;
    this.#steps = new StepRunner(pipeline, rows);
  }

  apply(request: BatchRequest): Promise<BatchResult> {
    return inTransaction(this.#pool, async (client) => {
      const { lane, believed, reached } = request;
      const stored = await lockLane(client, lane);
      if (!sameProgress(stored, believed))
        return { kind: sameProgress(stored, reached) ? 'already' : 'overtaken' };
      const plan = await this.#plan(client, request);
      const applied = await this.#applySteps(client, request, plan);
      await storeProgress(client, lane, reached);
      return applied;
    });
  }

  async #applySteps(client: PoolClient, request: BatchRequest, plan: BatchPlan): Promise<AppliedBatch> {
    const { lane, from, items } = request;
    const debts = new BatchDebts(lane.group, items);
    const counts: WriteCounts[] = [];
    for (const step of plan.steps) {
      const outcome = await this.#steps.run({ client, lane, from }, step);
      counts.push(...outcome.counts);
      if (step.kind === 'changes') debts.add(step.changes, outcome);
    }
    await request.keepLetters(debts.letters);
    await storeDebts(client, lane, plan, debts);
    return { kind: 'applied', plan, counts, notApplied: debts.notApplied };
  }

  async #plan(client: PoolClient, { lane, items, owes }: BatchRequest): Promise<BatchPlan> {
    if (!owes) return planBatch(items, new Set());
    const identities = identitiesOf(items);
    const owed = await findOwed(client, lane, identities.map(storedIdentity));
    return planBatch(items, new Set(identities.filter((identity) => owed.has(storedIdentity(identity)))));
  }
}

async function storeDebts(client: PoolClient, lane: Lane, plan: BatchPlan, debts: BatchDebts): Promise<void> {
  if (plan.settleBefore !== null) await settleBefore(client, lane, plan.settleBefore);
  const settled = plan.settle.filter((identity) => !debts.owe.has(identity));
  await settle(client, lane, settled.map(storedIdentity));
  // A record that failed may follow the change of its key that was left out: it has the last word.
  await owe(client, lane, [...debts.owe.values(), ...plan.owe]);
  await addTallies(client, lane, debts.tallies);
}
