import type pg from 'pg';
import { type Lsn, parseLsn } from '../change/lsn.ts';
import { formatTable, type TableId } from '../change/table.ts';
import { FreshetError, isFreshetError } from '../runtime/errors.ts';
import { SYSTEM_CLOCK } from '../runtime/clock.ts';
import { connect } from '../runtime/postgres.ts';
import { setTimeout as sleep } from 'node:timers/promises';
import { ChunkReader } from '../snapshot/chunk-reader.ts';
import { RefreshPlan, type RefreshPlanState } from '../snapshot/refresh-plan.ts';
import { ensurePublication } from '../source/publication.ts';
import { ReplicationStream } from '../source/replication-stream.ts';
import { createSlot, dropSlot, identifySystem, readSlot } from '../source/slot.ts';
import { readRelation, readTable } from '../source/table-catalog.ts';
import { TypeCatalog } from '../source/type-catalog.ts';
import type { CheckpointImage } from '../topics/checkpoint.ts';
import { assertDistinctTopics, dlqTopic, topicName } from '../topics/names.ts';
import { clusterId, ensureChangeTopics, ensureLogTopic, partitionCounts, withAdmin } from '../topics/topic-admin.ts';
import type { CaptureConfig, CaptureDependencies } from './capture-config.ts';
import { CAPTURE_KEY, type CaptureEntry, judgeHistory, parseCaptureEntry } from './history.ts';
import type { Lease } from './lease.ts';
import { Merge } from './merge.ts';
import { freshState, type MergeState, nextEpoch, stateFromJson, stateToJson } from './merge-state.ts';
import { OwedKeys } from './owed-keys.ts';
import { planKey, PublishLoop } from './publish-loop.ts';
import { RecordWriter } from './record-writer.ts';
import { SnapshotScheduler } from './snapshot-scheduler.ts';
import { StreamApplier } from './stream-applier.ts';
import { TableResolver } from './table-resolver.ts';
import { TopicEnds } from './topic-ends.ts';

/** The dead letters of what capture itself could not publish. */
export const CAPTURE_GROUP = 'capture';
const SLOT_POLL_MS = 1_000;

/** One connection to the source, from its preflight to its loss: everything in memory dies with it. */
export async function runSession(
  config: CaptureConfig,
  dependencies: CaptureDependencies,
  lease: Lease,
  signal: AbortSignal,
): Promise<void> {
  const control = await connect(config.connection, `control ${config.slot}`);
  try {
    await proveLease(lease);
    await preflight(control, config);
    const existing = await prepareTopics(config, dependencies);
    const entry = await prepareSlot(control, config, dependencies, lease, existing);
    const partitions = new Map(Object.entries(entry.partitions));
    const state = stateFromJson(entry.state);
    const plans = await preparePlans(config, lease, entry, state);
    await using stream = await openStream(control, config, signal);
    await runStream({ config, dependencies, lease, signal, control, entry, state, plans, stream, partitions });
  } finally {
    await control.end().catch(() => {});
  }
}

interface RunningSession {
  readonly config: CaptureConfig;
  readonly dependencies: CaptureDependencies;
  readonly lease: Lease;
  readonly signal: AbortSignal;
  readonly control: pg.Client;
  readonly entry: CaptureEntry;
  readonly state: MergeState;
  readonly plans: ReadonlyMap<string, RefreshPlan>;
  readonly stream: ReplicationStream;
  readonly partitions: ReadonlyMap<string, number>;
}

async function runStream(session: RunningSession): Promise<void> {
  const { config, dependencies, lease, control, plans, stream, entry, state } = session;
  const { observer, registry } = dependencies;
  const resolver = new TableResolver({ ...config, registry, partitions: session.partitions });
  const writer = new RecordWriter({
    maxRecordBytes: config.topics.maxRecordBytes,
    deadLetterTopic: dlqTopic(config.prefix, CAPTURE_GROUP),
    rejected: (record) => observer.rejected(record),
  }, TopicEnds.fromCheckpoint(lease.image));
  // Only now: the slot is held, and the lease has fenced whoever published before.
  const inProgress = await xidsInProgress(control);
  const merge = new Merge(state, OwedKeys.fromCheckpoint(lease.image), inProgress, writer);
  await using reader = new ChunkReader({
    connection: config.connection,
    connections: config.snapshot.connections,
    lockTimeoutMs: config.snapshot.lockTimeoutMs,
    cutBytes: config.snapshot.chunkBytes * 4,
  });
  const tableIds = new Map(config.tables.map((id) => [formatTable(id), id]));
  let loop: PublishLoop | null = null;
  await using scheduler = new SnapshotScheduler({
    merge,
    writer,
    reader,
    plans,
    observer,
    clock: SYSTEM_CLOCK,
    tableIds,
    settings: config.snapshot,
    resolve: (schema) => resolver.resolve(schema),
    wake: () => loop?.wake(),
  });
  const types = new TypeCatalog();
  const applier = new StreamApplier(merge, (relation) => readRelation(control, types, relation), resolver, new Set(tableIds.keys()));
  const sweepTable = async (plan: RefreshPlan) =>
    resolver.resolve((await readTable(control, new TypeCatalog(), plan.request.table)).schema);
  loop = new PublishLoop({
    stream,
    applier,
    merge,
    writer,
    scheduler,
    plans,
    lease,
    entry,
    settings: config.stream,
    observer,
    clock: SYSTEM_CLOCK,
    sweepTable,
  });
  observer.connected(config.slot, state.epoch);
  const watch = watchSlot(session);
  try {
    await loop.run(session.signal);
  } finally {
    clearInterval(watch);
  }
}

