import type { FreshnessReport } from '../../src/metrics/freshness-report.ts';
import { HttpAccess } from '../../src/metrics/http-access.ts';
import { HttpServer } from '../../src/metrics/http-server.ts';
import { AgeHistory } from '../../src/metrics/page/age-history.ts';
import { ChangeSample } from '../../src/metrics/page/change-sample.ts';
import { EventStream } from '../../src/metrics/page/event-stream.ts';
import { loginRoutes } from '../../src/metrics/page/login-routes.ts';
import type { LetterGroup } from '../../src/metrics/page/page-events.ts';
import { pageRoutes } from '../../src/metrics/page/page-files.ts';
import { exampleReport } from '../page/example-report.ts';

/** The status page with figures that a test sets. */
export class ServedPage implements AsyncDisposable {
  report: FreshnessReport = exampleReport();
  letters: readonly LetterGroup[] = [];
  readonly ages = new AgeHistory();
  readonly changes: ChangeSample;
  /** How often the figures were asked for. */
  asked = 0;
  readonly #token: string | null;
  #server: HttpServer | null = null;

  private constructor(token: string | null, personalColumns: readonly string[]) {
    this.#token = token;
    this.changes = new ChangeSample(personalColumns);
  }

  static async open(
    options: { token?: string; personalColumns?: readonly string[]; port?: number } = {},
  ): Promise<ServedPage> {
    const page = new ServedPage(options.token ?? null, options.personalColumns ?? []);
    await page.start(options.port ?? 0);
    return page;
  }

  get url(): string {
    return this.#server?.url ?? '';
  }

  async start(port: number): Promise<void> {
    const { ages, changes } = this;
    const events = new EventStream({
      version: '1.2.3',
      report: () => {
        this.asked++;
        return { ...this.report, at: new Date().toISOString() };
      },
      ages,
      changes,
      letters: async () => this.letters,
    });
    this.#server = await HttpServer.listen({ host: '127.0.0.1', port, token: this.#token }, [
      ...pageRoutes(),
      ...loginRoutes(new HttpAccess(this.#token)),
      events.route,
    ]);
  }

  async stop(): Promise<void> {
    await this.#server?.[Symbol.asyncDispose]();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }
}
