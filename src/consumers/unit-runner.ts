import type { Row } from '../change/change.ts';
import { FreshetError, isFreshetError } from '../runtime/errors.ts';
import { errorMessage } from '../runtime/postgres.ts';
import { valueText } from '../sinks/array-parameter.ts';
import type { RowWriter, WriteCounts } from '../sinks/row-writer.ts';
import { type TargetTable, quoteTable } from '../sinks/target-table.ts';
import { type StoredUnit, UnitStore } from '../sinks/unit-store.ts';
import { reduceWrites } from '../sinks/write-set.ts';
import type { Write } from '../sinks/write.ts';
import type { AnyChange, ApplyOutcome, Pipeline, PipelineUnits, UnitRow } from './define-pipeline.ts';
import { decodeRow } from './kept-row.ts';
import type { StepPlace } from './step-runner.ts';
import { NO_UNIT, keepChanges } from './unit-members.ts';

/** Units that are computed at once when a whole partition is cleared. */
const UNITS_AT_ONCE = 1_000;

/** A target row of a unit: the table's name, then the key's values as texts. */
type Output = readonly string[];

/**
 * The state-table rule: store the rows; then lock the units they name, in sorted order; then, in a new
 * statement, read the units' rows and compute. Of two transactions that bring rows of one unit, the one
 * that gets the lock later sees the rows of both, in whatever order, batches or partitions they come.
 */
export class UnitRunner {
  readonly #pipeline: Pipeline;
  readonly #units: PipelineUnits;
  readonly #rows: RowWriter;
  readonly #tables: ReadonlyMap<string, TargetTable>;

  constructor(pipeline: Pipeline, units: PipelineUnits, rows: RowWriter) {
    this.#pipeline = pipeline;
    this.#units = units;
    this.#rows = rows;
    this.#tables = new Map(pipeline.targets.map((table) => [quoteTable(table), table]));
  }

  /** All units at once: a target row can move from one to another. */
  async apply(place: StepPlace, changes: readonly AnyChange[]): Promise<ApplyOutcome<AnyChange>> {
    const store = new UnitStore(place.client, place.lane.group);
    const { touched, incomplete } = await keepChanges(store, place.from, changes, (source, row) =>
      this.#blamed(() => this.#units.of(source, row)),
    );
    return { counts: await this.#recompute(place, store, [...touched].toSorted()), incomplete };
  }

  async clear(place: StepPlace, before: number | null): Promise<WriteCounts[]> {
    const store = new UnitStore(place.client, place.lane.group);
    const touched = await store.dropOrigin(place.from, before);
    const units = touched.filter((unit) => unit !== NO_UNIT).toSorted();
    const counts: WriteCounts[] = [];
    for (let at = 0; at < units.length; at += UNITS_AT_ONCE)
      counts.push(...(await this.#recompute(place, store, units.slice(at, at + UNITS_AT_ONCE))));
    return counts;
  }

  async #recompute(place: StepPlace, store: UnitStore, units: readonly string[]): Promise<WriteCounts[]> {
    if (units.length === 0) return [];
    await store.lock(units);
    const stored = await store.read(units);
    const upserts: Write[] = [];
    const gone = new Map<string, Output>();
    const changedOutputs = new Map<string, string>();
    const empty: string[] = [];
    for (const unit of units) {
      const state = stored.get(unit) ?? { outputs: '[]', rows: [] };
      const rows = this.#compute(unit, state);
      upserts.push(...rows.map((row): Write => ({ kind: 'upsert', ...row })));
      const outputs = JSON.stringify(rows.map(outputOf));
      for (const output of JSON.parse(state.outputs) as Output[]) gone.set(JSON.stringify(output), output);
      if (state.rows.length === 0 && rows.length === 0) empty.push(unit);
      else if (outputs !== state.outputs) changedOutputs.set(unit, outputs);
    }
    for (const { table, row } of upserts.filter((write) => write.kind === 'upsert'))
      gone.delete(JSON.stringify(outputOf({ table, row })));
    await store.storeOutputs(changedOutputs);
    await store.forget(empty);
    return this.#write(place, [...gone.values()], upserts);
  }

  /** Deletes first: the same key can have another text than the last time. */
  async #write(place: StepPlace, gone: readonly Output[], upserts: readonly Write[]): Promise<WriteCounts[]> {
    const deletes = gone.flatMap((output) => this.#deleteOf(output));
    const counts: WriteCounts[] = [];
    for (const writes of [deletes, upserts]) {
      const reduced = reduceWrites([{ writes, epoch: 0 }]);
      if (reduced.length > 0) counts.push(...(await this.#rows.write(place.client, reduced, place.from)));
    }
    return counts;
  }

  #compute(unit: string, state: StoredUnit): readonly UnitRow[] {
    const rows = Object.fromEntries(
      Object.keys(this.#pipeline.sources).map((name) => [
        name,
        state.rows.filter(({ source }) => source === name).map(({ content }) => decodeRow(content)),
      ]),
    );
    return this.#blamed(() => this.#units.compute(unit, rows));
  }

  /** Rows of a table that is no target any more are left as they are. */
  #deleteOf([name, ...texts]: Output): Write[] {
    const table = this.#tables.get(name ?? '');
    if (table === undefined) return [];
    const key: Row = Object.fromEntries(table.key.map((column, i) => [column, texts[i] ?? null]));
    return [{ kind: 'delete', table, key }];
  }

  /** The pipeline's own code fails because of a row: alone, that row becomes a dead letter. */
  #blamed<T>(work: () => T): T {
    try {
      return work();
    } catch (error) {
      if (isFreshetError(error)) throw error;
      const message = `pipeline "${this.#pipeline.name}": ${errorMessage(error)}`;
      throw new FreshetError('RECORD_INVALID', message, { cause: error });
    }
  }
}

function outputOf({ table, row }: UnitRow): Output {
  return [quoteTable(table), ...table.key.map((column) => valueText(row[column]) ?? '')];
}
