/** How fast a count grows: over the last few seconds, or since its first sample. */
export class RateMeter {
  readonly #windowMs: number;
  #samples: { readonly at: number; readonly done: number }[] = [];

  constructor(windowMs: number) {
    this.#windowMs = windowMs;
  }

  /** Takes the count of now; gives the rate a second by then, 0 as long as nothing can be said. */
  sample(done: number, at = Date.now()): number {
    this.#samples = this.#samples.filter((sample) => sample.at >= at - this.#windowMs);
    const first = this.#samples[0];
    // Of an endless window only the first sample counts.
    if (first === undefined || this.#windowMs < Infinity) this.#samples.push({ at, done });
    return first === undefined || first.at === at ? 0 : ((done - first.done) * 1_000) / (at - first.at);
  }

  reset(): void {
    this.#samples = [];
  }
}
