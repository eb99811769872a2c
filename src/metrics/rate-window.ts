interface Sample {
  readonly ms: number;
  readonly counts: ReadonlyMap<string, number>;
}

/** Rates of counts that grow, over the last while. */
export class RateWindow {
  readonly #windowMs: number;
  readonly #samples: Sample[] = [];

  constructor(windowMs: number) {
    this.#windowMs = windowMs;
  }

  note(ms: number, counts: ReadonlyMap<string, number>): void {
    this.#samples.push({ ms, counts: new Map(counts) });
    // One that is older than the window is kept: the rate is that of at least the window.
    while ((this.#samples[1]?.ms ?? ms) <= ms - this.#windowMs) this.#samples.shift();
  }

  /** A second; null where there is nothing to compare with yet. What was not counted before began with 0. */
  perSecond(name: string): number | null {
    const first = this.#samples[0];
    const last = this.#samples.at(-1);
    if (first === undefined || last === undefined || first.ms === last.ms) return null;
    const grown = (last.counts.get(name) ?? 0) - (first.counts.get(name) ?? 0);
    return Math.max(0, grown * 1_000) / (last.ms - first.ms);
  }
}
