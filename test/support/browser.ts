import { existsSync } from 'node:fs';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';

const EXECUTABLE = process.env['FRESHET_TEST_CHROMIUM'] ?? '/usr/bin/chromium';

/** Tests in a browser are skipped where none is, but for CI, where that is a failure. */
export const hasBrowser = existsSync(EXECUTABLE);
if (!hasBrowser) {
  const message = `there is no Chromium at ${EXECUTABLE}: install it (apt-get install chromium), or name one in FRESHET_TEST_CHROMIUM`;
  if (process.env['CI'] === 'true') throw new Error(message);
  process.stderr.write(`Tests in a browser are skipped: ${message}\n`);
}

/** Runs in the browser. */
const FIGURES = `Object.fromEntries([...document.querySelectorAll('[data-figure]')]
  .map((node) => [node.dataset.figure, node.dataset.value]))`;

export async function launchBrowser(): Promise<Browser> {
  return chromium.launch({
    executablePath: EXECUTABLE,
    // Nothing is to be looked up outside of this machine.
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
}

/** A page that fails the test by what its console says. */
export class BrowserPage implements AsyncDisposable {
  readonly page: Page;
  readonly problems: string[] = [];

  private constructor(page: Page) {
    this.page = page;
    page.on('pageerror', (error) => this.problems.push(error.message));
    page.on('console', (message) => {
      if (message.type() === 'error') this.problems.push(message.text());
    });
  }

  static async open(
    browser: Browser,
    url: string,
    options: BrowserContextOptions = {},
  ): Promise<BrowserPage> {
    const context = await browser.newContext({ timezoneId: 'UTC', ...options });
    const opened = new BrowserPage(await context.newPage());
    await opened.page.goto(url);
    return opened;
  }

  /** Until the first figures are there. */
  async ready(): Promise<this> {
    await this.page.waitForSelector('body[data-at]');
    return this;
  }

  /** What stands on the page for each path of the report. */
  async figures(): Promise<Record<string, string>> {
    return this.page.evaluate<Record<string, string>>(FIGURES);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.page.context().close();
  }
}
