import { ZERO_LSN } from '../change/lsn.ts';
import { formatTable } from '../change/table.ts';
import type { RefreshPlan, RefreshPlanState } from '../snapshot/refresh-plan.ts';
import type { Clock } from '../runtime/clock.ts';
import { failpoint } from '../runtime/failpoint.ts';
import type { ReplicationStream } from '../source/replication-stream.ts';
import type { StreamItem } from '../source/stream-queue.ts';
import type { CheckpointEntry } from '../topics/checkpoint.ts';
import type { StreamSettings } from './capture-config.ts';
import { CommitPace } from './commit-pace.ts';
import type { ControlDesk } from './control-desk.ts';
import { CAPTURE_KEY, type CaptureEntry } from './history.ts';
import { planKey } from './initial-plan.ts';
import type { Lease } from './lease.ts';
import type { Merge } from './merge.ts';
import { stateToJson } from './merge-state.ts';
import type { CaptureObserver } from './observer.ts';
import type { CapturedTable, RecordWriter } from './record-writer.ts';
import type { SnapshotScheduler } from './snapshot-scheduler.ts';
import type { StreamApplier } from './stream-applier.ts';
import { stopsTable, type TableGuard } from './table-guard.ts';

export interface PublishLoopOptions {
  readonly stream: Pick<
    ReplicationStream,
    'next' | 'take' | 'isEmpty' | 'queuedItems' | 'queuedBytes' | 'confirm' | 'requestKeepalive' | 'onArrival'
  >;
  readonly applier: StreamApplier;
  readonly merge: Merge;
  readonly guard: Pick<TableGuard, 'settle' | 'drain' | 'isDirty' | 'isHalted' | 'halt'>;
  readonly writer: RecordWriter;
  readonly scheduler: SnapshotScheduler;
  readonly plans: ReadonlyMap<string, RefreshPlan>;
  readonly control: Pick<ControlDesk, 'isDirty' | 'drain' | 'committed' | 'onChange'>;
  readonly lease: Pick<Lease, 'prepare' | 'publish'>;
  readonly clock: Clock;
  /** The checkpoint's main entry of now, without its state. */
  readonly entry: () => Omit<CaptureEntry, 'state'>;
  readonly settings: StreamSettings;
  readonly observer: CaptureObserver;
  readonly sweepTable: (plan: RefreshPlan) => Promise<CapturedTable>;
}

/** Live changes and chunks share a batch: neither waits for the other to end. */
const CHUNK_SHARE = 0.5;
/** While changes come in, a chunk's rows must not make one wait for a long transaction. Of the batch. */
const CHUNK_SHARE_LIVE = 0.2;
const LIVE_MS = 1_000;
const IDLE_CHECKPOINT_MS = 1_000;
const KEEPALIVE_PAUSE_MS = 10;
const XIDS_TO_FORGET = 10_000;
/** Given to spare the making of an error, stack and all, at every change that comes. */
const WOKEN = 'woken';

/** Turns the stream and the ready chunks into Kafka transactions, one behind the other. */
export class PublishLoop {
  readonly #options: PublishLoopOptions;
  #wakeUp: () => void = () => {};
  #awake = false;
  #commit: Promise<void> | null = null;
  #failure: { error: unknown } | null = null;
  #liveAtMs = 0;
  /** Records of chunks in the batch that is collected. */
  #chunkRecords = 0;
  #durablePassed = ZERO_LSN;
  #checkpointAt = 0;
  #forgetting = false;
  readonly #finished = new Set<string>();
  readonly #pace: CommitPace;
  #isPacing = false;

