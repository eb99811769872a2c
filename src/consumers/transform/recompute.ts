import type { AnyChange } from '../define-pipeline.ts';
import {
  type NamedCompetitor,
  readCompetitors,
  removeCompetitors,
  resultsNaming,
  storeCompetitors,
} from './competitor-store.ts';
import type { IdType } from './field.ts';
import { type RecordedError, recordOutcomes, type UnknownCompetitor } from './outcome-store.ts';
import type { ExtractedPosition } from './position-row.ts';
import { readPositions, removePositions, storePositions } from './position-store.ts';
import { brandRowOf, type CompetitorLookup, type Computed, compareIds, computeResult } from './result.ts';
import { type AffectedResult, forgetResults, lockResults, markWritten } from './result-store.ts';
import type { LeftOut } from './source-rows.ts';
import type { SqlClient } from './sql-client.ts';
import { noWrites, TargetWriter, type Writes } from './target-writer.ts';

/** The source table that a change comes from. */
export type SourceName = 'positions' | 'competitors';

/** What of a partition's changes was not stored. */
export interface Stored<Change extends AnyChange = AnyChange> {
  readonly incomplete: readonly LeftOut<Change>[];
  readonly rejected: readonly LeftOut<Change>[];
}

/** What was done about the results of one refresh, or (null) of none. */
export interface Recomputed {
  readonly refresh: string | null;
  readonly writes: Writes;
}

/** Bounds memory when a truncate, a sweep or a competitor touches very many results. */
const RESULTS_PER_ROUND = 10_000;
/** The advisory lock's key: "frsh" and the set of competitors. */
const COMPETITORS_LOCK = '(1718776680, 7)';

/**
 * Applies changes within the caller's transaction: stores the input rows of any number of partitions, then
 * locks the results that they touch in sorted order, reads them in a new statement, computes them once,
 * writes what differs. READ COMMITTED is required: under an older snapshot the rows of a neighbour that was
 * waited for would be missed.
 *
 * A transaction that changes competitors excludes every other one: it has to see each result that did
 * not find the name yet. Transactions of positions only run side by side.
 */
export class ResultTransaction {
  readonly #client: SqlClient;
  readonly #ids: IdType;
  /** Result → the refresh that asked for it. */
  readonly #results = new Map<string, string | null>();
  readonly #known = new Map<string, ExtractedPosition>();
  readonly #changed: NamedCompetitor[] = [];
  #namingRefresh: string | null = null;
  #locked: 'none' | 'shared' | 'exclusive' = 'none';

  constructor(client: SqlClient, ids: IdType) {
    this.#client = client;
    this.#ids = ids;
  }

