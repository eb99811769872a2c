import type { TableId } from '../../src/change/table.ts';
import {
  type CaptureEntry,
  CAPTURE_KEY,
  judgeHistory,
  type ObservedHistory,
} from '../../src/capture/history.ts';
import { ControlDesk } from '../../src/capture/control-desk.ts';
import { serveRequests } from '../../src/capture/control-reader.ts';
import { Merge } from '../../src/capture/merge.ts';
import { stateFromJson } from '../../src/capture/merge-state.ts';
import { OwedKeys } from '../../src/capture/owed-keys.ts';
import { PublishLoop } from '../../src/capture/publish-loop.ts';
import { RecordWriter } from '../../src/capture/record-writer.ts';
import { RequestHandler } from '../../src/capture/request-handler.ts';
import { plansOf } from '../../src/capture/session-start.ts';
import { SnapshotScheduler } from '../../src/capture/snapshot-scheduler.ts';
import { StreamApplier } from '../../src/capture/stream-applier.ts';
import { TableGuard } from '../../src/capture/table-guard.ts';
import { TableResolver } from '../../src/capture/table-resolver.ts';
import { TableStates } from '../../src/capture/table-states.ts';
import { TopicEnds } from '../../src/capture/topic-ends.ts';
import { toLsn } from '../../src/change/lsn.ts';
import { FreshetError } from '../../src/runtime/errors.ts';
import { formatTable } from '../../src/change/table.ts';
import type { RefreshPlan } from '../../src/snapshot/refresh-plan.ts';
import { QUIET } from '../support/quiet-capture.ts';
import type { MemoryRegistry } from '../topics/codec/memory-registry.ts';
import type { Laws } from './laws.ts';
import type { SimulatedClock } from './simulated-clock.ts';
import { AGREEABLE_SOURCE, type SimulatedControl, SLOT } from './simulated-control.ts';
import { DEAD_LETTERS, type SimulatedKafka } from './simulated-kafka.ts';
import type { SimulatedPostgres } from './simulated-postgres.ts';
import type { SimulatedReader } from './simulated-reader.ts';
import type { SimulatedSlot, SimulatedStream } from './simulated-slot.ts';
import { BASE_COLUMNS, RECORD_LIMIT } from './simulated-postgres.ts';
import type { SimulatedTables } from './simulated-tables.ts';

export interface SessionBounds {
  readonly partitions: number;
  readonly batchRecords: number;
  readonly commitIntervalMs: number;
  readonly chunkRows: number;
  readonly chunksInFlight: number;
  readonly partsPerTable: number;
  readonly windowBytes: number;
}

export interface Surroundings {
  readonly postgres: SimulatedPostgres;
  readonly tables: SimulatedTables;
  readonly slot: SimulatedSlot;
  readonly reader: SimulatedReader;
  readonly kafka: SimulatedKafka;
  readonly clock: SimulatedClock;
  readonly control: SimulatedControl;
  readonly registry: MemoryRegistry;
  readonly laws: Laws;
  readonly bounds: SessionBounds;
}

const FACTS = { publication: 'p', leavesOut: null, columns: [] };

/** One session of a capture: its own classes, wired as session.ts wires them, in simulated surroundings. */
export class ModelSession {
  readonly plans: Map<string, RefreshPlan>;
  readonly owed: OwedKeys;
  readonly stream: SimulatedStream;
  readonly #loop: PublishLoop;
  readonly #merge: Merge;
  readonly #guard: TableGuard;
  readonly #tables: SimulatedTables;
  readonly #stop = new AbortController();
  #hasEnded = false;
  /** Told by the history that its end is meant: then an error is none of its own. */
  isDoomed = false;

