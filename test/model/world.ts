import { answerKey } from '../../src/capture/control-desk.ts';
import { type CaptureEntry, CAPTURE_KEY, parseCaptureEntry } from '../../src/capture/history.ts';
import { freshState, nextEpoch, stateToJson } from '../../src/capture/merge-state.ts';
import { initialPlan, planKey } from '../../src/capture/initial-plan.ts';
import { TableStates } from '../../src/capture/table-states.ts';
import { toLsn } from '../../src/change/lsn.ts';
import { formatTable, type TableId } from '../../src/change/table.ts';
import { parsePlanState, RefreshPlan } from '../../src/snapshot/refresh-plan.ts';
import { MemoryRegistry } from '../topics/codec/memory-registry.ts';
import { Laws } from './laws.ts';
import { assertResumes, ModelSession, type SessionBounds, type Surroundings } from './model-session.ts';
import { ReferenceSink } from './reference-sink.ts';
import { SimulatedClock } from './simulated-clock.ts';
import { SimulatedControl } from './simulated-control.ts';
import { SimulatedKafka } from './simulated-kafka.ts';
import { type CommittedTransaction, isTooLarge, type Op, SimulatedPostgres } from './simulated-postgres.ts';
import { EVEN_KEYS, SimulatedReader } from './simulated-reader.ts';
import { SimulatedSlot } from './simulated-slot.ts';
import { SimulatedTables } from './simulated-tables.ts';

export interface HistoryShape extends SessionBounds {
  readonly keys: number;
  readonly tables: number;
  /** Table 1 has replica identity FULL. */
  readonly full: boolean;
  /** Some rows fit into no record. */
  readonly large: boolean;
}

const SYSTEM = { systemId: '1', timeline: 1 };
const QUIESCE_ROUNDS = 400;
const MOST_REQUESTS = 3;

/** PostgreSQL, Kafka, time and a sink around one capture; a history moves them step by step. */
export class World {
  readonly shape: HistoryShape;
  readonly laws = new Laws();
  readonly postgres: SimulatedPostgres;
  readonly slot: SimulatedSlot;
  readonly reader: SimulatedReader;
  readonly kafka: SimulatedKafka;
  readonly sink: ReferenceSink;
  readonly clock = new SimulatedClock();
  readonly control = new SimulatedControl();
  readonly tables: SimulatedTables;
  readonly #around: Surroundings;
  session: ModelSession | null = null;
  #requests = 0;
  #steers = 0;

  readonly #registry = new MemoryRegistry();
  /** Tables whose changes were left out once. */
  readonly #wereHalted = new Set<number>();

  constructor(shape: HistoryShape) {
    this.shape = shape;
    const { laws, clock } = this;
    const registry = this.#registry;
    this.tables = new SimulatedTables(shape.full);
    this.postgres = new SimulatedPostgres(shape.keys, shape.tables, shape.large, () =>
      this.reader.lockedTables(),
    );
    this.reader = new SimulatedReader(this.postgres, this.tables);
    this.kafka = new SimulatedKafka(registry, laws);
    this.slot = new SimulatedSlot(this.postgres, this.tables, laws, (transaction) =>
      this.#isPublished(transaction),
    );
    this.sink = new ReferenceSink(this.kafka, this.postgres, laws);
    const { postgres, tables, slot, reader, kafka, control } = this;
    this.#around = { postgres, tables, slot, reader, kafka, control, clock, registry, laws, bounds: shape };
  }

