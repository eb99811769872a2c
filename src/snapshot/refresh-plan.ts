import type { RefreshTag } from '../change/change.ts';
import type { TableId } from '../change/table.ts';

/** Key values as PostgreSQL's text, in the order of `TableSchema.key`. */
export type KeyTexts = readonly string[];

/** Rows whose key is greater than `after` and at most `upTo`; null is no bound: such a range is read with a LIMIT. */
export interface KeyRange {
  readonly after: KeyTexts | null;
  readonly upTo: KeyTexts | null;
}

/** What a refresh is to read: `where` narrows the table by an SQL condition, `keys` to single rows. */
export interface RefreshRequest {
  readonly id: string;
  readonly table: TableId;
  readonly where: string | null;
  /** In the text form that PostgreSQL gives them. One that no longer exists is published as a delete. */
  readonly keys: readonly KeyTexts[] | null;
  readonly tag: RefreshTag | null;
  /** Set where the refresh follows a gap: a sweep of everything older ends it. */
  readonly sweepBefore: number | null;
}

export type PlanStatus = 'running' | 'paused' | 'finished' | 'cancelled' | 'failed';

/** Why a plan failed. */
export interface PlanFailure {
  readonly code: string;
  readonly message: string;
}

/** A plan's progress as the checkpoint holds it. */
export interface RefreshPlanState {
  readonly request: RefreshRequest;
  readonly status: PlanStatus;
  readonly failure: PlanFailure | null;
  /** Of `request.keys`, how many are published. */
  readonly keysDone: number;
  /** Everything up to here is finished or open; null: nothing was planned yet. */
  readonly cursor: KeyTexts | null;
  /** The last range is published: no row is beyond the cursor. */
  readonly planned: boolean;
  readonly open: readonly KeyRange[];
  readonly rowsPublished: number;
  readonly estimatedRows: number;
  readonly startedAt: string;
  /** When it ended, in whatever way. */
  readonly finishedAt: string | null;
}

/** A plan's state from the checkpoint; of an older one, what it did not know yet has its default. */
export function parsePlanState(text: string): RefreshPlanState {
  const json = JSON.parse(text) as OlderState;
  const status: PlanStatus = json.finishedAt === null ? 'running' : 'finished';
  const request = { ...json.request, keys: json.request.keys ?? null };
  return { status, failure: null, keysDone: 0, ...json, request };
}

type Later = 'status' | 'failure' | 'keysDone';
type OlderState = Omit<RefreshPlanState, Later | 'request'> &
  Partial<Pick<RefreshPlanState, Later>> & {
    readonly request: Omit<RefreshRequest, 'keys'> & Partial<Pick<RefreshRequest, 'keys'>>;
  };

/**
 * Cuts a table into chunks along its primary key. A chunk's upper bound is fixed by its first read
 * (the key of its last row), so a second read, also after a restart, reads the same range.
 */
export class RefreshPlan {
  readonly request: RefreshRequest;
  readonly startedAt: string;
  #cursor: KeyTexts | null;
  #planned: boolean;
  readonly #open: KeyRange[];
  /** Open ranges that nobody works on: left by a restart, or dropped with their window. */
  readonly #idle: KeyRange[];
  #frontierBusy = false;
  #status: PlanStatus;
  #failure: PlanFailure | null;
  #keysDone: number;
  #keysBusy = false;
  #rowsPublished: number;
  #estimatedRows: number;
  #finishedAt: string | null;

  constructor(state: RefreshPlanState) {
    this.request = state.request;
    this.startedAt = state.startedAt;
    this.#cursor = state.cursor;
    this.#planned = state.planned;
    this.#open = [...state.open];
    this.#idle = [...state.open];
    this.#rowsPublished = state.rowsPublished;
    this.#estimatedRows = state.estimatedRows;
    this.#finishedAt = state.finishedAt;
    this.#status = state.status;
    this.#failure = state.failure;
    this.#keysDone = state.keysDone;
  }

  static fresh(request: RefreshRequest, startedAt: string): RefreshPlan {
    return new RefreshPlan({
      request,
      status: 'running',
      failure: null,
      keysDone: 0,
      cursor: null,
      planned: false,
      open: [],
      rowsPublished: 0,
      estimatedRows: -1,
      startedAt,
      finishedAt: null,
    });
  }

