import { formatTable, type TableId } from '../change/table.ts';
import type { Clock } from '../runtime/clock.ts';
import { failpoint } from '../runtime/failpoint.ts';
import { errorMessage } from '../runtime/postgres.ts';
import type { ChunkScope } from '../snapshot/chunk-query.ts';
import type { ChunkRead, ChunkSource } from '../snapshot/chunk-reader.ts';
import type { KeyTexts } from '../snapshot/key-walk.ts';
import type { RefreshPlan } from '../snapshot/refresh-plan.ts';
import type { Window } from '../snapshot/window.ts';
import {
  isPublished,
  KEYS_PER_CHUNK,
  publishChunk,
  type ReadyChunk,
  type Task,
  tableOf,
  taskOf,
} from './chunk.ts';
import type { Merge } from './merge.ts';
import type { CaptureObserver } from './observer.ts';
import { entryKey } from './owed-keys.ts';
import type { RecordWriter } from './record-writer.ts';
import { requestFailure } from './request-failure.ts';
import { stopsTable, type TableGuard } from './table-guard.ts';

export interface SnapshotSettings {
  /** Rows of a chunk, at most. */
  readonly chunkRows: number;
  /** Bytes of a chunk as read, roughly; the rows follow from what rows were met. */
  readonly chunkBytes: number;
  readonly chunksInFlight: number;
  /** Into how many parts, at most, a table is divided whose first reads are done at once. */
  readonly partsPerTable: number;
  /** A window that remembers more is dropped, and its chunk read again, smaller. */
  readonly windowBytes: number;
}

const FIRST_CHUNK_ROWS = 1_000;
const STALE_PAUSE_MS = [20, 50, 100, 200, 500, 1_000];
const RETRY_PAUSE_MS = 1_000;
/** A part is not worth the reads that divide a table below this. */
const CHUNKS_PER_PART = 4;

export interface SnapshotSchedulerOptions {
  readonly merge: Merge;
  readonly writer: RecordWriter;
  readonly reader: ChunkSource;
  readonly plans: ReadonlyMap<string, RefreshPlan>;
  readonly settings: SnapshotSettings;
  readonly observer: CaptureObserver;
  readonly clock: Clock;
  readonly tableIds: ReadonlyMap<string, TableId>;
  readonly guard: Pick<TableGuard, 'resolve' | 'halt' | 'isHalted'>;
  /** Called when a chunk has become ready, or broke. */
  readonly wake: () => void;
}

/** Keeps a bounded number of chunks in flight: opens windows, reads, and hands rows over when their time has come. */
export class SnapshotScheduler implements AsyncDisposable {
  readonly #options: SnapshotSchedulerOptions;
  readonly #ready: ReadyChunk[] = [];
  readonly #busyKeys = new Set<string>();
  readonly #dirty = new Set<string>();
  readonly #reads = new Set<Promise<void>>();
  readonly #stop = new AbortController();
  readonly #rowBytes = new Map<string, number>();
  #inFlight = 0;
  #isHeld = false;
  #readsOutstanding = 0;
  #turn = 0;
  #hasFailed = false;

  constructor(options: SnapshotSchedulerOptions) {
    this.#options = options;
  }

  /** Starts reads as far as the bound allows. */
  fill(): void {
    while (this.#inFlight < this.#options.settings.chunksInFlight && !this.#stop.signal.aborted) {
      const task = this.#nextTask();
      if (task === null) return;
      this.#inFlight += 1;
      const read = this.#prepare(task).finally(() => this.#reads.delete(read));
      this.#reads.add(read);
    }
  }

  /** While held, no range of a refresh is begun; owed keys are few, and go on. */
  hold(isHeld: boolean): void {
    this.#isHeld = isHeld;
    this.#options.wake();
  }

  get isIdle(): boolean {
    return this.#inFlight === 0;
  }

  /** A chunk is read and waits for the stream to pass its high watermark. */
  get isWaiting(): boolean {
    return this.#ready.length > 0;
  }

  get canPublish(): boolean {
    return this.#publishable() !== undefined;
  }

  /** Writes rows of ready chunks, at most `maxRows`; nothing in the middle of a transaction. */
  publish(maxRows: number): void {
    let left = maxRows;
    while (left > 0) {
      const chunk = this.#publishable();
      if (chunk === undefined) return;
      left -= this.#publishPiece(chunk, left);
    }
  }

  /** A plan ended without a record of it: the checkpoint must learn that. */
  get hasFailed(): boolean {
    return this.#hasFailed;
  }

