import type { ScoreBackfillTotals } from '../../consumers/score/summary.ts';
import type { Terminal } from '../terminal.ts';

/** One line that is drawn again with every page; silent where nobody watches. */
export class PageProgress implements Disposable {
  readonly #terminal: Terminal;
  /** The planner's guess of the leads; null where it has none, or where only some of them are gone through. */
  readonly #total: number | null;
  /** Leads and time at the first page: what a former run had done says nothing of the rate. */
  #first: { readonly leads: number; readonly at: number } | null = null;

  constructor(terminal: Terminal, total: number | null) {
    this.#terminal = terminal;
    this.#total = total;
  }

  show({ pages, leads, enqueued, disqualified, lastLeadId }: ScoreBackfillTotals): void {
    if (!this.#terminal.interactive) return;
    this.#first ??= { leads, at: performance.now() };
    const seconds = (performance.now() - this.#first.at) / 1_000;
    const rate = seconds === 0 ? 0 : (leads - this.#first.leads) / seconds;
    const left = this.#total === null || rate <= 0 ? null : Math.max(0, this.#total - leads) / rate;
    const line = [
      `${leads.toLocaleString('en-US')} leads on ${pages} pages`,
      `${enqueued.toLocaleString('en-US')} enqueued`,
      `${disqualified} disqualified`,
      `${Math.round(rate).toLocaleString('en-US')}/s`,
      left === null ? `at ${lastLeadId ?? 'the beginning'}` : `about ${Math.ceil(left)} s left`,
    ].join(', ');
    process.stderr.write(`\r${line.slice(0, (process.stderr.columns ?? 80) - 1)}\u001B[K`);
  }

  [Symbol.dispose](): void {
    if (this.#terminal.interactive) process.stderr.write('\r\u001B[K');
  }
}
