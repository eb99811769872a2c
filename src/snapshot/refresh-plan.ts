import type { RefreshTag } from '../change/change.ts';
import type { TableId } from '../change/table.ts';

/** Key values as PostgreSQL's text, in the order of `TableSchema.key`. */
export type KeyTexts = readonly string[];

/** Rows whose key is greater than `after` and at most `upTo`; null is no bound: such a range is read with a LIMIT. */
export interface KeyRange {
  readonly after: KeyTexts | null;
  readonly upTo: KeyTexts | null;
}

/** What a refresh is to read: `where` narrows the table by an SQL condition. */
export interface RefreshRequest {
  readonly id: string;
  readonly table: TableId;
  readonly where: string | null;
  readonly tag: RefreshTag | null;
  /** Set where the refresh follows a gap: a sweep of everything older ends it. */
  readonly sweepBefore: number | null;
}

/** A plan's progress as the checkpoint holds it. */
export interface RefreshPlanState {
  readonly request: RefreshRequest;
  /** Everything up to here is finished or open; null: nothing was planned yet. */
  readonly cursor: KeyTexts | null;
  /** The last range is published: no row is beyond the cursor. */
  readonly planned: boolean;
  readonly open: readonly KeyRange[];
  readonly rowsPublished: number;
  readonly estimatedRows: number;
  readonly startedAt: string;
  readonly finishedAt: string | null;
}

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
  }

  static fresh(request: RefreshRequest, startedAt: string): RefreshPlan {
    return new RefreshPlan({
      request,
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
    return this.#planned && this.#open.length === 0 && !this.#frontierBusy;
  }

  get isFinished(): boolean {
    return this.#finishedAt !== null;
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
    const idle = this.#idle.shift();
    if (idle !== undefined) return idle;
    if (this.#planned || this.#frontierBusy) return null;
    this.#frontierBusy = true;
    return { after: this.#cursor, upTo: null };
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
    this.#finishedAt = at;
  }

  get state(): RefreshPlanState {
    return {
      request: this.request,
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
