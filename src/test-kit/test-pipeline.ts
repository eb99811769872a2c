import { AssertionError } from 'node:assert';
import type { Row } from '../change/change.ts';
import { planBatch, type Step } from '../consumers/batch-plan.ts';
import type { KeyIdentity } from '../consumers/compaction.ts';
import type { AnyChange, PipelineContext, Sources, TypedPipeline } from '../consumers/define-pipeline.ts';
import { type FoundRow, keysOf, lookedUp } from '../consumers/look-ups.ts';
import { type Item, poisonOf, type PoisonItem, RecordReader } from '../consumers/record-reader.ts';
import { transformed } from '../consumers/run-transform.ts';
import { isFreshetError } from '../runtime/errors.ts';
import type { TargetTable } from '../sinks/target-table.ts';
import { reduceWrites, type TableWrites } from '../sinks/write-set.ts';
import type { Write } from '../sinks/write.ts';
import { assertSame, type Told } from './difference.ts';
import { type GivenChange, GivenRecords } from './given-changes.ts';
import { MemoryTarget } from './memory-target.ts';

/** `key`: the change's key as JSON. `message`: a part of the dead letter's message. */
interface ExpectedDeadLetter {
  readonly key: string;
  readonly message?: string;
}

/**
 * Tests a pipeline without any service: `testPipeline(pipeline).given(…).expect([…])`. Changes are parsed,
 * compacted, transformed and reduced by the runtime's own code. Throws TypeError on a pipeline with units or SQL
 * of its own (`apply`): those need a PostgreSQL.
 */
export function testPipeline<S extends Sources>(pipeline: TypedPipeline<S>): PipelineTest<S> {
  if (pipeline.apply !== null || pipeline.units !== null)
    throw new TypeError(`pipeline "${pipeline.name}" has units or SQL of its own: test it with a PostgreSQL`);
  return new PipelineTest(pipeline);
}

class PipelineTest<S extends Sources> {
  readonly #pipeline: TypedPipeline<S>;
  readonly #records: GivenRecords;
  readonly #reader: RecordReader;
  readonly #target = new MemoryTarget();
  readonly #lookUps = new Map<string, readonly FoundRow[]>();
  readonly #owed = new Set<KeyIdentity>();
  #written: TableWrites[] = [];
  #letters: PoisonItem[] = [];

  constructor(pipeline: TypedPipeline<S>) {
    this.#pipeline = pipeline;
    this.#records = new GivenRecords(pipeline.sources);
    this.#reader = new RecordReader(this.#records, pipeline);
  }

  /** What the look-up's query would find: rows with their "key". */
  lookingUp(name: string, rows: readonly FoundRow[]): this {
    if (!this.#pipeline.lookUps.has(name))
      throw new TypeError(`pipeline "${this.#pipeline.name}" has no look-up "${name}"`);
    this.#lookUps.set(name, rows);
    return this;
  }

  /** Rows that the target has from before, written in epoch 1. */
  stored(table: TargetTable, ...rows: readonly Row[]): this {
    for (const row of rows) this.#target.put(table, row, 1);
    return this;
  }

  /** One batch of one partition. */
  given(...changes: readonly GivenChange<S>[]): this {
    const items = changes.flatMap(
      (change) => this.#reader.read(this.#records.add(change as GivenChange<Sources>)) ?? [],
    );
    this.#written = [];
    this.#letters = [];
    this.#apply(items);
    return this;
  }

  /** The writes of the last batch, one a key at most, in any order. */
  expect(writes: readonly Write[]): this {
    const expected = reduceWrites([{ writes, epoch: 1 }]);
    const what = `pipeline "${this.#pipeline.name}" did not write what was expected`;
    assertSame(what, this.#written.flatMap(told), expected.flatMap(told));
    return this;
  }

  /** What a table holds after all that was given. */
  expectRows(table: TargetTable, ...rows: readonly Row[]): this {
    const asRow = (row: Row): Told => ({ kind: 'row', table, row });
    const what = `after pipeline "${this.#pipeline.name}" a table does not hold what was expected`;
    assertSame(what, this.#target.rows(table).map(asRow), rows.map(asRow));
    return this;
  }

  /** The dead letters of the last batch, in order. */
  expectDeadLetters(...letters: readonly ExpectedDeadLetter[]): this {
    const have = this.#letters.map(({ keyText, error }) => ({ key: keyText ?? '', message: error.message }));
    const isSame = letters.every(
      ({ key, message = '' }, i) => have[i]?.key === key && have[i].message.includes(message),
    );
    if (isSame && have.length === letters.length) return this;
    const found = have.map(({ key, message }) => `${key}: ${message}`).join('\n  ');
    throw new AssertionError({
      message: `pipeline "${this.#pipeline.name}": the dead letters are not those expected, but:\n  ${found || 'none'}`,
      actual: have,
      expected: letters,
    });
  }

  /** What cannot be applied together is tried one by one, as the runtime isolates it. */
  #apply(items: readonly Item[]): void {
    try {
      this.#run(items);
    } catch (error) {
      if (!isFreshetError(error, 'RECORD_INVALID')) throw error;
      const [only] = items;
      if (items.length > 1) for (const item of items) this.#apply([item]);
      else if (only !== undefined) this.#run([poisonOf(only, error, error.code)]);
    }
  }

  #run(items: readonly Item[]): void {
    const plan = planBatch(items, this.#owed);
    const steps = plan.steps.map((step) => ({ step, writes: this.#writesOf(step) }));
    for (const { step, writes } of steps) {
      if (step.kind !== 'changes')
        this.#target.clear(this.#pipeline.targets, step.kind === 'sweep' ? step.before : null);
      for (const each of writes) this.#target.write(each);
      this.#written.push(...writes);
    }
    for (const item of items) {
      if (item.kind !== 'poison') continue;
      this.#letters.push(item);
      this.#owed.add(item.identity);
    }
    for (const identity of plan.settle) this.#owed.delete(identity);
  }

  #writesOf(step: Step): TableWrites[] {
    if (step.kind !== 'changes') return [];
    return reduceWrites(transformed(this.#pipeline, step.changes, this.#context(step.changes)));
  }

  #context(changes: readonly AnyChange[]): PipelineContext {
    const { lookup, lookUps, name } = this.#pipeline;
    const found: Record<string, ReturnType<typeof lookedUp>> = {};
    for (const [each, lookUp] of lookUps) {
      const keys = new Set(keysOf(lookUp, changes, found));
      const rows = (this.#lookUps.get(each) ?? []).filter(({ key }) => keys.has(String(key)));
      found[each] = lookedUp(each, lookUp.row, rows);
    }
    return {
      group: `test.${name}`,
      stored: (change) =>
        lookup === null || change.kind !== 'patch'
          ? null
          : this.#target.stored(lookup.table, lookup.keyOf(change), change.epoch),
      lookUps: found,
    };
  }
}

function told({ table, upserts, patches, deletes }: TableWrites): Told[] {
  return [...upserts, ...patches, ...deletes].map(({ kind, row }) => ({ kind, table, row }));
}