/**
 * A capture that lost its connection may have lost it to a successor: it must learn that before it judges
 * a slot that has moved on, or takes the slot back. Writes what stands in the checkpoint. Throws FENCED.
 */
async function proveLease(lease: Lease): Promise<void> {
  const entry = lease.image.get(CAPTURE_KEY);
  if (entry !== undefined) await lease.publish([], [{ key: CAPTURE_KEY, value: entry }]);
}

async function preflight(control: pg.Client, config: CaptureConfig): Promise<void> {
  const { rows } = await control.query<{ wal_level: string }>('SHOW wal_level');
  if (rows[0]?.wal_level !== 'logical') {
    throw new FreshetError('PREFLIGHT', `the source's wal_level is "${rows[0]?.wal_level}", logical replication needs "logical"`, {
      cure: "Run ALTER SYSTEM SET wal_level = 'logical'; and restart PostgreSQL.",
    });
  }
  assertDistinctTopics(config.prefix, config.tables);
  const types = new TypeCatalog();
  for (const id of config.tables) await readTable(control, types, id);
}

async function prepareTopics(config: CaptureConfig, { kafka }: CaptureDependencies): Promise<ReadonlyMap<string, number>> {
  return withAdmin(kafka, async (admin) => {
    const { replicationFactor, retentionMs } = config.topics;
    await ensureLogTopic(admin, dlqTopic(config.prefix, CAPTURE_GROUP), replicationFactor, retentionMs);
    return partitionCounts(
      admin,
      config.tables.map((id) => topicName(config.prefix, id)),
    );
  });
}

/** Goes on where the checkpoint stands, or makes slot, publication and topics for a first start or after a gap. */
async function prepareSlot(
  control: pg.Client,
  config: CaptureConfig,
  dependencies: CaptureDependencies,
  lease: Lease,
  existing: ReadonlyMap<string, number>,
): Promise<CaptureEntry> {
  const system = await identifySystem(control);
  const cluster = await withAdmin(dependencies.kafka, clusterId);
  const entry = parseCaptureEntry(lease.image.get(CAPTURE_KEY));
  const tables = config.tables.map((id) => formatTable(id));
  const slot = await readSlot(control, config.slot);
  const observed = { slotName: config.slot, database: config.database, slot, system, clusterId: cluster, partitions: existing, tables };
  const decision = judgeHistory(entry, observed);
  if (decision.kind === 'gap' && config.onSlotLoss === 'stop') throw decision.error;
  if (decision.kind === 'gap') dependencies.observer.log('warn', `${decision.error.message}: every table is refreshed in a new epoch`);
  const partitions = await withAdmin(dependencies.kafka, (admin) =>
    ensureChangeTopics(
      admin,
      config.tables.map((id) => topicName(config.prefix, id)),
      config.topics,
    ),
  );
  await ensurePublication(control, config.publication, config.tables);
  const base = { version: 1 as const, system, clusterId: cluster, tables, partitions: Object.fromEntries(partitions) };
  if (decision.kind === 'resume' && entry !== null) return { ...base, slotReady: true, state: entry.state };
  return createSlotAnew(control, config, lease, { ...base, slotReady: false }, entry);
}

