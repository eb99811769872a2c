import { setTimeout as sleep } from 'node:timers/promises';
import {
  type CatalogPlaces,
  compareCatalog,
  type Comparison,
  type ItemDifference,
} from '../../consumers/upsert/catalog/compare.ts';
import type { SnapshotOrigin } from '../../consumers/upsert/catalog/snapshot-tables.ts';
import { inBatches } from '../../runtime/batches.ts';
import { type BackfillOutcome, runBackfill } from '../backfill/run-backfill.ts';
import { type DifferenceCounts, type Differences, DifferenceTally, NAMED_ITEMS } from './difference-tally.ts';
import type { CatalogSetup } from './setup.ts';

export interface BroughtItems {
  readonly found: Differences;
  /** What is still not as it should be: dead letters, or changes that are on their way. */
  readonly left: DifferenceCounts;
  readonly refreshes: readonly string[];
  readonly published: number;
  readonly deadLetters: number;
  readonly interrupted: boolean;
}

export interface BringHooks {
  readonly signal: AbortSignal;
  readonly progress: (phase: string, done: number, total: number) => void;
}

/** One request of a capture, in which a key is `["sku"],`. */
const ONE_REQUEST = { count: NAMED_ITEMS, bytes: 500_000 };
const JSON_BRACKETS = 3;
/** A change that was on its way to the item has arrived by then. */
const SETTLE_MS = 1_000;
const ROUNDS = 3;

/** All differences, by name while they can be named. */
export async function findDifferences(
  places: CatalogPlaces,
  comparison: Comparison,
  { signal, progress }: BringHooks,
): Promise<Differences> {
  const tally = new DifferenceTally();
  for await (const { compared, differences } of compareCatalog(places, comparison)) {
    signal.throwIfAborted();
    tally.compared += compared;
    for (const difference of differences) tally.add(difference);
    progress('comparing', tally.compared, -1);
  }
  return tally.result;
}

/**
 * Brings the items right by asking for the rows that differ: a refresh publishes them, or that they are gone,
 * and the pipeline applies them as any others. What is right already is not read again.
 */
export async function bringItems(
  setup: CatalogSetup,
  places: CatalogPlaces,
  comparison: Comparison,
  hooks: BringHooks,
): Promise<BroughtItems> {
  const find = (): Promise<Differences> => lastingDifferences(places, comparison, hooks);
  const found = await find();
  const outcomes: BackfillOutcome[] = [];
  let left = found;
  for (let round = 0; round < ROUNDS && left.ways.size > 0; round++) {
    for (const way of left.ways) {
      for (const keys of requestsOf(left.named, way)) {
        const outcome = await refreshRows(setup, way, keys, hooks);
        outcomes.push(outcome);
        if (outcome.interrupted) return summary(found, left, outcomes);
      }
    }
    left = await find();
    if (outcomes.some(({ deadLetters }) => deadLetters > 0)) break;
  }
  return summary(found, left, outcomes);
}

/** Of a few differences those that are still there after a moment: the others were only on their way. */
async function lastingDifferences(
  places: CatalogPlaces,
  comparison: Comparison,
  hooks: BringHooks,
): Promise<Differences> {
  const first = await findDifferences(places, comparison, hooks);
  if (first.named === null || first.named.length === 0) return first;
  await sleep(SETTLE_MS, undefined, { signal: hooks.signal });
  const second = await findDifferences(places, comparison, hooks);
  if (second.named === null) return second;
  const before = new Set(first.named.map(({ sku }) => sku));
  const tally = new DifferenceTally();
  tally.compared = second.compared;
  for (const difference of second.named) if (before.has(difference.sku)) tally.add(difference);
  return tally.result;
}

async function refreshRows(
  { engine, ways }: CatalogSetup,
  way: SnapshotOrigin,
  keys: readonly string[] | null,
  { signal, progress }: BringHooks,
): Promise<BackfillOutcome> {
  const { source, pipeline } = ways[way];
  const table = pipeline.sources['products']?.table;
  if (table === undefined) throw new TypeError('the pipeline reads products');
  const parts = [{ table, where: null, keys: keys?.map((key) => [key]) ?? null }];
  return runBackfill(
    engine,
    { pipeline, source, parts, options: {}, keepSlot: false, resume: false },
    {
      signal,
      progress: ({ phase, rowsPublished, rowsApplied, estimatedRows }) => {
        if (phase === 'applying') progress(phase, rowsApplied, rowsPublished);
        else progress(phase, rowsPublished, estimatedRows);
      },
    },
  );
}

/** Null: everything. */
function requestsOf(
  named: readonly ItemDifference[] | null,
  way: SnapshotOrigin,
): (readonly string[] | null)[] {
  if (named === null) return [null];
  const keys = named.filter(({ owner }) => owner === way).map(({ sku }) => sku);
  return inBatches(keys, ONE_REQUEST, (key) => Buffer.byteLength(JSON.stringify(key)) + JSON_BRACKETS);
}

function summary(
  found: Differences,
  left: DifferenceCounts,
  outcomes: readonly BackfillOutcome[],
): BroughtItems {
  const sum = (of: (outcome: BackfillOutcome) => number): number =>
    outcomes.reduce((total, outcome) => total + of(outcome), 0);
  return {
    found,
    left,
    refreshes: outcomes.map(({ id }) => id),
    published: sum(({ rowsPublished }) => rowsPublished),
    deadLetters: sum(({ deadLetters }) => deadLetters),
    interrupted: outcomes.some(({ interrupted }) => interrupted),
  };
}
