import {
  type NamedCompetitor,
  readCompetitors,
  resultsNaming,
  storeCompetitors,
} from './competitor-store.ts';
import type { IdType } from './field.ts';
import {
  type RecordedError,
  recordErrors,
  recordUnknownCompetitors,
  type UnknownCompetitor,
} from './outcome-store.ts';
import type { ExtractedPosition } from './position-row.ts';
import { forgetResults, type LeftOut, lockResults, readPositions, storePositions } from './position-store.ts';
import { brandRowOf, type CompetitorLookup, compareIds, computeResult } from './result.ts';
import type { SqlClient } from './sql-client.ts';
import { type Computed, TargetWriter, type Writes } from './target-writer.ts';
import type { TableBatch } from './transform-batch.ts';

/** What a transaction applies: changes of both source tables. */
export interface TransformBatch {
  readonly positions: TableBatch;
  readonly competitors: TableBatch;
}

export interface Summary {
  /** Results that were computed. */
  readonly processed: number;
  /** Of these, results without error whose rows were all there already. */
  readonly unchanged: number;
  readonly writes: Writes;
  readonly errors: readonly RecordedError[];
  /** Names without a competitor, once a result. */
  readonly unknownCompetitors: readonly UnknownCompetitor[];
  /** Keys to be refreshed: a needed column was neither carried nor stored. */
  readonly incomplete: readonly LeftOut[];
  /** Keys for the dead letters: rows that belong to no result, or no brand. */
  readonly rejected: readonly LeftOut[];
}

export interface ApplyOptions {
  /** The type that the tables were made with. Default bigint. */
  readonly ids?: IdType;
}

/** Bounds memory when a truncate, a sweep or a competitor touches very many results. */
const RESULTS_PER_ROUND = 2_000;
/** The advisory lock's key: "frsh" and the set of competitors. */
const COMPETITORS_LOCK = '(1718776680, 7)';

/**
 * Applies a batch within the caller's transaction: stores the input rows, locks the results that they
 * touch in sorted order, reads them in a new statement, computes them, writes what differs. READ COMMITTED is
 * required: under an older snapshot the rows of a neighbour that was waited for would be missed.
 *
 * A batch that changes competitors excludes every other batch: it has to see each result that did not
 * find the name yet. Batches of positions only run side by side.
 */
export async function applyPositions(
  client: SqlClient,
  batch: TransformBatch,
  { ids = 'bigint' }: ApplyOptions = {},
): Promise<Summary> {
  const mode = isEmpty(batch.competitors) ? '_shared' : '';
  await client.query(`SELECT pg_advisory_xact_lock${mode}${COMPETITORS_LOCK}`);
  const competitors = await storeCompetitors(client, batch.competitors, ids);
  const stored = await storePositions(client, batch.positions, ids);
  const results = await affectedResults(client, stored.results, competitors.changed, ids);
  const recomputation = new Recomputation(client, ids, stored.positions);
  for (let start = 0; start < results.length; start += RESULTS_PER_ROUND) {
    await recomputation.run(results.slice(start, start + RESULTS_PER_ROUND));
  }
  return {
    processed: results.length,
    ...recomputation.outcome(),
    incomplete: [...competitors.incomplete, ...stored.incomplete],
    rejected: [...competitors.rejected, ...stored.rejected],
  };
}

function isEmpty({ keys, truncated, sweeps }: TableBatch): boolean {
  return keys.size + truncated.size + sweeps.size === 0;
}

async function affectedResults(
  client: SqlClient,
  touched: ReadonlySet<string>,
  changed: readonly NamedCompetitor[],
  ids: IdType,
): Promise<string[]> {
  const naming = await resultsNaming(client, changed, ids);
  return [...new Set([...touched, ...naming])].toSorted(compareIds);
}

class Recomputation {
  readonly #client: SqlClient;
  readonly #ids: IdType;
  readonly #known: ReadonlyMap<string, ExtractedPosition>;
  readonly #writer: TargetWriter;
  readonly #errors: RecordedError[] = [];
  readonly #unknown: UnknownCompetitor[] = [];
  #unchanged = 0;

  constructor(client: SqlClient, ids: IdType, known: ReadonlyMap<string, ExtractedPosition>) {
    this.#client = client;
    this.#ids = ids;
    this.#known = known;
    this.#writer = new TargetWriter(client, ids);
  }

  async run(results: readonly string[]): Promise<void> {
    await lockResults(this.#client, results);
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
    this.#unchanged += await this.#writer.store(computed);
    await recordErrors(this.#client, results, errors, this.#ids);
    await recordUnknownCompetitors(this.#client, results, unknown, this.#ids);
    await forgetResults(this.#client, empty);
    this.#errors.push(...errors);
    this.#unknown.push(...unknown);
  }

  outcome(): Pick<Summary, 'unchanged' | 'writes' | 'errors' | 'unknownCompetitors'> {
    return {
      unchanged: this.#unchanged,
      writes: this.#writer.writes,
      errors: this.#errors,
      unknownCompetitors: this.#unknown,
    };
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
function computeOne(
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