  /** Slot, checkpoint and first refreshes, as a first start or a start after a gap makes them. */
  createSlot(): boolean {
    if (!this.slot.create()) return false;
    const previous = parseCaptureEntry(this.kafka.image.get(CAPTURE_KEY));
    const last = TableStates.fromCheckpoint(this.kafka.image).lastEpoch;
    const epoch = nextEpoch(
      previous === null ? null : Math.max(previous.state.epoch, last),
      this.clock.now(),
    );
    const ids = this.#ids();
    const entry: CaptureEntry = {
      version: 1,
      state: stateToJson(freshState(epoch, toLsn(BigInt(this.postgres.lsn)))),
      system: SYSTEM,
      clusterId: 'c',
      slotReady: true,
      tables: ids.map(formatTable),
      partitions: Object.fromEntries(ids.map((id) => [`m.${formatTable(id)}`, this.shape.partitions])),
    };
    for (const [key, text] of this.kafka.image) {
      const isAsked = key.startsWith('plan/') && parsePlanState(text).request.tag !== null;
      if (/^(plan|owed|table)\//.test(key) && !isAsked) this.kafka.image.delete(key);
    }
    this.kafka.image.set(CAPTURE_KEY, JSON.stringify(entry));
    for (const table of ids) {
      this.#remember(RefreshPlan.fresh(initialPlan(table, epoch), '2026-01-01T00:00:00Z'));
    }
    return true;
  }

  start(fromPersisted: boolean): boolean {
    if (!this.slot.created) return false;
    if (this.session !== null && !this.session.hasEnded) return false;
    this.#forgetSession();
    if (fromPersisted) this.slot.forgetUnpersisted();
    const entry = parseCaptureEntry(this.kafka.image.get(CAPTURE_KEY));
    if (entry === null) return false;
    assertResumes(entry, this.slot, this.laws);
    this.session = new ModelSession(this.#around);
    return true;
  }

  /** The process is gone; its open transaction is committed or not. */
  async crash(committed: boolean): Promise<boolean> {
    if (this.session === null) return false;
    this.session.isDoomed = true;
    this.#forgetSession();
    await this.kafka.abandon(committed);
    return true;
  }

  /** The source was restored from a copy: a gap, to be closed by a new epoch and a refresh of everything. */
  async restore(back: number): Promise<boolean> {
    if (!this.slot.created || this.postgres.hasRunning) return false;
    await this.crash(false);
    this.postgres.restore(back);
    return this.createSlot();
  }

  /** Somebody asks for a refresh, whether a capture runs or not. */
  requestRefresh(table: number, scope: 'everything' | 'filter' | 'keys', key: number): boolean {
    if (this.#requests > MOST_REQUESTS) return false;
    const part = {
      table: this.tables.id(table),
      where: scope === 'filter' ? EVEN_KEYS : null,
      keys: scope === 'keys' ? [[String(key)], [String((key + 1) % this.shape.keys)]] : null,
    };
    const id = `request-${this.#requests++}`;
    const request = { kind: 'refresh' as const, id, group: null, options: {}, parts: [part] };
    this.control.send(request);
    // Who gets no answer asks again.
    if (key % 3 === 0) this.control.send(request);
    return true;
  }

  /** Somebody steers a refresh that may not be known yet, or not any more. */
  steerRefresh(which: number, kind: 'pause' | 'resume' | 'cancel'): boolean {
    if (this.#requests === 0 || this.#steers > MOST_REQUESTS) return false;
    const id = `steer-${this.#steers++}`;
    this.control.send({ kind, id, refresh: `request-${which % this.#requests}` });
    return true;
  }

  requestKey(table: number, key: number): boolean {
    if (this.session === null) return false;
    this.session.owed.owe(formatTable(this.tables.id(table)), JSON.stringify([String(key)]));
    this.session.wake();
    return true;
  }

  /** From now on the registry takes no new shape of the table, or it takes all again. */
  refuse(table: number, isRefused: boolean): boolean {
    const subject = `m.${formatTable(this.tables.id(table))}-value`;
    if (isRefused) this.#registry.refused.add(subject);
    else this.#registry.refused.delete(subject);
    return false;
  }

  /** The watch finds no table of that name; at its next look it has its name again. */
  rename(table: number): boolean {
    if (this.session === null) return false;
    this.#wereHalted.add(table);
    this.session.miss(this.tables.id(table));
    return true;
  }

  /** The watch looks at the tables that are halted. */
  look(): boolean {
    if (this.session === null) return false;
    for (let table = 0; table < this.shape.tables; table++) {
      const id = this.tables.id(table);
      if (!this.session.isHalted(id)) continue;
      this.#wereHalted.add(table);
      if (!this.#registry.refused.has(`m.${formatTable(id)}-value`)) this.session.cure(id, this.postgres.lsn);
    }
    return true;
  }

  /** Everything that can happen without new writes happens: then the sink must equal the source. */
  async quiesce(): Promise<void> {
    for (const connection of this.postgres.connectionsIn('running')) this.postgres.commit(connection, 1);
    for (const connection of this.postgres.connectionsIn('committed')) this.postgres.show(connection);
    if (!this.slot.created) this.createSlot();
    for (let table = 0; table < this.shape.tables; table++) this.refuse(table, false);
    for (let n = 0; n < this.#requests; n++)
      this.control.send({ kind: 'resume', id: `last-${n}`, refresh: `request-${n}` });
    for (let round = 0; round < QUIESCE_ROUNDS; round++) {
      this.start(false);
      this.slot.send(100);
      this.slot.keepalive(true);
      this.look();
      await settled();
      for (let i = this.reader.count; i > 0; i--) this.reader.advance(i);
      await settled();
      while (await this.kafka.commitNext()) await settled();
      this.clock.pass(500);
      await settled();
      this.laws.check();
      if (this.#isQuiet()) return this.#judge();
    }
    this.laws.broken('liveness', `after ${QUIESCE_ROUNDS} rounds something is still to be done`);
    this.laws.check();
  }

  #isQuiet(): boolean {
    const { session, slot, postgres } = this;
    const end = postgres.commits.at(-1)?.end ?? 0;
    return (
      session !== null &&
      !session.hasEnded &&
      session.isRefreshed &&
      // What the capture knows to be done is in the checkpoint as well.
      this.kafka.isIdle &&
      this.control.requests.every(({ id }) => this.kafka.image.has(answerKey(id))) &&
      this.#ids().every((id) => !session.isHalted(id)) &&
      session.stream.isEmpty &&
      slot.confirmed >= end
    );
  }

  #judgeRequests(): void {
    const { image } = this.kafka;
    for (const { id, kind } of this.control.requests) {
      if (kind !== 'refresh') continue;
      const plan = image.get(`plan/${id}/0`);
      const status = plan === undefined ? 'lost' : parsePlanState(plan).status;
      if (status !== 'finished' && status !== 'cancelled') this.laws.broken('request', `${id} is ${status}`);
    }
  }

  #judge(): void {
    this.#judgeRequests();
    this.sink.consumeAll();
    this.laws.check();
    this.sink.compareWithSource();
    this.laws.check();
    const before = this.sink.state;
    this.sink.rewind();
    this.sink.consumeAll();
    if (this.sink.state !== before) this.laws.broken('replay', 'a second reading changed the sink');
    const empty = new ReferenceSink(this.kafka, this.postgres, this.laws);
    empty.consumeAll();
    if (empty.state !== before) this.laws.broken('replay', 'an empty sink ended in another state');
    this.laws.check();
  }

  #remember(plan: RefreshPlan): void {
    this.kafka.image.set(planKey(plan.request.id), JSON.stringify(plan.state));
  }

  #forgetSession(): void {
    this.session = null;
    this.slot.disconnect();
    this.reader.abandon();
    this.control.abandon();
    this.clock.forget();
  }

  #ids(): TableId[] {
    return Array.from({ length: this.shape.tables }, (_, table) => this.tables.id(table));
  }

  #isPublished({ xid, ops }: CommittedTransaction): boolean {
    // What a halted table leaves out comes with its refresh.
    for (const id of this.#ids())
      if (this.session?.isHalted(id) === true) this.#wereHalted.add(this.tables.numberOf(id));
    if (ops.some(({ table }) => this.#wereHalted.has(table))) return true;
    return this.kafka.recordsOf(xid) >= ops.reduce((sum, op) => sum + this.#recordsOf(op), 0);
  }

  /** At least; what is too large becomes a dead letter. */
  #recordsOf(op: Op): number {
    const row = 'row' in op && isTooLarge(op.row) ? 0 : 1;
    const records = { insert: row, update: row, delete: 1, rekey: 1 + row, truncate: this.shape.partitions };
    return records[op.kind];
  }
}

/** Every promise that can go on without a step has gone on. */
export function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
