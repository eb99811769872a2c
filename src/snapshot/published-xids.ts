import { isInProgress, type Visibility } from '../change/visibility.ts';

/**
 * Which transactions a new snapshot may still not see although their changes are in the topic already
 * (design: "Stale?"). An xid counts from its first published change until a snapshot shows it ended.
 */
export class PublishedXids {
  /** xid → the publish index of its first published change. */
  readonly #firstPublished = new Map<number, number>();
  /** Already in progress when this capture started: a predecessor may have published them. */
  readonly #atStart: Set<number>;
  #index = 0;

  constructor(inProgressAtStart: Iterable<number> = []) {
    this.#atStart = new Set(inProgressAtStart);
  }

  /** The index that the next published change will get; a window remembers it when it opens. */
  get nextIndex(): number {
    return this.#index;
  }

  get size(): number {
    return this.#firstPublished.size + this.#atStart.size;
  }

  /** Changes of these may be missing from the topic: no chunk is fresh that does not see them. */
  alsoInProgress(xids: Iterable<number>): void {
    for (const xid of xids) this.#atStart.add(xid);
  }

  published(xid: number): void {
    if (!this.#firstPublished.has(xid)) this.#firstPublished.set(xid, this.#index);
    this.#index += 1;
  }

  /** The xids that make a chunk stale whose window opened at `openIndex` and which was read with `visibility`. */
  staleXids(visibility: Visibility, openIndex: number): number[] {
    const stale = [...this.#atStart].filter((xid) => isInProgress(visibility, xid));
    for (const [xid, index] of this.#firstPublished) {
      if (index < openIndex && isInProgress(visibility, xid)) stale.push(xid);
    }
    return stale;
  }

  /** May be called only while no other chunk stands between its snapshot and its stale check. */
  forgetEnded(visibility: Visibility): void {
    for (const xid of this.#firstPublished.keys()) {
      if (!isInProgress(visibility, xid)) this.#firstPublished.delete(xid);
    }
    for (const xid of this.#atStart) if (!isInProgress(visibility, xid)) this.#atStart.delete(xid);
  }
}
