/** Key values as PostgreSQL's text, in the order of `TableSchema.key`. */
export type KeyTexts = readonly string[];

/** Rows whose key is greater than `after` and at most `upTo`; null is no bound. */
export interface KeyRange {
  readonly after: KeyTexts | null;
  readonly upTo: KeyTexts | null;
}

/** A range that is being read, or is to be. */
export interface WalkRange extends KeyRange {
  /** False: it is what is left of a part; read with a LIMIT, and fixed by where that read ends. */
  readonly isFixed: boolean;
}

/** How far the walk has come, as the checkpoint holds it. */
export interface WalkState {
  /** Everything up to here is finished or open; null: nothing was planned yet. */
  readonly cursor: KeyTexts | null;
  /** Nothing is left but what is open. */
  readonly planned: boolean;
  readonly open: readonly KeyRange[];
  /**
   * What is left of each part, by the key's order, where there are several. Who does not know of parts goes
   * on at `cursor` and reads some ranges a second time.
   */
  readonly parts?: readonly KeyRange[];
}

interface Part {
  after: KeyTexts | null;
  readonly upTo: KeyTexts | null;
  /** What is being read of it, until that is fixed. */
  reading: WalkRange | null;
  chunks: number;
}

/**
 * Cuts a table into ranges along its key, in one part or in several at once. A range's upper bound is fixed
 * by its first read (the key of its last row, or the end of its part), so a second read, also after a
 * restart, reads the same range.
 */
export class KeyWalk {
  readonly #open: WalkRange[];
  /** Open ranges that nobody works on: left by a restart, or dropped with their window. */
  readonly #idle: WalkRange[];
  #parts: Part[];

  constructor({ cursor, planned, open, parts }: WalkState) {
    this.#open = open.map((range) => ({ ...range, isFixed: true }));
    this.#idle = [...this.#open];
    const left = parts ?? (planned ? [] : [{ after: cursor, upTo: null }]);
    this.#parts = left.map(partOf);
  }

  get isDone(): boolean {
    return this.#parts.length === 0 && this.#open.length === 0;
  }

  /** The next range to read, or null where all that is left is being worked on. Parts take turns. */
  take(): WalkRange | null {
    const idle = this.#idle.shift();
    if (idle !== undefined) return idle;
    const [part] = this.#parts
      .filter(({ reading }) => reading === null)
      .toSorted((a, b) => a.chunks - b.chunks);
    if (part === undefined) return null;
    part.chunks += 1;
    part.reading = { after: part.after, upTo: part.upTo, isFixed: false };
    return part.reading;
  }

  /**
   * The first read of a range ended at `lastKey`, or found the end of its part. Gives the range that is open
   * from now on. The table's last one has no upper bound, and is not fixed before it is published: a row
   * behind its last key can still come to light, of a transaction that the first read did not see and
   * that no stream brings, or one whose deletion the source lost in a crash.
   */
  fix(range: WalkRange, lastKey: KeyTexts | null, reachedEnd: boolean): WalkRange {
    const part = this.#parts.find(({ reading }) => reading === range);
    if (range.isFixed || part === undefined) return range;
    const isEnd = reachedEnd || lastKey === null;
    if (isEnd && part.upTo === null) return range;
    const fixed = { after: part.after, upTo: isEnd ? part.upTo : lastKey, isFixed: true };
    this.#open.push(fixed);
    if (isEnd) this.#parts.splice(this.#parts.indexOf(part), 1);
    part.after = fixed.upTo;
    part.reading = null;
    return fixed;
  }

  /** What is left becomes several parts; `points`: keys behind the cursor, in their order. */
  split(points: readonly KeyTexts[]): void {
    const [part] = this.#parts;
    if (part === undefined || this.#parts.length > 1 || part.reading !== null) return;
    const bounds = [part.after, ...points, null];
    this.#parts = bounds.slice(1).map((upTo, i) => partOf({ after: bounds[i] ?? null, upTo }));
  }

  /** The range was dropped before it was published: it is to be read again. */
  giveBack(range: WalkRange): void {
    if (range.isFixed) this.#idle.push(range);
    else for (const part of this.#parts) if (part.reading === range) part.reading = null;
  }

  finish(range: WalkRange): void {
    if (!range.isFixed) {
      this.#parts = this.#parts.filter(({ reading }) => reading !== range);
      return;
    }
    const index = this.#open.indexOf(range);
    if (index >= 0) this.#open.splice(index, 1);
  }

  get state(): WalkState {
    const parts = this.#parts.map(({ after, upTo }) => ({ after, upTo }));
    return {
      cursor: parts[0]?.after ?? null,
      planned: parts.length === 0,
      open: this.#open.map(({ after, upTo }) => ({ after, upTo })),
      ...(parts.length > 1 || (parts[0] !== undefined && parts[0].upTo !== null) ? { parts } : {}),
    };
  }
}

function partOf({ after, upTo }: KeyRange): Part {
  return { after, upTo, reading: null, chunks: 0 };
}
