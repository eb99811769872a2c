import type { FreshnessReport } from '../freshness-report.ts';
import type { AgeSample } from './page-events.ts';

const SPAN_MS = 600_000;
const STEP_MS = 2_000;

/** How old each pipeline's target was over the last minutes, for a page that is opened now. */
export class AgeHistory {
  readonly #ages = new Map<string, AgeSample[]>();

  /** Keeps a sample every two seconds; in between it costs nothing. */
  note({ at, pipelines }: FreshnessReport): void {
    const now = Date.parse(at);
    for (const { name, ageSeconds } of pipelines) {
      const samples = this.#ages.get(name) ?? [];
      this.#ages.set(name, samples);
      if (now - (samples.at(-1)?.[0] ?? 0) < STEP_MS) continue;
      samples.push([now, ageSeconds]);
      while ((samples[0]?.[0] ?? now) < now - SPAN_MS) samples.shift();
    }
  }

  /** By pipeline, the oldest first. */
  all(): Readonly<Record<string, readonly AgeSample[]>> {
    return Object.fromEntries(this.#ages);
  }
}
