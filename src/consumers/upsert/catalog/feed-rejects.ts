/** A line of a feed that is no product, and why. */
export interface FeedReject {
  readonly line: number;
  readonly reason: string;
}

const MOST_NAMED = 20;

/** Counts what a feed has besides products; the first ones are named. */
export class FeedRejects {
  readonly named: FeedReject[] = [];
  count = 0;

  add({ line, reason }: FeedReject): void {
    this.count += 1;
    if (this.named.length < MOST_NAMED) this.named.push({ line, reason });
  }
}
