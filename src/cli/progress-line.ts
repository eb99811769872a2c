import type { Terminal } from './terminal.ts';

const DRAW_MS = 200;
/** The rate is that of the last few seconds. */
const RATE_WINDOW_MS = 5_000;

/** One line that is drawn again and again: what is being done, how far it is, rows a second, ETA. Silent where nobody watches. */
export class ProgressLine implements Disposable {
  readonly #terminal: Terminal;
  #phase = '';
  #samples: { at: number; done: number }[] = [];
  #drawnAt = 0;

  constructor(terminal: Terminal) {
    this.#terminal = terminal;
  }

  /** `total` −1: not known. */
  update(phase: string, done: number, total: number): void {
    if (!this.#terminal.interactive) return;
    const at = Date.now();
    if (phase !== this.#phase) this.#samples = [];
    this.#phase = phase;
    if (at - this.#drawnAt < DRAW_MS) return;
    this.#drawnAt = at;
    this.#samples.push({ at, done });
    while ((this.#samples[0]?.at ?? at) < at - RATE_WINDOW_MS) this.#samples.shift();
    const text = progressText(phase, done, total, this.#rate(at, done));
    process.stderr.write(`\r${text.slice(0, (process.stderr.columns ?? 80) - 1)}\u001B[K`);
  }

  [Symbol.dispose](): void {
    if (this.#drawnAt > 0) process.stderr.write('\r\u001B[K');
  }

  #rate(at: number, done: number): number {
    const first = this.#samples[0];
    if (first === undefined || first.at === at) return 0;
    return ((done - first.done) * 1_000) / (at - first.at);
  }
}

/** The total is a guess of PostgreSQL's planner: what is done can be more. */
export function progressText(phase: string, done: number, total: number, rowsPerSecond: number): string {
  const parts = [phase, total > 0 ? `${count(done)} of about ${count(total)} rows` : `${count(done)} rows`];
  if (rowsPerSecond > 0) parts.push(`${count(rowsPerSecond)} rows/s`);
  if (total > 0 && done < total) {
    parts.push(`${Math.floor((done / total) * 100)} %`);
    if (rowsPerSecond > 0) parts.push(`ETA ${duration((total - done) / rowsPerSecond)}`);
  }
  return parts.join('  ');
}

function count(value: number): string {
  return Math.round(value).toLocaleString('en-US');
}

function duration(seconds: number): string {
  const whole = Math.ceil(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3_600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  return `${Math.floor(whole / 3_600)} h ${Math.floor((whole % 3_600) / 60)} min`;
}
