import { type Tuple, UNAVAILABLE_LENGTH } from '../change/tuple.ts';
import { isInProgress, type Visibility } from '../change/visibility.ts';

/** A change as it was published. */
export interface SeenChange {
  /** Identifies the shape of the tuple. */
  readonly table: object;
  readonly tuple: Tuple;
}

/** The last tuple of a key, with the columns whose TOASTed value none of its changes touched. */
export interface Unfinished {
  readonly table: object;
  readonly tuple: Tuple;
  readonly untouched: ReadonlySet<number>;
}

interface SeenKey {
  /** Every transaction that changed the key since the window opened. */
  readonly xids: Set<number>;
  /** Whether the last change left a TOASTed value out. */
  incomplete: boolean;
  unfinished: Unfinished | null;
}

/** What the window knows of one key when its chunk's row is about to be published. */
export type KeyVerdict = 'publish' | 'skip' | 'skip-incomplete';

/** A rough price of one remembered key besides its text, in bytes. */
const KEY_OVERHEAD_BYTES = 160;

/**
 * What was published for one table while a chunk of it is read and waits (design: step 1 and 5). A
 * chunk's row is older than a change that its snapshot does not see: such a row is never published.
 */
export class Window {
  readonly openIndex: number;
  readonly #keys = new Map<string, SeenKey>();
  readonly #truncates = new Set<number>();
  /** Keys whose last tuple is kept. */
  readonly #kept: ReadonlySet<string>;
  #bytes = 0;
  #shapeChanged = false;

  constructor(openIndex: number, kept: Iterable<string> = []) {
    this.openIndex = openIndex;
    this.#kept = new Set(kept);
  }

  get bytes(): number {
    return this.#bytes;
  }

  get isEmpty(): boolean {
    return this.#keys.size === 0 && this.#truncates.size === 0;
  }

  get shapeChanged(): boolean {
    return this.#shapeChanged;
  }

  /** Any change of the key: deletes, and both sides of a changed primary key, included. */
  changed(key: string, xid: number, incomplete: boolean, change: SeenChange): void {
    const seen = this.#keys.get(key);
    const unfinished = incomplete && this.#kept.has(key) ? this.#keep(seen, change) : null;
    if (seen === undefined) {
      this.#keys.set(key, { xids: new Set([xid]), incomplete, unfinished });
      this.#bytes += KEY_OVERHEAD_BYTES + 2 * key.length;
      return;
    }
    seen.xids.add(xid);
    seen.incomplete = incomplete;
    seen.unfinished = unfinished;
  }

  /** A row that was there when the chunk was read, and that a create replaces, was deleted before: nothing is untouched then. */
  #keep(seen: SeenKey | undefined, { table, tuple }: SeenChange): Unfinished {
    const missing = missingColumns(tuple);
    const before = seen === undefined ? null : (seen.unfinished?.untouched ?? NONE);
    const untouched = new Set(before === null ? missing : missing.filter((column) => before.has(column)));
    this.#bytes += tuple.bytes.length;
    return { table, tuple: { bytes: Buffer.from(tuple.bytes), spans: tuple.spans }, untouched };
  }

  /** The kept tuple of a key; null where there is none, or the key was truncated away. */
  unfinished(key: string, visibility: Visibility): Unfinished | null {
    if (someInProgress(this.#truncates, visibility)) return null;
    return this.#keys.get(key)?.unfinished ?? null;
  }

  /** A TRUNCATE counts as a change of every key. */
  truncated(xid: number): void {
    this.#truncates.add(xid);
  }

  relationChanged(): void {
    this.#shapeChanged = true;
  }

  verdict(key: string, visibility: Visibility): KeyVerdict {
    const seen = this.#keys.get(key);
    const unseen =
      someInProgress(this.#truncates, visibility) ||
      (seen !== undefined && someInProgress(seen.xids, visibility));
    if (!unseen) return 'publish';
    return seen?.incomplete === true ? 'skip-incomplete' : 'skip';
  }
}

function someInProgress(xids: ReadonlySet<number>, visibility: Visibility): boolean {
  for (const xid of xids) if (isInProgress(visibility, xid)) return true;
  return false;
}

const NONE: ReadonlySet<number> = new Set();

function missingColumns({ spans }: Tuple): number[] {
  const missing: number[] = [];
  for (let i = 1; i < spans.length; i += 2) if (spans[i] === UNAVAILABLE_LENGTH) missing.push((i - 1) / 2);
  return missing;
}
