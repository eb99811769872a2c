import type pg from 'pg';
import { type Lsn, parseLsn } from '../change/lsn.ts';
import { formatTable, type TableId } from '../change/table.ts';
import { SYSTEM_CLOCK } from '../runtime/clock.ts';
import { FreshetError } from '../runtime/errors.ts';
import { RefreshPlan } from '../snapshot/refresh-plan.ts';
import { ensurePublication } from '../source/publication.ts';
import { createSlot, isInRecovery, readSlot } from '../source/slot.ts';
import { readTable } from '../source/table-catalog.ts';
import { readTableFacts } from '../source/table-facts.ts';
import { TypeCatalog } from '../source/type-catalog.ts';
import { currentWal } from '../source/wal-position.ts';
import type { CheckpointImage } from '../topics/checkpoint.ts';
import { registerSchemas } from '../topics/codec/table-codec.ts';
import { assertDistinctTopics } from '../topics/names.ts';
import { ensureChangeTopics, withAdmin } from '../topics/topic-admin.ts';
import type { CaptureConfig, CaptureDependencies } from './capture-config.ts';
import { CAPTURE_KEY, type CaptureEntry, judgeHistory, parseCaptureEntry } from './history.ts';
import { initialPlan, planKey, planStates } from './initial-plan.ts';
import { dropHeldSlot } from './held-slot.ts';
import type { Lease } from './lease.ts';
import { freshState, type MergeState, stateToJson } from './merge-state.ts';
import { newEpoch } from './new-epoch.ts';
import { changeTopics, observeHistory } from './observe-history.ts';
import { isTableEntry, TableStates } from './table-states.ts';

/**
 * Everything that must hold before a slot is touched. Throws PREFLIGHT, TABLE_MISSING or TABLE_UNSUPPORTED,
 * with the cure; a table that was captured before is left to the guard, which stops it alone. The schemas of
 * the new tables are on their way to the registry then: who needs them first hears what it says.
 */
export async function preflight(
  control: pg.Client,
  config: CaptureConfig,
  { registry }: Pick<CaptureDependencies, 'registry'>,
  lease: Lease,
): Promise<void> {
  const { rows } = await control.query<{ wal_level: string }>('SHOW wal_level');
  if (rows[0]?.wal_level !== 'logical' && config.snapshotOnly !== true) {
    throw new FreshetError(
      'PREFLIGHT',
      `the source's wal_level is "${rows[0]?.wal_level}", logical replication needs "logical"`,
      {
        cure: "Run ALTER SYSTEM SET wal_level = 'logical'; and restart PostgreSQL. Where that can't be: mode: 'snapshot-only'.",
      },
    );
  }
  if (config.snapshotOnly !== true) await refuseRecovery(control);
  assertDistinctTopics(config.prefix, config.tables);
  const types = new TypeCatalog();
  const captured = parseCaptureEntry(lease.image.get(CAPTURE_KEY))?.tables ?? [];
  for (const id of config.tables) {
    if (captured.includes(formatTable(id))) continue;
    const { schema } = await readTable(control, types, id);
    registerSchemas({ schema, prefix: config.prefix, registry }).catch(() => {});
  }
}

/**
 * A recovery may end in another timeline while the stream goes on: the history is judged once it has ended.
 * Another one would need a new server process, which this connection does not survive.
 */
async function refuseRecovery(control: pg.Client): Promise<void> {
  if (!(await isInRecovery(control))) return;
  throw new FreshetError(
    'CONNECTION',
    'the source is in recovery, and can be streamed from once that has ended',
    {
      cure: "Nothing, if it passes. For a standby that stays one: the primary's URL, or mode: 'snapshot-only'.",
    },
  );
}

/** Says plainly what a source without a stream cannot promise, and that a slot was left behind. */
export async function announceSnapshotOnly(
  control: pg.Client,
  { slot, database }: CaptureConfig,
  { observer }: CaptureDependencies,
): Promise<void> {
  observer.log(
    'warn',
    `${database} is captured by snapshots only: rows change in the topics when they are refreshed, and not before; ` +
      'deleted rows go with the next refresh of their whole table; what happens between two refreshes is never seen',
  );
  if ((await readSlot(control, slot)) !== null)
    observer.log(
      'warn',
      `slot "${slot}" is not used and keeps WAL: SELECT pg_drop_replication_slot('${slot}')`,
    );
}

