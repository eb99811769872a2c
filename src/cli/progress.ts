import type { LiveStatus } from '../metrics/live-status.ts';
import { countText, durationText } from '../runtime/quantity-text.ts';
import { RateMeter } from './rate-meter.ts';
import { StatusLine } from './status-line.ts';
import type { Terminal } from './terminal.ts';

const INTERVAL_MS = 200;
/** The rate is that of the last few seconds. */
const RATE_WINDOW_MS = 3_000;

/** Phase, rows a second, ETA, lag. Silent where nobody watches. */
export class Progress implements Disposable {
  readonly #terminal: Terminal;
  readonly #status: LiveStatus;
  readonly #line: StatusLine;
  readonly #rate = new RateMeter(RATE_WINDOW_MS);
  readonly #timer: NodeJS.Timeout | null;
  #phase = '';
  #total: number | null = null;

  constructor(terminal: Terminal, status: LiveStatus) {
    this.#terminal = terminal;
    this.#status = status;
    this.#line = new StatusLine(terminal);
    this.#timer = terminal.interactive ? setInterval(() => this.#draw(), INTERVAL_MS) : null;
    this.#timer?.unref();
  }

  /** `total`: rows that the phase has to apply, where that is known. */
  phase(name: string, total: number | null = null): void {
    this.#phase = name;
    this.#total = total;
    this.#rate.reset();
    if (!this.#terminal.interactive && !this.#terminal.json) this.#terminal.note(name);
  }

  /** Prints a line above the progress. */
  note(text: string): void {
    this.#line.clear();
    if (!this.#terminal.json) this.#terminal.note(text);
  }

  [Symbol.dispose](): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#line.clear();
  }

  #draw(): void {
    this.#line.draw(this.#text(), this.#phase.length);
  }

  #text(): string {
    const pipelines = [...this.#status.pipelines()];
    const published = sum([...this.#status.sources()].map((source) => source.published));
    const applied = sum(pipelines.map((pipeline) => pipeline.applied));
    const rate = this.#rate.sample(applied);
    const parts = [this.#phase];
    if (published > 0)
      parts.push(
        `published ${countText(published)}`,
        `applied ${countText(applied)}`,
        `${countText(rate)} rows/s`,
      );
    const done = this.#total === null ? 0 : applied / this.#total;
    if (this.#total !== null && done < 1 && rate > 0)
      parts.push(`${Math.floor(done * 100)} %`, `ETA ${durationText((this.#total - applied) / rate)}`);
    const lagMs = Math.max(0, ...pipelines.map((pipeline) => pipeline.lagMs));
    if (lagMs > 0) parts.push(`lag ${Math.round(lagMs)} ms`);
    return parts.join('  ');
  }
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