  constructor(options: PublishLoopOptions) {
    this.#options = options;
    this.#pace = new CommitPace(options.clock, options.settings);
    options.stream.onArrival(() => this.#arrived());
    options.control.onChange(() => this.wake());
  }

  /** Something has arrived, has become ready, or broke. */
  wake(): void {
    this.#awake = true;
    this.#wakeUp();
  }

  /** Runs until the signal; then what was collected is committed. Throws what broke the stream or the lease. */
  async run(signal: AbortSignal): Promise<void> {
    const onAbort = (): void => this.wake();
    signal.addEventListener('abort', onAbort);
    try {
      while (!signal.aborted) await this.#turn(signal);
      await this.#settle();
      if (this.#options.merge.passed > this.#durablePassed) this.#startCommit();
      await this.#settle();
    } finally {
      signal.removeEventListener('abort', onAbort);
      // The commit under way must end before anyone reads the checkpoint or closes the producer.
      await this.#commit?.catch(() => {});
    }
  }

  /** Ends the run: something was seen elsewhere that makes going on wrong. */
  fail(error: unknown): void {
    this.#failure ??= { error };
    this.wake();
  }

  /** What comes while small transactions are kept apart waits with the others, unless they are many. */
  #arrived(): void {
    if (!this.#isPacing || !this.#isFew) this.wake();
  }

  async #turn(signal: AbortSignal): Promise<void> {
    const { writer, scheduler, guard, applier } = this.#options;
    this.#awake = false;
    const revived = guard.settle();
    if (revived.length > 0) await applier.revive(revived);
    scheduler.fill();
    await this.#collect();
    const dirty = writer.count > 0 || this.#checkpointIsDue();
    if (!dirty) {
      await this.#pause();
      this.#throwFailure();
      return;
    }
    if (this.#commit !== null || this.#isEarly(signal)) {
      // While the last transaction ends and this one begins more arrives: it goes into the same batch.
      await this.#settle();
      if (this.#isEarly(signal)) await this.#waitForPace();
      await this.#options.lease.prepare();
      this.#collectArrived();
    }
    this.#startCommit();
  }

  /** Only a few changes wait for the next transaction: what is asked for, read, finished or to be stopped does not. */
  #isEarly(signal: AbortSignal): boolean {
    if (this.#pace.leftMs <= 0 || !this.#isFew || signal.aborted) return false;
    return !this.#hasNews && !this.#options.scheduler.isWaiting;
  }

  /** What is collected and what is queued make a small transaction together. */
  get #isFew(): boolean {
    const { writer, stream } = this.#options;
    return this.#pace.isSmall(writer.count + stream.queuedItems, writer.bytes + stream.queuedBytes);
  }

  async #waitForPace(): Promise<void> {
    this.#isPacing = true;
    await this.#sleep(this.#pace.leftMs);
    this.#isPacing = false;
    this.#throwFailure();
  }

