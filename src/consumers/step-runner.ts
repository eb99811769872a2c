import type { PoolClient } from 'pg';
import type { Row } from '../change/change.ts';
import type { Lane } from '../sinks/positions.ts';
import type { RowWriter, WriteCounts } from '../sinks/row-writer.ts';
import { reduceWrites } from '../sinks/write-set.ts';
import type { Step } from './batch-plan.ts';
import type { AnyChange, ApplyOutcome, Pipeline, PipelineContext } from './define-pipeline.ts';
import { incompleteChanges } from './incomplete-changes.ts';
import { EarlyLookUps, type EarlyRows, fetchBySql, lookUpAll } from './look-ups.ts';
import { transformedSound } from './run-transform.ts';
import { UnitRunner } from './unit-runner.ts';
import { untilVisible } from './visible-changes.ts';

/** Where a step works: the batch's transaction, its partition, and the stamp of that partition's rows. */
export interface StepPlace {
  readonly client: PoolClient;
  readonly lane: Lane;
  /** "<source schema>.<source table>/<partition>". */
  readonly from: string;
  /** The same for all batches of the transaction. */
  readonly work: object;
}

/** Does a pipeline's steps within a transaction that the caller holds. */
export class StepRunner {
  readonly #pipeline: Pipeline;
  readonly #rows: RowWriter;
  readonly #units: UnitRunner | null;

  constructor(pipeline: Pipeline, rows: RowWriter) {
    this.#pipeline = pipeline;
    this.#rows = rows;
    this.#units = pipeline.units === null ? null : new UnitRunner(pipeline, pipeline.units, rows);
  }

  /** Look-ups of a step that may be asked before it runs, where it is the first of its transaction. */
  early(step: Step | undefined): EarlyLookUps<AnyChange> {
    const { writesBack, lookUps } = this.#pipeline;
    // What is written back may not be visible yet.
    const changes = step?.kind === 'changes' && !writesBack ? step.changes : [];
    return new EarlyLookUps(changes.length === 0 ? new Map() : lookUps, changes);
  }

  /** `early`: what its early look-ups found. */
  async run(place: StepPlace, step: Step, early?: EarlyRows): Promise<ApplyOutcome<AnyChange>> {
    if (step.kind === 'changes') return this.#apply(place, step.changes, early);
    return { counts: await this.#clear(place, step.kind === 'sweep' ? step.before : null) };
  }

  async #apply(
    place: StepPlace,
    changes: readonly AnyChange[],
    early?: EarlyRows,
  ): Promise<ApplyOutcome<AnyChange>> {
    const { client, lane, from } = place;
    if (this.#pipeline.writesBack) await untilVisible(client, changes);
    const context = await this.#context(client, lane.group, changes, early);
    const { sound, writes, rejected } = transformedSound(this.#pipeline, changes, context);
    const tables = reduceWrites(writes);
    const counts = await this.#rows.write(client, tables, from);
    const written = { changes: sound, tables, counts, context };
    const incomplete = await incompleteChanges(this.#pipeline, this.#rows, client, written);
    const units = await this.#units?.apply(place, sound);
    const own = await this.#pipeline.apply?.({ ...place, changes: sound, context });
    return {
      ...own,
      counts: [...counts, ...(units?.counts ?? []), ...(own?.counts ?? [])],
      rejected: [...rejected, ...(own?.rejected ?? [])],
      incomplete: [...new Set([...incomplete, ...(units?.incomplete ?? []), ...(own?.incomplete ?? [])])],
    };
  }

  async #clear(place: StepPlace, before: number | null): Promise<WriteCounts[]> {
    const { targets, writesBack, holdsRows, clear } = this.#pipeline;
    if (writesBack && before !== null) return [];
    const isHeld = (await holdsRows?.(place.client)) ?? false;
    const counts = isHeld ? [] : await this.#rows.clear(place.client, targets, place.from, before);
    const units = await this.#units?.clear(place, before);
    const own = await clear?.({ ...place, before });
    return [...counts, ...(units ?? []), ...(own ?? [])];
  }

  async #context(
    client: PoolClient,
    group: string,
    changes: readonly AnyChange[],
    early?: EarlyRows,
  ): Promise<PipelineContext> {
    const stored = new Map<AnyChange, Row | null>();
    const { lookup, lookUps } = this.#pipeline;
    const patches = lookup === null ? [] : changes.filter((change) => change.kind === 'patch');
    if (lookup !== null && patches.length > 0) {
      const keys = patches.map((change) => ({ key: lookup.keyOf(change), epoch: change.epoch }));
      const rows = await this.#rows.lookup(client, lookup.table, keys);
      for (const [i, change] of patches.entries()) stored.set(change, rows[i] ?? null);
    }
    const found = await lookUpAll(lookUps, changes, fetchBySql(client), early);
    return { group, stored: (change) => stored.get(change) ?? null, lookUps: found };
  }
}
