import type { ServerResponse } from 'node:http';
import type { FreshnessReport } from '../freshness-report.ts';
import type { HttpRoute } from '../http-server.ts';
import type { AgeHistory } from './age-history.ts';
import type { ChangeSample } from './change-sample.ts';
import type { LetterGroup, PageEvents } from './page-events.ts';

const LOOK_MS = 1_000;
const MOST_WATCHERS = 32;

/** Where the page's figures come from. */
export interface PageFeeds {
  readonly version: string;
  /** The newest one. */
  report(): FreshnessReport;
  readonly ages: AgeHistory;
  readonly changes: ChangeSample;
  /** The open dead letters behind the report's counts. */
  letters(report: FreshnessReport): Promise<readonly LetterGroup[]>;
}

/** Server-sent events for whoever looks at the page; while nobody does it does nothing. */
export class EventStream {
  readonly #feeds: PageFeeds;
  readonly #watchers = new Set<ServerResponse>();
  #timer: NodeJS.Timeout | null = null;
  #shownAt = '';
  /** The event that told of them last. */
  #letters = eventText('letters', []);
  #isReadingLetters = false;

  constructor(feeds: PageFeeds) {
    this.#feeds = feeds;
  }

  get route(): HttpRoute {
    return {
      path: '/events',
      methods: ['GET'],
      access: 'token',
      answer: ({ request, response }) => {
        if (this.#watchers.size >= MOST_WATCHERS)
          response.writeHead(503, { 'content-type': 'text/plain' }).end('too many look already\n');
        else if (request.method === 'HEAD') response.writeHead(200, EVENT_HEADERS).end();
        else this.#join(response);
      },
    };
  }

  #join(response: ServerResponse): void {
    const { version, ages, changes } = this.#feeds;
    this.#watchers.add(response);
    response.once('close', () => this.#leave(response));
    changes.isWatched = true;
    response.writeHead(200, EVENT_HEADERS);
    const report = this.#feeds.report();
    response.write(
      eventText('past', { version, ages: ages.all() }) +
        eventText('now', report) +
        eventText('changes', changes.kept) +
        this.#letters,
    );
    this.#timer ??= setInterval(() => this.#look(), LOOK_MS);
    this.#readLetters(report);
  }

  #leave(response: ServerResponse): void {
    this.#watchers.delete(response);
    if (this.#watchers.size > 0) return;
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
    this.#feeds.changes.isWatched = false;
  }

  #look(): void {
    const report = this.#feeds.report();
    const changes = this.#feeds.changes.take();
    let text = changes.length === 0 ? '' : eventText('changes', changes);
    if (report.at !== this.#shownAt) text += eventText('now', report);
    this.#shownAt = report.at;
    this.#send(text);
    this.#readLetters(report);
  }

  #readLetters(report: FreshnessReport): void {
    if (this.#isReadingLetters) return;
    this.#isReadingLetters = true;
    this.#feeds
      .letters(report)
      .then((groups) => {
        const text = eventText('letters', groups);
        if (text === this.#letters) return;
        this.#letters = text;
        this.#send(text);
      })
      // What cannot be asked is told by the report.
      .catch(() => {})
      .finally(() => (this.#isReadingLetters = false));
  }

  /** Who cannot keep up misses events; the next ones say the same and more. */
  #send(text: string): void {
    if (text === '') return;
    for (const response of this.#watchers) if (!response.writableNeedDrain) response.write(text);
  }
}

const EVENT_HEADERS = {
  'content-type': 'text/event-stream; charset=utf-8',
  'cache-control': 'no-store',
  'x-accel-buffering': 'no',
} as const;

function eventText<Name extends keyof PageEvents>(name: Name, data: PageEvents[Name]): string {
  return `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`;
}