  /** Ids of the plans whose state changed since the last call. */
  drainDirty(): string[] {
    this.#hasFailed = false;
    const ids = [...this.#dirty];
    this.#dirty.clear();
    return ids;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    this.#options.reader.abort();
    await Promise.allSettled(this.#reads);
  }

  #publishable(): ReadyChunk | undefined {
    const { merge } = this.#options;
    if (!merge.isBetweenTransactions) return undefined;
    return this.#ready.find((chunk) => chunk.read.high <= merge.passed);
  }

  #nextTask(): Task | null {
    const { merge, plans, tableIds, guard } = this.#options;
    const goesOn = (name: string): boolean => tableIds.has(name) && !guard.isHalted(name);
    const owed = merge.owed.take(KEYS_PER_CHUNK, this.#busyKeys, { has: goesOn });
    const owedTable = owed === null ? undefined : tableIds.get(owed.table);
    if (owed !== null && owedTable !== undefined) {
      for (const key of owed.keys) this.#busyKeys.add(entryKey(owed.table, key));
      return { kind: 'owed', plan: null, table: owedTable, keys: owed.keys };
    }
    if (this.#isHeld) return null;
    const active = [...plans.values()].filter(
      (plan) => !plan.isFinished && !guard.isHalted(formatTable(plan.request.table)),
    );
    for (let i = 0; i < active.length; i++) {
      const plan = active[(this.#turn + i) % active.length];
      const task = plan === undefined ? null : taskOf(plan);
      if (task === null) continue;
      this.#turn += i + 1;
      return task;
    }
    return null;
  }

  async #prepare(task: Task): Promise<void> {
    // The first read of a range turns its task into one with a fixed range.
    const work = { task };
    const name = formatTable(tableOf(task));
    const window = this.#options.merge.openWindow(name, task.kind === 'range' ? [] : task.keys);
    try {
      const read = await this.#readFresh(work, window);
      failpoint('chunk-read');
      const table = await this.#options.guard.resolve(read.table.schema);
      this.#ready.push({ task: work.task, read, window, table, next: 0, published: 0 });
    } catch (error) {
      if (stopsTable(error)) this.#options.guard.halt(name, error);
      else if (!this.#stop.signal.aborted && !this.#fails(work.task, error)) {
        const message = `reading ${name} failed, it is tried again: ${errorMessage(error)}`;
        this.#options.observer.log('warn', message);
        await this.#options.clock.sleep(RETRY_PAUSE_MS, this.#stop.signal);
      }
      this.#drop(work.task, window);
    } finally {
      this.#options.wake();
    }
  }

  /** What an operator asked for and PostgreSQL refuses ends that refresh; the capture goes on. */
  #fails({ plan }: Task, error: unknown): boolean {
    const failure = plan === null ? null : requestFailure(plan.request, error);
    if (plan === null || failure === null) return false;
    const { observer, clock } = this.#options;
    plan.fail(new Date(clock.now()).toISOString(), failure);
    this.#dirty.add(plan.request.id);
    this.#hasFailed = true;
    observer.log('error', `refresh ${plan.request.id} failed: ${failure.message}`);
    return true;
  }

  /** Reads until the snapshot sees every transaction that was published before the window opened. */
  async #readFresh(work: { task: Task }, window: Window): Promise<ChunkRead> {
    const { merge, observer, clock } = this.#options;
    for (let attempt = 1; !this.#stop.signal.aborted; attempt++) {
      const { read, stale } = await this.#readOnce(work.task, window);
      work.task = this.#fix(work.task, read, await this.#splitPoints(work.task, read));
      if (stale.length === 0) {
        if (this.#readsOutstanding === 0) merge.xids.forgetEnded(read.visibility);
        return read;
      }
      observer.chunkStale(formatTable(tableOf(work.task)), stale, attempt);
      const pauseMs = STALE_PAUSE_MS[Math.min(attempt, STALE_PAUSE_MS.length) - 1] ?? RETRY_PAUSE_MS;
      await clock.sleep(pauseMs, this.#stop.signal);
    }
    throw new Error('the capture stops');
  }

  /** A read counts as outstanding until its stale check is done: what it needs must not be forgotten before. */
  async #readOnce(task: Task, window: Window): Promise<{ read: ChunkRead; stale: number[] }> {
    this.#readsOutstanding += 1;
    try {
      const read = await this.#read(task);
      return { read, stale: this.#options.merge.xids.staleXids(read.visibility, window.openIndex) };
    } finally {
      this.#readsOutstanding -= 1;
    }
  }

  /** Forgets transactions that have ended, where no chunk does it. */
  async forgetEnded(): Promise<void> {
    if (this.#readsOutstanding > 0) return;
    const visibility = await this.#options.reader.visibility();
    if (this.#readsOutstanding === 0) this.#options.merge.xids.forgetEnded(visibility);
  }

  async #read(task: Task): Promise<ChunkRead> {
    const id = tableOf(task);
    const read = await this.#options.reader.read(id, this.#scope(task));
    const name = formatTable(id);
    if (read.rows.length > 0) this.#rowBytes.set(name, read.bytes / read.rows.length);
    if (task.kind === 'range' && task.plan.estimatedRows < 0)
      task.plan.estimate(Math.max(0, read.table.estimatedRows));
    this.#options.observer.chunkRead(name, read.rows.length, read.bytes);
    return read;
  }

  #scope(task: Task): ChunkScope {
    if (task.kind !== 'range')
      return { kind: 'keys', keys: task.keys.map((key) => JSON.parse(key) as KeyTexts) };
    const { where } = task.plan.request;
    return {
      kind: 'range',
      range: task.range,
      limit: task.range.isFixed ? null : this.#limit(task),
      where,
    };
  }

  #limit(task: Task & { kind: 'range' }): number {
    const { chunkRows, chunkBytes } = this.#options.settings;
    const rowBytes = this.#rowBytes.get(formatTable(tableOf(task)));
    if (rowBytes === undefined) return Math.min(FIRST_CHUNK_ROWS, chunkRows);
    return Math.max(1, Math.min(chunkRows, Math.floor(chunkBytes / rowBytes)));
  }

  /** Behind its first chunk, a table that is large enough is divided. */
  async #splitPoints(task: Task, { lastKey, reachedEnd }: ChunkRead): Promise<readonly KeyTexts[]> {
    const { partsPerTable, chunkBytes } = this.#options.settings;
    if (task.kind !== 'range' || task.range.isFixed || task.range.after !== null) return [];
    if (partsPerTable === 1 || reachedEnd || lastKey === null) return [];
    const { table, where } = task.plan.request;
    const scope = { after: lastKey, where, parts: partsPerTable, partBytes: chunkBytes * CHUNKS_PER_PART };
    try {
      return await this.#options.reader.splitPoints(table, scope);
    } catch (error) {
      const message = `${formatTable(table)} is read in one part: ${errorMessage(error)}`;
      if (!this.#stop.signal.aborted) this.#options.observer.log('warn', message);
      return [];
    }
  }

  /** The first read fixes the range, save the table's last one, which has no upper bound. */
  #fix(task: Task, read: ChunkRead, splitPoints: readonly KeyTexts[]): Task {
    if (task.kind !== 'range' || task.range.isFixed) return task;
    const range = task.plan.fix(task.range, read.lastKey, read.reachedEnd);
    if (splitPoints.length > 0) task.plan.split(splitPoints);
    this.#dirty.add(task.plan.request.id);
    this.fill();
    return { ...task, range };
  }

  #publishPiece(chunk: ReadyChunk, maxRows: number): number {
    const { windowBytes } = this.#options.settings;
    const outgrown = chunk.next === 0 && chunk.window.bytes > windowBytes;
    if (chunk.window.shapeChanged || outgrown || chunk.task.plan?.isFinished === true) {
      this.#ready.splice(this.#ready.indexOf(chunk), 1);
      this.#drop(chunk.task, chunk.window);
      return 0;
    }
    const rows = publishChunk(chunk, maxRows, this.#options.merge);
    if (isPublished(chunk)) this.#finish(chunk);
    if (chunk.task.plan !== null) this.#dirty.add(chunk.task.plan.request.id);
    return rows;
  }

  #finish(chunk: ReadyChunk): void {
    failpoint('chunk-border');
    this.#ready.splice(this.#ready.indexOf(chunk), 1);
    this.#options.merge.closeWindow(chunk.table.name, chunk.window);
    this.#inFlight -= 1;
    const { task } = chunk;
    if (task.kind === 'owed') this.#freeKeys(task);
    else if (task.kind === 'keys') task.plan.finishKeys(task.keys.length);
    else task.plan.finishRange(task.range);
    task.plan?.publishedRows(chunk.published);
  }

  /** The chunk was not published, or not wholly: it is read anew. */
  #drop(task: Task, window: Window): void {
    this.#options.merge.closeWindow(formatTable(tableOf(task)), window);
    this.#inFlight -= 1;
    if (task.kind === 'owed') this.#freeKeys(task);
    else if (task.kind === 'keys') task.plan.giveBackKeys();
    else task.plan.giveBack(task.range);
  }

  #freeKeys(task: Task & { kind: 'owed' }): void {
    const table = formatTable(task.table);
    for (const key of task.keys) this.#busyKeys.delete(entryKey(table, key));
  }
}
