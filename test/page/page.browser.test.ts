import axe from 'axe-core';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BrowserPage, hasBrowser, launchBrowser } from '../support/browser.ts';
import { ServedPage } from '../support/served-page.ts';
import { examplePipeline, exampleReport } from './example-report.ts';

const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];

interface AxeResults {
  readonly violations: readonly {
    readonly id: string;
    readonly nodes: readonly { readonly html: string }[];
  }[];
}

/** Runs in the browser: texts of the picture that stick out of it. */
const CUT_TEXTS = `(() => {
  const picture = document.querySelector('#way svg').getBoundingClientRect();
  return [...document.querySelectorAll('#way svg text')].filter((node) => {
    const { left, right } = node.getBoundingClientRect();
    return left < picture.left - 1 || right > picture.right + 1;
  }).map((node) => node.textContent);
})()`;
/** Runs in the browser: whether every curve ends within its plot. */
const CURVES_FIT = `[...document.querySelectorAll('#plots svg')].every((plot) => {
  const curve = plot.querySelector('.curve').getBoundingClientRect();
  return curve.width > 0 && curve.right <= plot.getBoundingClientRect().right + 1;
})`;
const TWO_FRAMES = `new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))`;
const ANIMATIONS = `[...document.querySelectorAll('.drops:not(.still)')]
  .map((node) => getComputedStyle(node).animationName)`;

const LETTER = {
  pipeline: 'upsert',
  table: 'public.products',
  code: 'RECORD_INVALID',
  letters: 2,
  cause: 'public.products.price: expected a number',
  since: '2026-11-21T09:00:00.000Z',
  command: 'freshet dlq retry --pipeline upsert --table public.products --code RECORD_INVALID',
} as const;

const behind = (): ReturnType<typeof exampleReport> =>
  exampleReport((report) => {
    report.pipelines = report.pipelines.map((pipeline) =>
      pipeline.name === 'score'
        ? examplePipeline('score', ['public.leads', 'public.messages'], 3, 'behind')
        : pipeline,
    );
  });

