import { ProgressLine, progressText } from '../progress-line.ts';
import type { Terminal } from '../terminal.ts';

const NOTE_MS = 5_000;

/** A line that is drawn again where somebody watches; elsewhere a line every few seconds; none for machines. */
export class ProgressNotes implements Disposable {
  readonly #terminal: Terminal;
  readonly #line: ProgressLine;
  readonly #startedAt = Date.now();
  #notedAt = Date.now();

  constructor(terminal: Terminal) {
    this.#terminal = terminal;
    this.#line = new ProgressLine(terminal);
  }

  update(phase: string, done: number, total: number): void {
    this.#line.update(phase, done, total);
    if (this.#terminal.interactive || this.#terminal.json || Date.now() - this.#notedAt < NOTE_MS) return;
    this.#notedAt = Date.now();
    const rate = (done * 1_000) / (Date.now() - this.#startedAt);
    this.#terminal.note(progressText(phase, done, total, rate));
  }

  [Symbol.dispose](): void {
    this.#line[Symbol.dispose]();
  }
}