/** Goes on where the checkpoint stands, or makes slot, publication and topics for a first start or after a gap. */
export async function prepareSlot(
  control: pg.Client,
  config: CaptureConfig,
  dependencies: CaptureDependencies,
  lease: Lease,
): Promise<CaptureEntry> {
  const entry = parseCaptureEntry(lease.image.get(CAPTURE_KEY));
  const tables = config.tables.map((id) => formatTable(id));
  const facts = await readTableFacts(control, publicationOf(config), config.tables);
  const observed = await observeHistory({ control, config, dependencies, lease, entry, facts });
  const decision = judgeHistory(entry, observed);
  if (decision.kind === 'gap' && config.onSlotLoss === 'stop') throw decision.error;
  if (decision.kind === 'gap')
    dependencies.observer.log('warn', `${decision.error.message}: every table is refreshed in a new epoch`);
  const there = config.tables.filter((id) => facts.has(formatTable(id)));
  const [partitions] = await Promise.all([
    withAdmin(dependencies.kafka, (admin) => ensureChangeTopics(admin, changeTopics(config), config.topics)),
    config.snapshotOnly === true ? null : ensurePublication(control, config.publication, there),
  ]);
  const base = {
    version: 1 as const,
    system: observed.system,
    clusterId: observed.clusterId,
    tables,
    partitions: Object.fromEntries(partitions),
    snapshotOnly: config.snapshotOnly === true,
  };
  if (decision.kind === 'resume' && entry !== null)
    return { ...base, transient: entry.transient === true, slotReady: true, state: entry.state };
  // After a gap every table is refreshed, whoever asked for this capture.
  const transient = config.transient === true && decision.kind === 'first';
  const epoch = await newEpoch(
    lastEpoch(lease, entry),
    decision.kind === 'gap' || observed.partitions.size > 0,
    SYSTEM_CLOCK,
  );
  return createSlotAnew(control, config, lease, { ...base, transient, slotReady: false }, epoch);
}

/** Null: the checkpoint knows of none. */
function lastEpoch({ image }: Lease, entry: CaptureEntry | null): number | null {
  return entry === null ? null : Math.max(entry.state.epoch, TableStates.fromCheckpoint(image).lastEpoch);
}

/** The intent is in the checkpoint before the slot exists: a crash in between leaves no slot that nobody claims. */
async function createSlotAnew(
  control: pg.Client,
  config: CaptureConfig,
  lease: Lease,
  base: Omit<CaptureEntry, 'state'>,
  epoch: number,
): Promise<CaptureEntry> {
  const intent: CaptureEntry = {
    ...base,
    slotReady: false,
    state: stateToJson(freshState(epoch, parseLsn('0/0'))),
  };
  const transient = base.transient === true;
  const forgotten = forgottenEntries(lease.image, transient);
  await lease.publish(
    [],
    [{ key: CAPTURE_KEY, value: JSON.stringify(intent) }, ...forgotten.map((key) => ({ key, value: null }))],
  );
  const lsn = config.snapshotOnly === true ? await currentWal(control) : await newSlot(control, config);
  const entry: CaptureEntry = { ...base, slotReady: true, state: stateToJson(freshState(epoch, lsn)) };
  const plans = transient ? [] : config.tables.map((table) => freshPlan(table, epoch));
  await lease.publish([], [{ key: CAPTURE_KEY, value: JSON.stringify(entry) }, ...plans.map(planEntry)]);
  return entry;
}

async function newSlot(control: pg.Client, config: CaptureConfig): Promise<Lsn> {
  await dropHeldSlot(control, config);
  return createSlot(control, config.slot, config.slotTimeoutMs, config.failoverSlot);
}

/** Null where none is needed. */
export function publicationOf({ publication, snapshotOnly }: CaptureConfig): string | null {
  return snapshotOnly === true ? null : publication;
}

/**
 * What everything's refresh makes pointless. What an operator asked for goes on where it stood; in an epoch
 * that does not refresh everything, owed keys stay owed.
 */
function forgottenEntries(image: CheckpointImage, transient: boolean): string[] {
  const plans = plansOf(image).filter(({ request }) => request.tag === null);
  const owed = transient ? [] : [...image.keys()].filter((key) => key.startsWith('owed/'));
  const tables = [...image.keys()].filter(isTableEntry);
  return [...plans.map(({ request }) => planKey(request.id)), ...owed, ...tables];
}

/** The plans of the checkpoint, one more for each table that is new, none for tables that are no longer listed. */
export async function preparePlans(
  config: CaptureConfig,
  lease: Lease,
  entry: CaptureEntry,
  state: MergeState,
): Promise<Map<string, RefreshPlan>> {
  const previous = parseCaptureEntry(lease.image.get(CAPTURE_KEY));
  const added = config.tables.filter((id) => previous?.tables.includes(formatTable(id)) === false);
  const plans = plansOf(lease.image).filter((plan) => entry.tables.includes(formatTable(plan.request.table)));
  const fresh = entry.transient === true ? [] : added.map((id) => freshPlan(id, state.epoch));
  if (added.length > 0 || previous?.tables.length !== entry.tables.length) {
    await lease.publish([], [{ key: CAPTURE_KEY, value: JSON.stringify(entry) }, ...fresh.map(planEntry)]);
  }
  return new Map([...plans, ...fresh].map((plan) => [plan.request.id, plan]));
}

export function plansOf(image: CheckpointImage): RefreshPlan[] {
  return planStates(image).map((state) => new RefreshPlan(state));
}

function freshPlan(table: TableId, epoch: number): RefreshPlan {
  return RefreshPlan.fresh(initialPlan(table, epoch), new Date().toISOString());
}

function planEntry(plan: RefreshPlan): { key: string; value: string } {
  return { key: planKey(plan.request.id), value: JSON.stringify(plan.state) };
}
