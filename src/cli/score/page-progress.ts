import type { ScoreBackfillTotals } from '../../consumers/score/summary.ts';
import type { Terminal } from '../terminal.ts';

/** One line that is drawn again with every page; silent where nobody watches. */
export class PageProgress implements Disposable {
  readonly #terminal: Terminal;
  readonly #startedAt = performance.now();

  constructor(terminal: Terminal) {
    this.#terminal = terminal;
  }

  show({ pages, leads, enqueued, disqualified, lastLeadId }: ScoreBackfillTotals): void {
    if (!this.#terminal.interactive) return;
    const rate = Math.round(leads / ((performance.now() - this.#startedAt) / 1_000));
    const numbers = `${leads.toLocaleString('en-US')} leads on ${pages} pages, ${enqueued.toLocaleString('en-US')} enqueued, ${disqualified} disqualified`;
    const line = `${numbers}, ${rate.toLocaleString('en-US')}/s, at ${lastLeadId ?? 'the beginning'}`;
    process.stderr.write(`\r${line.slice(0, (process.stderr.columns ?? 80) - 1)}\u001B[K`);
  }

  [Symbol.dispose](): void {
    if (this.#terminal.interactive) process.stderr.write('\r\u001B[K');
  }
}
