import type { ScoreBackfillTotals } from '../../consumers/score/summary.ts';
import { countText, durationText } from '../../runtime/quantity-text.ts';
import { RateMeter } from '../rate-meter.ts';
import { StatusLine } from '../status-line.ts';
import type { Terminal } from '../terminal.ts';

/** One line that is drawn again with every page; silent where nobody watches. */
export class PageProgress implements Disposable {
  readonly #line: StatusLine;
  /** The planner's guess of the leads; null where it has none, or where only some of them are gone through. */
  readonly #total: number | null;
  /** Since the first page: what a former run had done says nothing of the rate. */
  readonly #rate = new RateMeter(Infinity);

  constructor(terminal: Terminal, total: number | null) {
    this.#line = new StatusLine(terminal);
    this.#total = total;
  }

  show({ pages, leads, enqueued, disqualified, lastLeadId }: ScoreBackfillTotals): void {
    const rate = this.#rate.sample(leads);
    const left = this.#total === null || rate <= 0 ? null : Math.max(0, this.#total - leads) / rate;
    const parts = [
      `${countText(leads)} leads on ${pages} pages`,
      `${countText(enqueued)} enqueued`,
      `${disqualified} disqualified`,
      `${countText(rate)}/s`,
      left === null ? `at ${lastLeadId ?? 'the beginning'}` : `about ${durationText(left)} left`,
    ];
    this.#line.draw(parts.join(', '));
  }

  [Symbol.dispose](): void {
    this.#line.clear();
  }
}