/** The intent is in the checkpoint before the slot exists: a crash in between leaves no slot that nobody claims. */
async function createSlotAnew(
  control: pg.Client,
  config: CaptureConfig,
  lease: Lease,
  base: Omit<CaptureEntry, 'state'>,
  previous: CaptureEntry | null,
): Promise<CaptureEntry> {
  const epoch = nextEpoch(previous?.state.epoch ?? null, Date.now());
  const intent: CaptureEntry = { ...base, slotReady: false, state: stateToJson(freshState(epoch, parseLsn('0/0'))) };
  const forgotten = [...lease.image.keys()].filter((key) => key.startsWith('plan/') || key.startsWith('owed/'));
  await lease.publish([], [
    { key: CAPTURE_KEY, value: JSON.stringify(intent) },
    ...forgotten.map((key) => ({ key, value: null })),
  ]);
  await releaseSlot(control, config);
  await dropSlot(control, config.slot);
  const lsn: Lsn = await createSlot(control, config.slot, config.slotTimeoutMs);
  const entry: CaptureEntry = { ...base, slotReady: true, state: stateToJson(freshState(epoch, lsn)) };
  const plans = config.tables.map((table) => initialPlan(table, epoch));
  await lease.publish([], [{ key: CAPTURE_KEY, value: JSON.stringify(entry) }, ...plans.map(planEntry)]);
  return entry;
}

/** The plans of the checkpoint, one more for each table that is new, none for tables that are no longer listed. */
async function preparePlans(
  config: CaptureConfig,
  lease: Lease,
  entry: CaptureEntry,
  state: MergeState,
): Promise<Map<string, RefreshPlan>> {
  const previous = parseCaptureEntry(lease.image.get(CAPTURE_KEY));
  const added = config.tables.filter((id) => previous?.tables.includes(formatTable(id)) === false);
  const plans = plansOf(lease.image).filter((plan) => entry.tables.includes(formatTable(plan.request.table)));
  const fresh = added.map((id) => initialPlan(id, state.epoch));
  if (added.length > 0 || previous?.tables.length !== entry.tables.length) {
    await lease.publish([], [{ key: CAPTURE_KEY, value: JSON.stringify(entry) }, ...fresh.map(planEntry)]);
  }
  return new Map([...plans, ...fresh].map((plan) => [plan.request.id, plan]));
}

export function plansOf(image: CheckpointImage): RefreshPlan[] {
  return [...image]
    .filter(([key]) => key.startsWith('plan/'))
    .map(([, value]) => new RefreshPlan(JSON.parse(value) as RefreshPlanState));
}

function initialPlan(table: TableId, epoch: number): RefreshPlan {
  const id = `initial-${epoch}-${formatTable(table)}`;
  return RefreshPlan.fresh({ id, table, where: null, tag: null, sweepBefore: epoch }, new Date().toISOString());
}

function planEntry(plan: RefreshPlan): { key: string; value: string } {
  return { key: planKey(plan.request.id), value: JSON.stringify(plan.state) };
}

/** A predecessor's connection may outlive it: the lease is ours, so its hold on the slot is ended. */
async function openStream(control: pg.Client, config: CaptureConfig, signal: AbortSignal): Promise<ReplicationStream> {
  const { connection, slot, publication, stream } = config;
  const deadline = Date.now() + config.slotTimeoutMs;
  for (;;) {
    try {
      return await ReplicationStream.open({ connection, slot, publication, queueBytes: stream.queueBytes });
    } catch (error) {
      if (!isFreshetError(error, 'SLOT_BUSY') || Date.now() > deadline || signal.aborted) throw error;
      await releaseSlot(control, config);
      await sleep(SLOT_POLL_MS / 4, undefined, { signal }).catch(() => {});
    }
  }
}

async function releaseSlot(control: pg.Client, config: CaptureConfig): Promise<void> {
  const slot = await readSlot(control, config.slot);
  if (slot === null || slot.activePid === null) return;
  await control.query('SELECT pg_terminate_backend($1)', [slot.activePid]).catch(() => {});
  await sleep(SLOT_POLL_MS / 10);
}

/** Readable by any role: every transaction with an id holds the lock of that id until it is visible to all. */
async function xidsInProgress(control: pg.Client): Promise<number[]> {
  const { rows } = await control.query<{ xid: string }>(
    `SELECT DISTINCT transactionid::text AS xid FROM pg_catalog.pg_locks
      WHERE locktype = 'transactionid' AND granted AND mode = 'ExclusiveLock'`,
  );
  return rows.map((row) => Number(row.xid));
}

function watchSlot({ control, config, dependencies }: RunningSession): NodeJS.Timeout {
  let busy = false;
  const look = async (): Promise<void> => {
    const status = await readSlot(control, config.slot);
    const { rows } = await control.query<{ lsn: string }>('SELECT pg_current_wal_lsn()::text AS lsn');
    if (status !== null) dependencies.observer.slot(status, parseLsn(rows[0]?.lsn ?? '0/0'));
  };
  return setInterval(() => {
    if (busy) return;
    busy = true;
    // The control connection's loss shows in the stream as well, which ends the session.
    void look()
      .catch(() => {})
      .finally(() => (busy = false));
  }, SLOT_POLL_MS);
}
