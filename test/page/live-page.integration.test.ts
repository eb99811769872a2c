import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { httpRoutes } from '../../src/cli/http-routes.ts';
import { configuredPipelines } from '../../src/cli/pipelines.ts';
import type { FreshnessReport } from '../../src/metrics/freshness-report.ts';
import { HttpServer } from '../../src/metrics/http-server.ts';
import { BrowserPage, hasBrowser, launchBrowser } from '../support/browser.ts';
import { until } from '../support/capture.ts';
import { CommandLine } from '../support/command-line.ts';
import { OtlpReceiver } from '../support/otlp-receiver.ts';
import { RunningShop, throughProxy } from '../support/running-shop.ts';
import { openShop, type Shop } from '../support/shop.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

/** Runs in the browser: keeps what the page shows of every report, by the report's time. */
const KEEP_FIGURES = `
  globalThis.seen = {};
  new MutationObserver(() => {
    seen[document.body.dataset.at] = Object.fromEntries(
      [...document.querySelectorAll('[data-figure]')].map((node) => [node.dataset.figure, node.dataset.value]));
  }).observe(document.body, { attributeFilter: ['data-at'] });`;

/** The report's figures under the paths that the page gives them. */
function figuresOf({ sources, pipelines }: FreshnessReport): Record<string, string> {
  const figures: Record<string, unknown> = {};
  for (const { name, tables, snapshots } of sources) {
    for (const { table, state, publishedPerSecond } of tables)
      Object.assign(figures, {
        [`sources.${name}.${table}.state`]: state,
        [`sources.${name}.${table}.publishedPerSecond`]: publishedPerSecond,
      });
    for (const { id, rowsPublished } of snapshots) figures[`snapshots.${id}.rowsPublished`] = rowsPublished;
  }
  for (const { name, state, ageSeconds, appliedThrough, tables, coverage } of pipelines) {
    for (const [field, { missing }] of Object.entries(coverage.fields))
      figures[`pipelines.${name}.coverage.fields.${field}`] = missing;
    Object.assign(figures, {
      [`pipelines.${name}.state`]: state,
      [`pipelines.${name}.ageSeconds`]: ageSeconds,
      [`pipelines.${name}.appliedThrough`]: appliedThrough,
    });
    for (const table of tables)
      Object.assign(figures, {
        [`pipelines.${name}.${table.table}.state`]: table.state,
        [`pipelines.${name}.${table.table}.appliedPerSecond`]: table.appliedPerSecond,
        [`pipelines.${name}.${table.table}.lag.records`]: table.lag.records,
        [`pipelines.${name}.${table.table}.appliedThrough`]: table.appliedThrough,
      });
  }
  return Object.fromEntries(Object.entries(figures).map(([path, value]) => [path, String(value)]));
}

/** The page that a running shop serves, in a browser, once all is applied. */
class LivePage implements AsyncDisposable {
  readonly opened: BrowserPage;
  readonly url: string;
  readonly #server: HttpServer;

  private constructor(server: HttpServer, opened: BrowserPage) {
    this.#server = server;
    this.opened = opened;
    this.url = server.url;
  }

  static async open(browser: Browser, { config }: Shop, { engine }: RunningShop): Promise<LivePage> {
    const server = await HttpServer.listen(config.http, httpRoutes(engine, configuredPipelines(config)));
    const live = new LivePage(server, await BrowserPage.open(browser, server.url));
    await live.opened.ready();
    await live.page.waitForSelector('#state[data-state=good]', { timeout: 60_000 });
    return live;
  }

  get page(): Page {
    return this.opened.page;
  }

  get port(): number {
    return Number(new URL(this.url).port);
  }

  /** The value of a metric's one series; null where it has none. */
  async metric(name: string): Promise<number | null> {
    const text = await (await fetch(`${this.url}/metrics`)).text();
    const value = new RegExp(`^${name}(?:\\{.*\\})? (.*)$`, 'm').exec(text)?.[1];
    return value === undefined ? null : Number(value);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.opened[Symbol.asyncDispose]();
    await this.#server[Symbol.asyncDispose]();
  }
}