describe.skipIf(!hasBrowser)('the page in Chromium', () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launchBrowser();
  }, 60_000);
  afterAll(async () => {
    await browser.close();
  });

  it('shows the figures of the report, each as it is there', async () => {
    await using served = await ServedPage.open();
    served.report = behind();
    await using opened = await BrowserPage.open(browser, served.url);
    const figures = await (await opened.ready()).figures();
    for (const pipeline of served.report.pipelines) {
      const path = `pipelines.${pipeline.name}`;
      expect(figures[`${path}.ageSeconds`]).toBe(String(pipeline.ageSeconds));
      expect(figures[`${path}.appliedThrough`]).toBe(pipeline.appliedThrough);
      expect(figures[`${path}.state`]).toBe(pipeline.state);
      for (const table of pipeline.tables)
        expect(figures[`${path}.${table.table}.lag.records`]).toBe(String(table.lag.records));
    }
    expect(figures['snapshots.ask-7.rowsPublished']).toBe('3100');
    expect(figures['pipelines.classify.coverage.fields.page_type']).toBe('3');
    expect(await opened.page.textContent('h1')).toMatch(
      /^score has everything that was committed before .*09:58:28\.$/,
    );
    expect(opened.problems).toEqual([]);
  });

  it('follows the figures, and tells a screen reader only of another state', async () => {
    await using served = await ServedPage.open();
    await using opened = await BrowserPage.open(browser, served.url);
    const { page } = await opened.ready();
    expect(await page.textContent('#announcer')).toBe('The data is: fresh');
    served.report = behind();
    await page.waitForSelector('#state[data-state=late]');
    expect(await page.textContent('#announcer')).toBe('The data is: behind');
    expect(await page.locator('[aria-live], [role=status], [role=alert], [role=log]').count()).toBe(1);
    served.report = exampleReport();
    await page.waitForSelector('#state[data-state=good]');
  });

  it('says that the connection is lost, and goes on by itself', async () => {
    await using served = await ServedPage.open();
    await using opened = await BrowserPage.open(browser, served.url);
    const { page } = await opened.ready();
    const port = Number(new URL(served.url).port);
    await served.stop();
    await page.waitForSelector('#link[data-state=lost]');
    expect(await page.textContent('#link')).toContain('last figures');
    await served.start(port);
    await page.waitForSelector('#link[data-state=live]');
  });

  it('stops moving when asked to by the keyboard, and then asks for nothing', async () => {
    await using served = await ServedPage.open();
    await using opened = await BrowserPage.open(browser, served.url);
    const { page } = await opened.ready();
    await page.keyboard.press('Tab');
    expect(await page.getAttribute(':focus', 'class')).toBe('skip');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    expect(await page.getAttribute('#pause', 'aria-pressed')).toBe('true');
    await expect.poll(() => served.changes.isWatched).toBe(false);
    await page.keyboard.press('Enter');
    await page.waitForSelector('#link[data-state=live]');
  });

  it('shows dead letters with their cause and the command that retries them', async () => {
    await using served = await ServedPage.open();
    await using opened = await BrowserPage.open(browser, served.url);
    const { page } = await opened.ready();
    expect(await page.isVisible('#no-letters')).toBe(true);
    served.letters = [LETTER];
    await page.waitForSelector('.letters li');
    const text = await page.textContent('.letters li');
    for (const part of ['2 changes of products in upsert: RECORD_INVALID', LETTER.cause, LETTER.command])
      expect(text).toContain(part);
    expect(await page.isVisible('#no-letters')).toBe(false);
  });

  it('shows changes, personal values masked, and markup as text', async () => {
    await using served = await ServedPage.open({ personalColumns: ['email'] });
    await using opened = await BrowserPage.open(browser, served.url);
    const { page } = await opened.ready();
    served.changes.offer('upsert', () => [
      {
        table: 'public.leads',
        kind: 'upsert',
        key: { id: 9 },
        row: { email: 'ada@example.org', name: '<img src=x onerror="document.title=1">' },
        committedMs: Date.now(),
      },
    ]);
    await page.waitForSelector('#changes tr');
    expect(await page.textContent('#changes tr')).toContain('email: •••, name: <img src=x');
    expect(await page.content()).not.toContain('ada@');
    expect(await page.title()).toBe('Freshet');
    expect(opened.problems).toEqual([]);
  });

  it.each([320, 390, 768, 1_024, 1_440])('needs no sideways scrolling on %d pixels', async (width) => {
    await using served = await ServedPage.open();
    served.letters = [LETTER];
    for (let seconds = 60; seconds >= 0; seconds -= 5)
      served.ages.note({ ...served.report, at: new Date(Date.now() - seconds * 1_000).toISOString() });
    await using opened = await BrowserPage.open(browser, served.url, { viewport: { width, height: 800 } });
    const { page } = await opened.ready();
    const wide = await page.evaluate<number>('document.documentElement.scrollWidth');
    expect(wide).toBeLessThanOrEqual(width);
    const cut = await page.evaluate<string[]>(CUT_TEXTS);
    expect(cut).toEqual([]);
    await page.evaluate(TWO_FRAMES);
    expect(await page.evaluate<boolean>(CURVES_FIT)).toBe(true);
  });

  it.each([
    ['light', 1_280],
    ['dark', 1_280],
    ['dark', 390],
  ] as const)('keeps the rules of accessibility: %s, %d pixels', async (colorScheme, width) => {
    await using served = await ServedPage.open({ personalColumns: ['email'] });
    served.report = behind();
    served.letters = [LETTER];
    const viewport = { width, height: 900 };
    await using opened = await BrowserPage.open(browser, served.url, { colorScheme, viewport });
    const { page } = await opened.ready();
    await page.waitForSelector('.letters li');
    for (const summary of await page.$$('summary')) await summary.click();
    await page.evaluate(axe.source);
    const { violations } = await page.evaluate<AxeResults>(`axe.run({ runOnly: ${JSON.stringify(RULES)} })`);
    expect(violations.map(({ id, nodes }) => [id, nodes.map(({ html }) => html.slice(0, 120))])).toEqual([]);
  });

  it('moves nothing for who wants less motion', async () => {
    await using served = await ServedPage.open();
    const open = (reducedMotion: 'reduce' | 'no-preference'): Promise<BrowserPage> =>
      BrowserPage.open(browser, served.url, { reducedMotion });
    const names = async (opened: BrowserPage): Promise<string[]> =>
      (await opened.ready()).page.evaluate<string[]>(ANIMATIONS);
    await using still = await open('reduce');
    expect(new Set(await names(still))).toEqual(new Set(['none']));
    await using moving = await open('no-preference');
    expect(new Set(await names(moving))).toEqual(new Set(['drift']));
  });

  it('asks for the token, and keeps who has shown it', async () => {
    await using served = await ServedPage.open({ token: 'a-token-of-the-tests' });
    await using opened = await BrowserPage.open(browser, served.url);
    const { page } = opened;
    await page.fill('#token', 'not-this-one-at-all');
    await page.click('button');
    await page.waitForSelector('#wrong:not([hidden])');
    await page.fill('#token', 'a-token-of-the-tests');
    await page.click('button');
    await opened.ready();
    await page.reload();
    await opened.ready();
    expect(page.url()).toBe(`${served.url}/`);
  });
});
