import type { RefreshTag } from '../change/change.ts';
import type { TableId } from '../change/table.ts';
import { type KeyTexts, KeyWalk, type WalkRange, type WalkState } from './key-walk.ts';

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
export interface RefreshPlanState extends WalkState {
  readonly request: RefreshRequest;
  readonly status: PlanStatus;
  readonly failure: PlanFailure | null;
  /** Of `request.keys`, how many are published. */
  readonly keysDone: number;
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

/** One refresh of a table: what of it is to be read, and how far it has come. */
export class RefreshPlan {
  readonly request: RefreshRequest;
  readonly startedAt: string;
  readonly #walk: KeyWalk;
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
    this.#walk = new KeyWalk(state);
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
    return this.#walk.isDone;
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

  /** The next range to read, or null where all that is left is being worked on. */
  take(): WalkRange | null {
    if (this.#status !== 'running' || this.request.keys !== null) return null;
    return this.#walk.take();
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

  /** See `KeyWalk.fix`. */
  fix(range: WalkRange, lastKey: KeyTexts | null, reachedEnd: boolean): WalkRange {
    return this.#walk.fix(range, lastKey, reachedEnd);
  }

  /** What is left of the table is read in several parts at once from now on. */
  split(points: readonly KeyTexts[]): void {
    this.#walk.split(points);
  }

  /** The chunk was dropped before it was published: the range is to be read again. */
  giveBack(range: WalkRange): void {
    this.#walk.giveBack(range);
  }

  publishedRows(count: number): void {
    this.#rowsPublished += count;
  }

  finishRange(range: WalkRange): void {
    this.#walk.finish(range);
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
      ...this.#walk.state,
      rowsPublished: this.#rowsPublished,
      estimatedRows: this.#estimatedRows,
      startedAt: this.startedAt,
      finishedAt: this.#finishedAt,
    };
  }
}