  async #collect(): Promise<void> {
    const { applier, writer, clock } = this.#options;
    const nowMs = clock.now();
    writer.startBatch(nowMs);
    for (let item = this.#next(nowMs); item !== undefined; item = this.#next(nowMs)) {
      const wait = applier.apply(item);
      if (wait !== undefined) await wait;
    }
    this.#collectChunks(nowMs);
    await this.#finishPlans();
  }

  /** Within an open Kafka transaction, whose time is limited: what must be waited for is left to the next batch. */
  #collectArrived(): void {
    const { stream, applier, writer, clock } = this.#options;
    const nowMs = clock.now();
    writer.startBatch(nowMs);
    while (!applier.waitsFor(stream.next)) {
      const item = this.#next(nowMs);
      if (item === undefined) break;
      void applier.apply(item);
    }
    this.#collectChunks(nowMs);
  }

  /** Undefined: the batch is full, or nothing is there. */
  #next(nowMs: number): StreamItem | undefined {
    const { stream, writer, scheduler, settings, merge } = this.#options;
    if (writer.count >= settings.batchRecords || writer.bytes >= settings.batchBytes) return undefined;
    const share = settings.batchRecords * CHUNK_SHARE;
    if (writer.count >= share && merge.isBetweenTransactions && scheduler.canPublish) return undefined;
    const item = stream.take();
    if (item?.kind === 'message') this.#liveAtMs = nowMs;
    return item;
  }

  #collectChunks(nowMs: number): void {
    const { writer, scheduler, settings } = this.#options;
    const share = nowMs - this.#liveAtMs < LIVE_MS ? CHUNK_SHARE_LIVE : 1;
    const most = Math.max(1, settings.batchRecords * share) - this.#chunkRecords;
    const room = Math.floor(Math.min(settings.batchRecords - writer.count, most));
    if (room <= 0 || writer.bytes >= settings.batchBytes) return;
    const before = writer.count;
    scheduler.publish(room);
    this.#chunkRecords += writer.count - before;
  }

  /** A plan whose rows are all published ends, with a sweep where it followed a gap. */
  async #finishPlans(): Promise<void> {
    const { plans, merge, writer, clock, guard } = this.#options;
    for (const plan of plans.values()) {
      if (plan.isFinished || !plan.isRead || !merge.isBetweenTransactions) continue;
      if (guard.isHalted(formatTable(plan.request.table))) continue;
      const { sweepBefore, id } = plan.request;
      // An owed row has not been seen in this epoch yet: the sweep would take it away.
      if (sweepBefore !== null && merge.owed.owes(formatTable(plan.request.table))) continue;
      if (sweepBefore !== null) {
        const table = await this.#tableToSweep(plan);
        if (table === null) continue;
        for (let partition = 0; partition < table.partitions; partition++) {
          writer.sweep(table, partition, sweepBefore, merge.snapshotPosition(table.name).text);
        }
      }
      plan.finish(new Date(clock.now()).toISOString());
      this.#finished.add(id);
    }
  }

  /** Null: it cannot be published any more. */
  async #tableToSweep(plan: RefreshPlan): Promise<CapturedTable | null> {
    const { sweepTable, guard } = this.#options;
    try {
      return await sweepTable(plan);
    } catch (error) {
      if (!stopsTable(error)) throw error;
      guard.halt(formatTable(plan.request.table), error);
      return null;
    }
  }

  #startCommit(): void {
    const { writer, lease, merge, stream, observer, clock, control } = this.#options;
    const { records, bytes, counts } = writer.takeBatch();
    const { entries, plans } = this.#entries();
    const { state } = merge;
    const ends = writer.ends.snapshot();
    const startedAt = performance.now();
    this.#checkpointAt = clock.now();
    this.#pace.begin(records.length, bytes);
    this.#chunkRecords = 0;
    failpoint('before-publish');
    this.#commit = lease
      .publish(records, entries)
      .then(() => {
        this.#durablePassed = state.passed;
        failpoint('after-commit');
        stream.confirm(state.passed);
        failpoint('after-confirm');
        control.committed();
        for (const { table, op, rows } of counts) observer.published(table, op, rows);
        for (const plan of plans) observer.progress(plan);
        observer.committed({
          state,
          ends,
          records: records.length,
          bytes,
          durationMs: performance.now() - startedAt,
        });
      })
      .catch((error: unknown) => {
        this.#failure = { error };
      })
      .finally(() => {
        this.#commit = null;
        this.wake();
      });
  }

  /** Everything that changed goes into the same Kafka transaction as the records. */
  #entries(): { entries: CheckpointEntry[]; plans: RefreshPlanState[] } {
    const { merge, scheduler, plans, entry, writer, guard, control } = this.#options;
    const requested = control.drain();
    const main: CaptureEntry = { ...entry(), state: stateToJson(merge.state) };
    const entries: CheckpointEntry[] = [{ key: CAPTURE_KEY, value: JSON.stringify(main) }];
    const ids = new Set([...scheduler.drainDirty(), ...this.#finished, ...requested.plans]);
    this.#finished.clear();
    const changed = [...ids].flatMap((id) => plans.get(id)?.state ?? []);
    entries.push(...changed.map((plan) => ({ key: planKey(plan.request.id), value: JSON.stringify(plan) })));
    entries.push(...guard.drain(), ...merge.owed.drain(), ...writer.ends.drain(), ...requested.entries);
    return { entries, plans: changed };
  }

  /** Only what the checkpoint holds is confirmed: an idle source's keepalives must get there too. */
  #checkpointIsDue(): boolean {
    const { merge, clock } = this.#options;
    if (this.#hasNews) return true;
    return merge.passed > this.#durablePassed && clock.now() - this.#checkpointAt >= IDLE_CHECKPOINT_MS;
  }

  /** Something besides the stream's changes and a chunk's rows is to be noted in the checkpoint. */
  get #hasNews(): boolean {
    const { scheduler, guard, control } = this.#options;
    return this.#finished.size > 0 || scheduler.hasFailed || guard.isDirty || control.isDirty;
  }

  async #settle(): Promise<void> {
    while (this.#commit !== null) await this.#commit;
    this.#throwFailure();
  }

  #throwFailure(): void {
    if (this.#failure !== null) throw this.#failure.error;
  }

  async #pause(): Promise<void> {
    const { stream, scheduler, merge } = this.#options;
    if (!this.#forgetting && merge.xids.size > XIDS_TO_FORGET) {
      this.#forgetting = true;
      void scheduler
        .forgetEnded()
        .catch(() => {})
        .finally(() => (this.#forgetting = false));
    }
    if (!stream.isEmpty || this.#awake) return;
    if (scheduler.isWaiting) stream.requestKeepalive();
    const ms = scheduler.isWaiting ? KEEPALIVE_PAUSE_MS : IDLE_CHECKPOINT_MS / 4;
    await this.#sleep(ms);
  }

  /** Until then, or until something wakes the loop. */
  async #sleep(ms: number): Promise<void> {
    const woken = new AbortController();
    this.#wakeUp = () => woken.abort(WOKEN);
    await this.#options.clock.sleep(ms, woken.signal);
    this.#wakeUp = () => {};
  }
}