describe.skipIf(!hasBrowser)('the status page of a running Freshet', () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launchBrowser();
  });
  afterAll(async () => {
    await browser.close();
  });

  it(
    'shows what freshet status --json says, changes as they come, dead letters, and a pipeline that is paused',
    { timeout: 240_000 },
    async () => {
      await using receiver = await OtlpReceiver.open();
      await using shop = await openShop(200, {
        pipelines: ['upsert'],
        personalColumns: ['manufacturer'],
        http: { port: 0 },
        tracing: { endpoint: receiver.url, sampleRatio: 1 },
      });
      await using folder = await temporaryFolder();
      const { pool } = shop.database;
      {
        await using running = new RunningShop(shop.config);
        await using live = await LivePage.open(browser, shop, running);
        const { page, opened } = live;
        const freshet = await CommandLine.in(folder.path, shop, { http: { port: live.port } });
        await pool.query(`ALTER TABLE items ADD CONSTRAINT good CHECK (sku <> 'bad')`);

        await page.evaluate(KEEP_FIGURES);
        let compared = 0;
        await until(
          'the page has shown the report that the command got',
          async () => {
            const report = (await freshet.json('status')) as FreshnessReport;
            const shown = await page.evaluate<Record<string, Record<string, string>>>('seen');
            const same = shown[report.at];
            if (same === undefined) return false;
            const figures = figuresOf(report);
            expect(same).toMatchObject(figures);
            compared = Object.keys(figures).length;
            return true;
          },
          60_000,
        );
        expect(compared).toBeGreaterThan(8);

        await pool.query(
          `INSERT INTO products (sku, name, manufacturer, price) VALUES ('new', 'Kettle', 'Ada', 1)`,
        );
        await page.waitForSelector('#changes tr:has-text("sku: new")');
        expect(await page.textContent('#changes tr:has-text("sku: new")')).toContain('manufacturer: •••');
        expect(await page.content()).not.toContain('Ada');

        await pool.query(`INSERT INTO products (sku, name, price) VALUES ('bad', 'Kettle', 1)`);
        await page.waitForSelector('.letters li', { timeout: 60_000 });
        const letter = await page.textContent('.letters li');
        expect(letter).toContain('1 change of products in upsert: 23514');
        expect(letter).toContain('violates check constraint');
        expect(letter).toContain('freshet dlq retry --pipeline upsert --table public.products --code 23514');

        await freshet.run('pipelines pause upsert');
        await page.waitForSelector('#state:has-text("paused")', { timeout: 60_000 });
        await freshet.run('pipelines resume upsert');
        await page.waitForSelector('#state[data-state=good]', { timeout: 60_000 });
        expect(opened.problems).toEqual([]);
      }
      const published = receiver.spans.filter(({ name }) => name === 'freshet publish');
      const applied = receiver.spans.filter(({ name }) => name === 'freshet apply');
      const known = new Set(published.map(({ spanId }) => spanId));
      expect(applied.length).toBeGreaterThan(0);
      const causes = applied.flatMap(({ parentSpanId, links }) => [...links, parentSpanId ?? []].flat());
      expect(causes.length).toBeGreaterThan(0);
      expect(causes.filter((id) => !known.has(id))).toEqual([]);
    },
  );

  it('tells of a sink that stands still, and that it goes on', { timeout: 240_000 }, async () => {
    await using shop = await openShop(5, { pipelines: ['upsert'], http: { port: 0 } });
    const { proxy, config } = await throughProxy(shop);
    await using _ = proxy;
    await using running = new RunningShop(config);
    await using live = await LivePage.open(browser, shop, running);
    const { page } = live;
    const lag = (): Promise<number | null> => live.metric('freshet_consumer_lag_seconds');
    const age = async (): Promise<number> =>
      Date.now() / 1_000 - ((await live.metric('freshet_applied_through_timestamp_seconds')) ?? 0);
    await until('the metric says that it is fresh', async () => ((await lag()) ?? Infinity) < 3);
    proxy.stall();
    await shop.database.pool.query('UPDATE products SET price = price + 1');
    await page.waitForSelector('#state[data-state=late]:has-text("behind")', { timeout: 60_000 });
    expect(await page.textContent('h1')).toContain('upsert has everything that was committed before');
    const shown = await live.opened.figures();
    expect(Number(shown['pipelines.upsert.ageSeconds'])).toBeGreaterThan(3);
    await until('the metrics say so', async () => {
      const records = (await live.metric('freshet_consumer_lag_records')) ?? 0;
      return ((await lag()) ?? 0) > 3 && records > 0;
    });
    const behind = await age();
    proxy.restore();
    await page.waitForSelector('#state[data-state=good]', { timeout: 60_000 });
    await until('the metrics say that it goes on', async () => {
      const records = await live.metric('freshet_consumer_lag_records');
      return records === 0 && ((await lag()) ?? Infinity) < 3 && (await age()) < behind;
    });
  });
});
