import type pg from 'pg';
import type { TableId, TableSchema } from '../change/table.ts';
import { SYSTEM_CLOCK } from '../runtime/clock.ts';
import { connect } from '../runtime/postgres.ts';
import { runTogether } from '../runtime/shutdown.ts';
import { ChunkReader } from '../snapshot/chunk-reader.ts';
import type { RefreshPlan } from '../snapshot/refresh-plan.ts';
import type { RelationMessage } from '../source/pgoutput.ts';
import { ReplicationStream } from '../source/replication-stream.ts';
import { WalClock } from '../source/snapshot-only.ts';
import { readRelation, readTable } from '../source/table-catalog.ts';
import { xidsInProgress } from '../source/transactions.ts';
import { TypeCatalog } from '../source/type-catalog.ts';
import { controlTopic, dlqTopic } from '../topics/names.ts';
import { TopicTail } from '../topics/topic-tail.ts';
import type { CaptureConfig, CaptureDependencies } from './capture-config.ts';
import { ControlDesk } from './control-desk.ts';
import { serveRequests } from './control-reader.ts';
import { withoutHolder } from './held-slot.ts';
import { CAPTURE_KEY, type CaptureEntry } from './history.ts';
import type { Lease } from './lease.ts';
import { Merge } from './merge.ts';
import { type MergeState, stateFromJson } from './merge-state.ts';
import { OwedKeys } from './owed-keys.ts';
import { CAPTURE_GROUP } from './own-topics.ts';
import { PublishLoop } from './publish-loop.ts';
import { RecordWriter, type RejectedRecord } from './record-writer.ts';
import { RequestHandler } from './request-handler.ts';
import { PostgresRequestSource } from './request-source.ts';
import {
  announceSnapshotOnly,
  preflight,
  preparePlans,
  prepareSlot,
  publicationOf,
} from './session-start.ts';
import { SnapshotScheduler } from './snapshot-scheduler.ts';
import { watchSource } from './source-watch.ts';
import { StreamApplier } from './stream-applier.ts';
import { TableGuard } from './table-guard.ts';
import { TableList } from './table-list.ts';
import { TableRequests } from './table-requests.ts';
import { TableResolver } from './table-resolver.ts';
import { TableStates } from './table-states.ts';
import { TableWatch } from './table-watch.ts';
import { TopicEnds } from './topic-ends.ts';

/** One connection to the source, from its preflight to its loss: everything in memory dies with it. */
export async function runSession(
  configured: CaptureConfig,
  dependencies: CaptureDependencies,
  lease: Lease,
  signal: AbortSignal,
): Promise<void> {
  await using control = await connect(configured.connection, `control ${configured.slot}`);
  await proveLease(lease);
  const list = TableList.fromCheckpoint(lease.image, configured.tables);
  const config = { ...configured, tables: [...list.ids.values()] };
  await preflight(control, config, dependencies, lease);
  if (config.snapshotOnly === true) await announceSnapshotOnly(control, config, dependencies);
  const entry = await prepareSlot(control, config, dependencies, lease);
  const partitions = new Map(Object.entries(entry.partitions));
  const state = stateFromJson(entry.state);
  const plans = await preparePlans(config, lease, entry, state);
  await using stream = await openStream(control, config, signal);
  await runStream({
    config,
    dependencies,
    lease,
    signal,
    control,
    entry,
    state,
    plans,
    stream,
    partitions,
    list,
  });
}

interface RunningSession {
  readonly config: CaptureConfig;
  readonly dependencies: CaptureDependencies;
  readonly lease: Lease;
  readonly signal: AbortSignal;
  readonly control: pg.Client;
  readonly entry: CaptureEntry;
  readonly state: MergeState;
  readonly plans: Map<string, RefreshPlan>;
  readonly stream: ReplicationStream | WalClock;
  /** Of the topics; a table that is added brings another. */
  readonly partitions: Map<string, number>;
  readonly list: TableList;
}

