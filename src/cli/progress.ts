import type { LiveStatus } from '../metrics/live-status.ts';
import type { Terminal } from './terminal.ts';

const INTERVAL_MS = 200;
/** The rate is that of the last few seconds. */
const RATE_WINDOW_MS = 3_000;

interface Sample {
  readonly at: number;
  readonly published: number;
  readonly applied: number;
}

/** One line that is drawn again and again: phase, rows a second, ETA, lag. Silent where nobody watches. */
export class Progress implements Disposable {
  readonly #terminal: Terminal;
  readonly #status: LiveStatus;
  readonly #samples: Sample[] = [];
  readonly #timer: NodeJS.Timeout | null;
  #phase = '';
  #total: number | null = null;

  constructor(terminal: Terminal, status: LiveStatus) {
    this.#terminal = terminal;
    this.#status = status;
    this.#timer = terminal.interactive ? setInterval(() => this.#draw(), INTERVAL_MS) : null;
    this.#timer?.unref();
  }

  /** `total`: rows that the phase has to apply, where that is known. */
  phase(name: string, total: number | null = null): void {
    this.#phase = name;
    this.#total = total;
    this.#samples.length = 0;
    if (!this.#terminal.interactive && !this.#terminal.json) this.#terminal.note(name);
  }

  /** Prints a line above the progress. */
  note(text: string): void {
    this.#clear();
    if (!this.#terminal.json) this.#terminal.note(text);
  }

  [Symbol.dispose](): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#clear();
  }

  #clear(): void {
    if (this.#timer !== null) process.stderr.write('\r\u001B[K');
  }

  #draw(): void {
    const now = this.#sample();
    this.#samples.push(now);
    while ((this.#samples[0]?.at ?? 0) < now.at - RATE_WINDOW_MS) this.#samples.shift();
    const width = process.stderr.columns ?? 80;
    const line = this.#line(now).slice(0, width - 1);
    const paint = this.#terminal.color
      ? `\u001B[1m${this.#phase}\u001B[22m${line.slice(this.#phase.length)}`
      : line;
    process.stderr.write(`\r${paint}\u001B[K`);
  }

  #line(now: Sample): string {
    const rate = this.#rate(now);
    const parts = [this.#phase];
    if (now.published > 0)
      parts.push(
        `published ${format(now.published)}`,
        `applied ${format(now.applied)}`,
        `${format(rate)} rows/s`,
      );
    const done = this.#total === null ? 0 : now.applied / this.#total;
    if (this.#total !== null && done < 1 && rate > 0) {
      parts.push(`${Math.floor(done * 100)} %`, `ETA ${Math.ceil((this.#total - now.applied) / rate)} s`);
    }
    const lagMs = Math.max(0, ...[...this.#pipelines()].map((pipeline) => pipeline.lagMs));
    if (lagMs > 0) parts.push(`lag ${Math.round(lagMs)} ms`);
    return parts.join('  ');
  }

  #sample(): Sample {
    let published = 0;
    let applied = 0;
    for (const source of this.#status.sources()) published += source.published;
    for (const pipeline of this.#pipelines()) applied += pipeline.applied;
    return { at: Date.now(), published, applied };
  }

  #pipelines(): ReturnType<LiveStatus['pipelines']> {
    return this.#status.pipelines();
  }

  #rate(now: Sample): number {
    const first = this.#samples[0];
    if (first === undefined || now.at === first.at) return 0;
    return ((now.applied - first.applied) * 1_000) / (now.at - first.at);
  }
}

function format(value: number): string {
  return Math.round(value).toLocaleString('en-US');
}
