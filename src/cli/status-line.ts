import type { Terminal } from './terminal.ts';

/** One line that is drawn again and again. Silent where nobody watches. */
export class StatusLine implements Disposable {
  readonly #terminal: Terminal;
  #drawn = false;

  constructor(terminal: Terminal) {
    this.#terminal = terminal;
  }

  /** The first `bold` characters stand out. */
  draw(text: string, bold = 0): void {
    if (!this.#terminal.interactive) return;
    const line = text.slice(0, (process.stderr.columns ?? 80) - 1);
    const emphasis = bold > 0 && this.#terminal.color;
    const painted = emphasis ? `\u001B[1m${line.slice(0, bold)}\u001B[22m${line.slice(bold)}` : line;
    process.stderr.write(`\r${painted}\u001B[K`);
    this.#drawn = true;
  }

  clear(): void {
    if (this.#drawn) process.stderr.write('\r\u001B[K');
    this.#drawn = false;
  }

  [Symbol.dispose](): void {
    this.clear();
  }
}