  /** `changes` are of one partition, at most one a key. `group`: whose refreshes are counted. */
  async store<Change extends AnyChange>(
    source: SourceName,
    partition: number,
    changes: readonly Change[],
    group: string,
  ): Promise<Stored<Change>> {
    await this.#lock(source);
    if (source === 'competitors') {
      const stored = await storeCompetitors(this.#client, partition, changes, this.#ids);
      this.#changed.push(...stored.changed);
      this.#namingRefresh ??= changes.find(({ tag }) => tag?.group === group)?.tag?.id ?? null;
      return stored;
    }
    const stored = await storePositions(this.#client, partition, changes, this.#ids, group);
    for (const [id, position] of stored.positions) this.#known.set(id, position);
    for (const [result, refresh] of stored.results) this.#touch(result, refresh);
    return stored;
  }

  /** Forgets a partition's rows, with an epoch only those that were last seen before it. */
  async clear(source: SourceName, partition: number, before: number | null): Promise<void> {
    await this.#lock(source);
    if (source === 'competitors')
      this.#changed.push(...(await removeCompetitors(this.#client, partition, before)));
    else {
      for (const result of await removePositions(this.#client, partition, before)) this.#touch(result, null);
      // What was stored before it in this transaction is gone with the rest.
      this.#known.clear();
    }
  }

  /** Computes what the changes touched. Once, at the end. */
  async finish(): Promise<readonly Recomputed[]> {
    for (const result of await resultsNaming(this.#client, this.#changed, this.#ids))
      this.#touch(result, this.#namingRefresh);
    const results = [...this.#results]
      .map(([id, refresh]) => ({ id, refresh }))
      .toSorted((a, b) => compareIds(a.id, b.id));
    for (const round of rounds(results)) await lockResults(this.#client, round);
    const done: Recomputed[] = [];
    for (const [refresh, group] of Map.groupBy(results, (each) => each.refresh)) {
      const recomputation = new Recomputation(this.#client, this.#ids, this.#known);
      for (const round of rounds(group))
        await recomputation.run(
          round.map(({ id }) => id),
          refresh !== null,
        );
      done.push({ refresh, writes: recomputation.writes });
    }
    return done;
  }

  #touch(result: string, refresh: string | null): void {
    const before = this.#results.get(result) ?? null;
    this.#results.set(result, refresh ?? before);
  }

  /** Exclusive first, where both are wanted: two that hold the shared lock would wait for each other. */
  async #lock(source: SourceName): Promise<void> {
    const wanted = source === 'competitors' ? 'exclusive' : 'shared';
    if (this.#locked === wanted || this.#locked === 'exclusive') return;
    const suffix = wanted === 'shared' ? '_shared' : '';
    await this.#client.query(`SELECT pg_advisory_xact_lock${suffix}${COMPETITORS_LOCK}`);
    this.#locked = wanted;
  }
}

function* rounds(results: readonly AffectedResult[]): Generator<readonly AffectedResult[]> {
  for (let start = 0; start < results.length; start += RESULTS_PER_ROUND)
    yield results.slice(start, start + RESULTS_PER_ROUND);
}

class Recomputation {
  readonly writes = noWrites();
  readonly #client: SqlClient;
  readonly #ids: IdType;
  readonly #known: ReadonlyMap<string, ExtractedPosition>;
  readonly #writer: TargetWriter;

  constructor(client: SqlClient, ids: IdType, known: ReadonlyMap<string, ExtractedPosition>) {
    this.#client = client;
    this.#ids = ids;
    this.#known = known;
    this.#writer = new TargetWriter(client, ids, this.writes);
  }

  async run(results: readonly string[], counted: boolean): Promise<void> {
    const rows = await readPositions(this.#client, results, this.#known);
    const lookup = await readCompetitors(this.#client, namesOf(rows), this.#ids);
    const computed: Computed[] = [];
    const gone: string[] = [];
    const empty: string[] = [];
    const errors: RecordedError[] = [];
    const unknown: UnknownCompetitor[] = [];
    for (const [collectorResultId, positions] of rows) {
      const outcome = computeOne(collectorResultId, positions, lookup);
      if (outcome.computed !== null) computed.push(outcome.computed);
      else gone.push(collectorResultId);
      if (positions.length === 0) empty.push(collectorResultId);
      if (outcome.error !== null) errors.push(outcome.error);
      unknown.push(...outcome.unknown);
    }
    await this.#writer.remove(gone);
    const written = await this.#writer.store(computed);
    if (counted) await markWritten(this.#client, written);
    await recordOutcomes(this.#client, results, errors, unknown, this.#ids);
    await forgetResults(this.#client, empty);
  }
}

/** Brand → names whose competitor the results ask for. */
function namesOf(rows: ReadonlyMap<string, readonly ExtractedPosition[]>): Map<string, Set<string>> {
  const names = new Map<string, Set<string>>();
  for (const positions of rows.values()) {
    const brandId = brandRowOf(positions)?.brandId;
    if (brandId === undefined || brandId === null) continue;
    const ofBrand = names.get(brandId) ?? new Set();
    names.set(brandId, ofBrand);
    for (const position of positions) if (position.kind === 'competitor') ofBrand.add(position.name);
  }
  return names;
}

interface OneOutcome {
  readonly computed: Computed | null;
  readonly error: RecordedError | null;
  readonly unknown: readonly UnknownCompetitor[];
}

/** A result without rows is no result, and no error. */
export function computeOne(
  collectorResultId: string,
  positions: readonly ExtractedPosition[],
  lookup: CompetitorLookup,
): OneOutcome {
  if (positions.length === 0) return { computed: null, error: null, unknown: [] };
  const outcome = computeResult(positions, lookup);
  if (!outcome.ok) {
    const brandId = brandRowOf(positions)?.brandId ?? null;
    const { code, reason } = outcome;
    return { computed: null, error: { collectorResultId, brandId, code, reason }, unknown: [] };
  }
  const { brandId } = outcome.fact;
  const unknown = outcome.unknownCompetitors.map((name) => ({ collectorResultId, brandId, name }));
  return { computed: outcome, error: null, unknown };
}
