import type { Pool, PoolClient } from 'pg';
import { formatTable } from '../change/table.ts';
import { findOwed, owe, settle, settleBefore, wantRefresh } from '../sinks/owed-keys.ts';
import {
  type Lane,
  type Progress,
  lockedProgress,
  lockStatement,
  progressStatement,
  sameProgress,
} from '../sinks/positions.ts';
import { addTallies } from '../sinks/refresh-tallies.ts';
import type { RowWriter, WriteCounts } from '../sinks/row-writer.ts';
import { inBracedTransaction } from '../sinks/target-pool.ts';
import { BatchDebts } from './batch-debts.ts';
import { type BatchPlan, identitiesOf, planBatch, storedIdentity } from './batch-plan.ts';
import type { AnyChange, Pipeline } from './define-pipeline.ts';
import type { EarlyRows } from './look-ups.ts';
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

/** What a lane hands its batches to. */
export interface BatchApplier {
  apply(request: BatchRequest): Promise<BatchResult>;
}

/** A batch on its way through a transaction. */
interface OpenBatch {
  readonly request: BatchRequest;
  readonly plan: BatchPlan;
  readonly debts: BatchDebts;
  readonly counts: WriteCounts[];
}

/** Applies batches of a pipeline, each in one transaction with its lane's progress (invariant 3). */
export class BatchTransaction implements BatchApplier {
  readonly #pool: Pool;
  readonly #pipeline: Pipeline;
  readonly #steps: StepRunner;

  constructor(pool: Pool, pipeline: Pipeline, rows: RowWriter) {
    this.#pool = pool;
    this.#pipeline = pipeline;
    this.#steps = new StepRunner(pipeline, rows);
  }

  async apply(request: BatchRequest): Promise<BatchResult> {
    const [result] = await this.applyTogether([request]);
    if (result === undefined) throw new TypeError('a batch has a result');
    return result;
  }

  /** Batches of different lanes in one transaction; results in the order of the requests. */
  async applyTogether(requests: readonly BatchRequest[]): Promise<BatchResult[]> {
    const ordered = this.#ordered(requests);
    const locks = ordered.map(({ lane }) => lockStatement(lane));
    const ahead = this.#planAhead(ordered[0]);
    const early = this.#steps.early(ahead?.steps[0]);
    return inBracedTransaction(this.#pool, [...locks, ...early.statements], async (client, answers) => {
      const work = {};
      const results = new Map<BatchRequest, BatchResult>();
      const open: OpenBatch[] = [];
      for (const [i, request] of ordered.entries()) {
        const stored = lockedProgress(answers[i]);
        if (!sameProgress(stored, request.believed))
          results.set(request, { kind: sameProgress(stored, request.reached) ? 'already' : 'overtaken' });
        else open.push(await this.#open(client, request, i === 0 ? ahead : null));
      }
      const found = early.rows(answers.slice(locks.length));
      for (const batch of open)
        await this.#applySteps(client, work, batch, batch.plan === ahead ? found : undefined);
      await this.#finish(client, work, open);
      for (const batch of open) results.set(batch.request, await close(client, batch));
      return {
        result: requests.flatMap((request) => results.get(request) ?? []),
        last: open.map(({ request: { lane, reached } }) => progressStatement(lane, reached)),
      };
    });
  }

  /** In the order of the pipeline's sources, then of the partitions: transactions that meet lock in one order. */
  #ordered(requests: readonly BatchRequest[]): BatchRequest[] {
    const tables = Object.values(this.#pipeline.sources).map(({ table }) => `${formatTable(table)}/`);
    const rank = ({ from }: BatchRequest): number => tables.findIndex((table) => from.startsWith(table));
    return requests.toSorted((a, b) => rank(a) - rank(b) || a.lane.partition - b.lane.partition);
  }

  async #open(client: PoolClient, request: BatchRequest, ahead: BatchPlan | null): Promise<OpenBatch> {
    const plan = ahead ?? (await this.#plan(client, request));
    return { request, plan, debts: new BatchDebts(request.lane.group, request.items), counts: [] };
  }

  async #applySteps(
    client: PoolClient,
    work: object,
    { request, plan, debts, counts }: OpenBatch,
    early?: EarlyRows,
  ): Promise<void> {
    const { lane, from } = request;
    for (const [i, step] of plan.steps.entries()) {
      const outcome = await this.#steps.run({ client, lane, from, work }, step, i === 0 ? early : undefined);
      counts.push(...outcome.counts);
      if (step.kind === 'changes') debts.add(step.changes, outcome);
    }
  }

  /** What it counts is reported with the first of the batches. */
  async #finish(client: PoolClient, work: object, open: readonly OpenBatch[]): Promise<void> {
    const [first] = open;
    if (first === undefined || this.#pipeline.finish === null) return;
    const { counts, tallies } = await this.#pipeline.finish({
      client,
      group: first.request.lane.group,
      work,
    });
    first.counts.push(...counts);
    const changes = open
      .flatMap(({ plan }) => plan.steps)
      .flatMap((step) => (step.kind === 'changes' ? step.changes : []));
    if (tallies !== undefined) first.debts.tally(changes, tallies);
  }

  /** Null where it first has to be read what the lane owes. */
  #planAhead(request: BatchRequest | undefined): BatchPlan | null {
    return request === undefined || request.owes ? null : planBatch(request.items, new Set());
  }

  async #plan(client: PoolClient, request: BatchRequest): Promise<BatchPlan> {
    const ahead = this.#planAhead(request);
    if (ahead !== null) return ahead;
    const { lane, items } = request;
    const identities = identitiesOf(items);
    const owed = await findOwed(client, lane, identities.map(storedIdentity));
    return planBatch(items, new Set(identities.filter((identity) => owed.has(storedIdentity(identity)))));
  }
}

async function close(client: PoolClient, { request, plan, debts, counts }: OpenBatch): Promise<AppliedBatch> {
  await request.keepLetters(debts.letters);
  await storeDebts(client, request.lane, plan, debts);
  return { kind: 'applied', plan, counts, notApplied: debts.notApplied };
}

async function storeDebts(client: PoolClient, lane: Lane, plan: BatchPlan, debts: BatchDebts): Promise<void> {
  if (plan.settleBefore !== null) await settleBefore(client, lane, plan.settleBefore);
  const settled = plan.settle.filter((identity) => !debts.owe.has(identity));
  await settle(client, lane, settled.map(storedIdentity));
  // A record that failed may follow the change of its key that was left out: it has the last word.
  await owe(client, lane, [...debts.owe.values()]);
  await owe(client, lane, plan.owe);
  await wantRefresh(client, lane, plan.changedSince.map(storedIdentity));
  await addTallies(client, lane, debts.tallies);
}