  constructor(around: Surroundings) {
    const { postgres, tables, slot, reader, kafka, clock, registry, bounds, laws, control } = around;
    const entry = JSON.parse(kafka.image.get(CAPTURE_KEY) ?? '') as CaptureEntry;
    this.#tables = tables;
    this.stream = slot.connect();
    this.plans = new Map(plansOf(kafka.image).map((plan) => [plan.request.id, plan]));
    this.owed = OwedKeys.fromCheckpoint(kafka.image);
    const resolver = new TableResolver({
      prefix: 'm',
      database: 'd',
      registry,
      partitions: new Map(Object.entries(entry.partitions)),
    });
    const options = { maxRecordBytes: RECORD_LIMIT, deadLetterTopic: DEAD_LETTERS, rejected: () => {} };
    const writer = new RecordWriter(options, TopicEnds.fromCheckpoint(kafka.image));
    const states = TableStates.fromCheckpoint(kafka.image);
    const merge = new Merge(stateFromJson(entry.state), this.owed, postgres.xidsInProgress(), writer, states);
    this.#merge = merge;
    this.#guard = new TableGuard({
      merge,
      plans: this.plans,
      observer: QUIET,
      clock,
      resolve: (schema) => resolver.resolve(schema),
    });
    const guard = this.#guard;
    const ids = Array.from({ length: postgres.tables }, (_, table) => tables.id(table));
    const tableIds = new Map<string, TableId>(ids.map((id) => [formatTable(id), id]));
    const scheduler = new SnapshotScheduler({
      merge,
      writer,
      reader,
      plans: this.plans,
      settings: { ...bounds, chunkBytes: 1_000_000 },
      observer: QUIET,
      clock,
      tableIds,
      guard,
      wake: () => this.#loop.wake(),
    });
    const applier = new StreamApplier(
      merge,
      async ({ relationOid, columns }) => tables.schema(relationOid - tables.oid(0), columns.length),
      guard,
      new Set(tableIds.keys()),
    );
    const desk = ControlDesk.fromCheckpoint(kafka.image);
    this.#loop = new PublishLoop({
      control: desk,
      stream: this.stream,
      applier,
      merge,
      guard,
      writer,
      scheduler,
      plans: this.plans,
      lease: kafka,
      clock,
      entry: () => entry,
      settings: { ...bounds, queueBytes: 1_000_000, batchBytes: 1_000_000 },
      observer: QUIET,
      sweepTable: (plan) =>
        resolver.resolve(tables.schema(tables.numberOf(plan.request.table), BASE_COLUMNS)),
    });
    const { plans } = this;
    const handler = new RequestHandler({
      plans,
      desk,
      source: AGREEABLE_SOURCE,
      tables: tableIds,
      tableRequests: { prepare: () => Promise.reject(new Error('no history asks for it')) },
      sweepBefore: () => null,
      clock,
      log: () => {},
    });
    void serveRequests({ tail: control, slot: SLOT, desk, handler, clock, log: () => {} }, this.#stop.signal);
    this.#loop.run(this.#stop.signal).then(
      () => this.#ended(laws, null),
      (error: unknown) => this.#ended(laws, error),
    );
  }

  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  get passed(): number {
    return Number(this.#merge.passed);
  }

  isHalted(id: TableId): boolean {
    return this.#guard.isHalted(formatTable(id));
  }

  /** What the watch does where the catalog shows no such table. */
  miss(id: TableId): void {
    this.#guard.halt(formatTable(id), new FreshetError('TABLE_MISSING', 'it was renamed'));
    this.wake();
  }

  /** What the watch does once the catalog shows a cure. */
  cure(id: TableId, walEnd: number): void {
    this.#guard.cured(
      id,
      { ...FACTS, oid: this.#tables.oid(this.#tables.numberOf(id)) },
      toLsn(BigInt(walEnd)),
      [],
    );
    this.wake();
  }

  get isRefreshed(): boolean {
    return this.owed.size === 0 && [...this.plans.values()].every((plan) => plan.isFinished);
  }

  wake(): void {
    this.#loop.wake();
  }

  /** Commits what it collected, and ends. */
  stop(): void {
    this.isDoomed = true;
    this.#stop.abort();
  }

  loseConnection(): void {
    this.isDoomed = true;
    this.stream.fail(new Error('the replication connection broke'));
  }

  #ended(laws: Laws, error: unknown): void {
    this.#hasEnded = true;
    if (error instanceof Error && !this.isDoomed) laws.broken('crash', error.stack ?? error.message);
  }
}

/** What a new process sees before it goes on. */
function observedHistory(entry: CaptureEntry, slot: SimulatedSlot): ObservedHistory {
  const at = toLsn(BigInt(slot.confirmed));
  const status = {
    plugin: 'pgoutput',
    database: 'd',
    active: false,
    activePid: null,
    confirmedLsn: at,
    restartLsn: at,
    walStatus: 'reserved',
    failover: false,
    retainedBytes: 0,
    safeBytes: null,
  };
  return {
    slotName: 's',
    database: 'd',
    slot: slot.created ? status : null,
    system: entry.system,
    clusterId: entry.clusterId,
    partitions: new Map(Object.entries(entry.partitions)),
    emptied: [],
    timelineEnd: null,
    catalogGap: null,
  };
}

export function assertResumes(entry: CaptureEntry, slot: SimulatedSlot, laws: Laws): void {
  const decision = judgeHistory(entry, observedHistory(entry, slot));
  if (decision.kind !== 'resume') laws.broken('history', `a restart decides "${decision.kind}"`);
}
