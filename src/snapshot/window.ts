import { isInProgress, type Visibility } from './visibility.ts';

interface SeenKey {
  /** Every transaction that changed the key since the window opened. */
  readonly xids: Set<number>;
  /** Whether the last change left a TOASTed value out. */
  incomplete: boolean;
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
  #bytes = 0;
  #shapeChanged = false;

  constructor(openIndex: number) {
    this.openIndex = openIndex;
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
  changed(key: string, xid: number, incomplete: boolean): void {
    const seen = this.#keys.get(key);
    if (seen === undefined) {
      this.#keys.set(key, { xids: new Set([xid]), incomplete });
      this.#bytes += KEY_OVERHEAD_BYTES + 2 * key.length;
      return;
    }
    seen.xids.add(xid);
    seen.incomplete = incomplete;
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
