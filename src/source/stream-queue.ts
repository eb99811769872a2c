import type { Lsn } from '../change/lsn.ts';

/** What the server sent, in its order. `payload` is one pgoutput message, ours to keep. */
export type StreamItem =
  | { readonly kind: 'message'; readonly payload: Buffer }
  /** Everything below `walEnd` that belongs to this slot has been sent before this item. */
  | { readonly kind: 'keepalive'; readonly walEnd: Lsn };

const COMPACT_AT = 4_096;

/** What was received and not taken yet, in the server's order: a keepalive never overtakes a message (invariant 1). */
export class StreamQueue {
  readonly #items: StreamItem[] = [];
  #head = 0;
  #bytes = 0;

  get isEmpty(): boolean {
    return this.length === 0;
  }

  get length(): number {
    return this.#items.length - this.#head;
  }

  /** Of the messages. */
  get bytes(): number {
    return this.#bytes;
  }

  /** What `take` would give. */
  get next(): StreamItem | undefined {
    return this.#items[this.#head];
  }

  push(item: StreamItem): void {
    this.#items.push(item);
    if (item.kind === 'message') this.#bytes += item.payload.length;
  }

  take(): StreamItem | undefined {
    const item = this.#items[this.#head];
    if (item === undefined) return undefined;
    this.#head += 1;
    if (item.kind === 'message') this.#bytes -= item.payload.length;
    if (this.#head > COMPACT_AT || this.#head === this.#items.length) {
      this.#items.splice(0, this.#head);
      this.#head = 0;
    }
    return item;
  }
}