  get isRead(): boolean {
    const { keys } = this.request;
    if (keys !== null) return this.#keysDone >= keys.length;
    return this.#planned && this.#open.length === 0 && !this.#frontierBusy;
  }

  /** It ended, in whatever way: nothing of it is read or published any more. */
  get isFinished(): boolean {
    return this.#finishedAt !== null;
  }

  /** ISO time; null while it goes on. */
  get endedAt(): string | null {
    return this.#finishedAt;
  }

  get rowsPublished(): number {
    return this.#rowsPublished;
  }

  get estimatedRows(): number {
    return this.#estimatedRows;
  }

  estimate(rows: number): void {
    this.#estimatedRows = rows;
  }

  /** The next range to read, or null where all that is left is being worked on. `upTo` null: read with a LIMIT. */
  take(): KeyRange | null {
    if (this.#status !== 'running' || this.request.keys !== null) return null;
    const idle = this.#idle.shift();
    if (idle !== undefined) return idle;
    if (this.#planned || this.#frontierBusy) return null;
    this.#frontierBusy = true;
    return { after: this.#cursor, upTo: null };
  }

  /** The next keys to read; null where there are none, or some are being worked on. */
  takeKeys(limit: number): readonly KeyTexts[] | null {
    const { keys } = this.request;
    if (this.#status !== 'running' || keys === null || this.#keysBusy || this.isRead) return null;
    this.#keysBusy = true;
    return keys.slice(this.#keysDone, this.#keysDone + limit);
  }

  giveBackKeys(): void {
    this.#keysBusy = false;
  }

  finishKeys(count: number): void {
    this.#keysBusy = false;
    this.#keysDone += count;
  }

  /**
   * The frontier's first read ended at `lastKey`, or found the end of the table. Gives the range that is
   * open from now on. The last one has no upper bound, and is the frontier until it is published: a row
   * behind its last key can still come to light, of a transaction that the first read did not see and
   * that no stream brings, or one whose deletion the source lost in a crash.
   */
  fixFrontier(lastKey: KeyTexts | null, reachedEnd: boolean): KeyRange {
    if (reachedEnd || lastKey === null) return { after: this.#cursor, upTo: null };
    const range = { after: this.#cursor, upTo: lastKey };
    this.#frontierBusy = false;
    this.#cursor = range.upTo;
    this.#open.push(range);
    return range;
  }

  /** The chunk was dropped before it was published: the range is to be read again. */
  giveBack(range: KeyRange): void {
    if (range.upTo === null) this.#frontierBusy = false;
    else this.#idle.push(range);
  }

  publishedRows(count: number): void {
    this.#rowsPublished += count;
  }

  finishRange(range: KeyRange): void {
    if (range.upTo === null) {
      this.#frontierBusy = false;
      this.#planned = true;
      return;
    }
    const index = this.#open.indexOf(range);
    if (index >= 0) this.#open.splice(index, 1);
  }

  finish(at: string): void {
    this.#end('finished', at);
  }

  pause(): void {
    if (this.#status === 'running') this.#status = 'paused';
  }

  resume(): void {
    if (this.#status === 'paused') this.#status = 'running';
  }

  cancel(at: string): void {
    this.#end('cancelled', at);
  }

  fail(at: string, failure: PlanFailure): void {
    if (this.#finishedAt === null) this.#failure = failure;
    this.#end('failed', at);
  }

  #end(status: PlanStatus, at: string): void {
    if (this.#finishedAt !== null) return;
    this.#status = status;
    this.#finishedAt = at;
  }

  get state(): RefreshPlanState {
    return {
      request: this.request,
      status: this.#status,
      failure: this.#failure,
      keysDone: this.#keysDone,
      cursor: this.#cursor,
      planned: this.#planned,
      open: [...this.#open],
      rowsPublished: this.#rowsPublished,
      estimatedRows: this.#estimatedRows,
      startedAt: this.startedAt,
      finishedAt: this.#finishedAt,
    };
  }
}
