import { diffSnapshots, type SnapshotDiff } from '../../consumers/upsert/catalog/diff-snapshots.ts';
import { readPin, setPin } from '../../consumers/upsert/catalog/pin.ts';
import {
  type CatalogSnapshot,
  findSnapshot,
  listSnapshots,
} from '../../consumers/upsert/catalog/snapshot-tables.ts';
import { type BringHooks, bringItems, type BroughtItems, findDifferences } from './bring.ts';
import { type DifferenceCounts, toldOf, totalOf } from './difference-tally.ts';
import { type CatalogSetup, comparisonNow, withCatalog, withStillCatalog } from './setup.ts';

export interface RestoreReport {
  readonly done: boolean;
  /** Null: the items follow their sources. */
  readonly pinned: string | null;
  readonly items: Omit<DifferenceCounts, 'compared'>;
  readonly examples: readonly { readonly sku: string; readonly what: string }[];
  readonly left: number;
  readonly dead_letters: number;
  readonly interrupted: boolean;
}

/** What a restore would change; it changes nothing. Throws USAGE on an unknown snapshot. */
export async function previewRestore(
  setup: CatalogSetup,
  name: string,
  hooks: BringHooks,
): Promise<RestoreReport> {
  return withStillCatalog(setup, async (places) => {
    const { snapshot, origin } = await findSnapshot(places.target, name);
    const found = await findDifferences(places, { with: 'snapshot', snapshot, origin }, hooks);
    const nothing = { done: false, left: 0, dead_letters: 0, interrupted: false };
    return { ...nothing, pinned: snapshot, ...toldOf(found) };
  });
}

/**
 * Pins a snapshot and brings every item to what it says. The pin comes first: from then on each batch writes
 * the snapshot's rows, so that nothing newer comes between. Throws USAGE on an unknown snapshot.
 */
export async function restoreSnapshot(
  setup: CatalogSetup,
  name: string,
  hooks: BringHooks,
): Promise<RestoreReport> {
  return withCatalog(setup, async (places) => {
    const { snapshot, origin } = await findSnapshot(places.target, name);
    await setPin(places.target, snapshot);
    return reportOf(snapshot, await bringItems(setup, places, { with: 'snapshot', snapshot, origin }, hooks));
  });
}

/** Takes the pin away, and brings every item to what its source says now. */
export async function unpin(setup: CatalogSetup, hooks: BringHooks): Promise<RestoreReport> {
  return withCatalog(setup, async (places) => {
    await setPin(places.target, null);
    return reportOf(null, await bringItems(setup, places, await comparisonNow(places, 'owners'), hooks));
  });
}

/** The newest first. */
export async function snapshotsNow(
  setup: CatalogSetup,
): Promise<(CatalogSnapshot & { readonly pinned: boolean })[]> {
  return withStillCatalog(setup, async ({ target, isMade }) => {
    const pinned = isMade ? await readPin(target) : null;
    const snapshots = await listSnapshots(target);
    return snapshots.map((each) => ({ ...each, pinned: each.snapshot === pinned }));
  });
}

/** Throws USAGE on an unknown snapshot. */
export async function diffNow(
  setup: CatalogSetup,
  names: { readonly before: string; readonly after: string },
  limit: number,
): Promise<SnapshotDiff & { readonly before: string; readonly after: string }> {
  return withStillCatalog(setup, async ({ target }) => {
    const { snapshot: before } = await findSnapshot(target, names.before);
    const { snapshot: after } = await findSnapshot(target, names.after);
    return { before, after, ...(await diffSnapshots(target, before, after, limit)) };
  });
}

function reportOf(
  pinned: string | null,
  { found, left, deadLetters, interrupted }: BroughtItems,
): RestoreReport {
  return {
    done: true,
    pinned,
    ...toldOf(found),
    left: totalOf(left),
    dead_letters: deadLetters,
    interrupted,
  };
}