async function runStream(session: RunningSession): Promise<void> {
  const { config, dependencies, lease, control, plans, stream, state } = session;
  const { observer, registry } = dependencies;
  const resolver = new TableResolver({ ...config, registry, partitions: session.partitions });
  const writer = newWriter(session);
  // Only now: the slot is held, and the lease has fenced whoever published before.
  const inProgress = config.snapshotOnly === true ? [] : await xidsInProgress(control);
  const states = TableStates.fromCheckpoint(lease.image);
  const merge = new Merge(state, OwedKeys.fromCheckpoint(lease.image), inProgress, writer, states);
  const resolve = (schema: TableSchema) => resolver.resolve(schema);
  const guard = new TableGuard({ merge, plans, observer, clock: SYSTEM_CLOCK, resolve });
  await using reader = newReader(config);
  const tableIds = session.list.ids;
  let loop: PublishLoop | null = null;
  await using scheduler = new SnapshotScheduler({
    merge,
    writer,
    reader,
    plans,
    observer,
    clock: SYSTEM_CLOCK,
    tableIds,
    settings: snapshotSettings(config),
    guard,
    wake: () => loop?.wake(),
  });
  const types = new TypeCatalog();
  const readShape = (relation: RelationMessage) => readRelation(control, types, relation);
  const applier = new StreamApplier(merge, readShape, guard, tableIds);
  const sweepTable = async (plan: RefreshPlan) =>
    resolver.resolve((await readTable(control, new TypeCatalog(), plan.request.table)).schema);
  const desk = ControlDesk.fromCheckpoint(lease.image);
  loop = new PublishLoop({
    control: desk,
    stream,
    applier,
    merge,
    guard,
    writer,
    scheduler,
    plans,
    lease,
    entry: () => entryOf(session),
    settings: config.stream,
    observer,
    clock: SYSTEM_CLOCK,
    sweepTable,
  });
  for (const plan of plans.values()) observer.progress(plan.state);
  observer.connected(config.slot, state.epoch);
  const watch = watchOf(session, tableIds, guard, states);
  using _ = await watchSource({ ...session, scheduler }, watch, (error) => loop.fail(error));
  const tables = new TableRequests({ ...session, guard, applier });
  const publish = (signal: AbortSignal): Promise<void> => loop.run(signal);
  await runTogether(session.signal, [
    publish,
    (signal) => serveControl(session, desk, tables, guard, signal),
  ]);
}

/** The checkpoint's main entry without its state. */
function entryOf({ entry, list, partitions }: RunningSession): Omit<CaptureEntry, 'state'> {
  const topics = Object.fromEntries(partitions);
  return { ...entry, tables: [...list.ids.keys()], partitions: topics };
}

function watchOf(
  { control, config }: RunningSession,
  ids: ReadonlyMap<string, TableId>,
  guard: TableGuard,
  states: TableStates,
): TableWatch {
  const tables = (): TableId[] => [...ids.values()];
  return new TableWatch({ control, publication: publicationOf(config), tables, states, guard });
}

/** Requests are served beside the stream, which never waits for them. */
async function serveControl(
  { config, dependencies, plans, entry, list }: RunningSession,
  desk: ControlDesk,
  tableRequests: TableRequests,
  guard: TableGuard,
  signal: AbortSignal,
): Promise<void> {
  const { observer, kafkaConfig } = dependencies;
  const { connection, slot, snapshot } = config;
  using tail = new TopicTail(kafkaConfig, controlTopic(config.prefix));
  const log = (level: 'info' | 'warn' | 'error', message: string): void => observer.log(level, message);
  const source = new PostgresRequestSource(connection, snapshot.whereTimeoutMs);
  const handler = new RequestHandler({
    plans,
    desk,
    source,
    tables: list.ids,
    tableRequests,
    sweepBefore: (table) => guard.sweepBefore(table, entry),
    clock: SYSTEM_CLOCK,
    log,
  });
  signal.addEventListener('abort', () => tail[Symbol.dispose](), { once: true });
  await serveRequests({ tail, slot, desk, handler, clock: SYSTEM_CLOCK, log }, signal);
}

function newWriter({ config, dependencies, lease }: RunningSession): RecordWriter {
  const options = {
    maxRecordBytes: config.topics.maxRecordBytes,
    deadLetterTopic: dlqTopic(config.prefix, CAPTURE_GROUP),
    rejected: (record: RejectedRecord) => dependencies.observer.rejected(record),
  };
  return new RecordWriter(options, TopicEnds.fromCheckpoint(lease.image));
}

/** Without a stream nothing else orders two reads of a row. */
function snapshotSettings({ snapshot, snapshotOnly }: CaptureConfig): CaptureConfig['snapshot'] {
  return snapshotOnly === true ? { ...snapshot, chunksInFlight: 1, partsPerTable: 1 } : snapshot;
}

function newReader({ connection, snapshot }: CaptureConfig): ChunkReader {
  const { connections, lockTimeoutMs, whereTimeoutMs, chunkBytes } = snapshot;
  return new ChunkReader({
    connection,
    connections,
    lockTimeoutMs,
    whereTimeoutMs,
    cutBytes: chunkBytes * 4,
  });
}

/**
 * A capture that lost its connection may have lost it to a successor: it must learn that before it judges
 * a slot that has moved on, or takes the slot back. Writes what stands in the checkpoint. Throws FENCED.
 */
async function proveLease(lease: Lease): Promise<void> {
  const entry = lease.image.get(CAPTURE_KEY);
  if (entry !== undefined) await lease.publish([], [{ key: CAPTURE_KEY, value: entry }]);
}

async function openStream(
  control: pg.Client,
  config: CaptureConfig,
  signal: AbortSignal,
): Promise<ReplicationStream | WalClock> {
  const { connection, slot, publication } = config;
  const { queueBytes, silenceTimeoutMs } = config.stream;
  if (config.snapshotOnly === true) return WalClock.open({ connection, slot, silenceTimeoutMs });
  const options = { connection, slot, publication, queueBytes, silenceTimeoutMs };
  return withoutHolder(control, config, () => ReplicationStream.open(options), signal);
}
