import { countText, durationText } from '../runtime/quantity-text.ts';
import { RateMeter } from './rate-meter.ts';
import { StatusLine } from './status-line.ts';
import type { Terminal } from './terminal.ts';

const DRAW_MS = 200;
/** The rate is that of the last few seconds. */
const RATE_WINDOW_MS = 5_000;

/** What is being done, how far it is, rows a second, ETA. Silent where nobody watches. */
export class ProgressLine implements Disposable {
  readonly #line: StatusLine;
  readonly #rate = new RateMeter(RATE_WINDOW_MS);
  #phase = '';
  #drawnAt = 0;

  constructor(terminal: Terminal) {
    this.#line = new StatusLine(terminal);
  }

  /** `total` −1: not known. */
  update(phase: string, done: number, total: number): void {
    const at = Date.now();
    if (phase !== this.#phase) this.#rate.reset();
    this.#phase = phase;
    if (at - this.#drawnAt < DRAW_MS) return;
    this.#drawnAt = at;
    this.#line.draw(progressText(phase, done, total, this.#rate.sample(done, at)));
  }

  [Symbol.dispose](): void {
    this.#line.clear();
  }
}

/** The total is a guess of PostgreSQL's planner: what is done can be more. */
export function progressText(phase: string, done: number, total: number, rowsPerSecond: number): string {
  const parts = [
    phase,
    total > 0 ? `${countText(done)} of about ${countText(total)} rows` : `${countText(done)} rows`,
  ];
  if (rowsPerSecond > 0) parts.push(`${countText(rowsPerSecond)} rows/s`);
  if (total > 0 && done < total) {
    parts.push(`${Math.floor((done / total) * 100)} %`);
    if (rowsPerSecond > 0) parts.push(`ETA ${durationText((total - done) / rowsPerSecond)}`);
  }
  return parts.join('  ');
}
