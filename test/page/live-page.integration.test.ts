import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Engine } from '../../src/cli/engine.ts';
import { watchFreshness } from '../../src/cli/freshness/freshness-watch.ts';
import { httpRoutes } from '../../src/cli/http-routes.ts';
import { configuredPipelines } from '../../src/cli/pipelines.ts';
import type { FreshnessReport } from '../../src/metrics/freshness-report.ts';
import { HttpServer } from '../../src/metrics/http-server.ts';
import { runTogether } from '../../src/runtime/shutdown.ts';
import { BrowserPage, hasBrowser, launchBrowser } from '../support/browser.ts';
import { until } from '../support/capture.ts';
import { CommandLine } from '../support/command-line.ts';
import { OtlpReceiver } from '../support/otlp-receiver.ts';
import { openShop } from '../support/shop.ts';
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
  for (const { name, state, ageSeconds, appliedThrough, tables } of pipelines) {
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
      const engine = new Engine(shop.config, () => {});
      const pipelines = configuredPipelines(shop.config);
      await engine.migrate(pipelines);
      await pool.query(`ALTER TABLE items ADD CONSTRAINT good CHECK (sku <> 'bad')`);
      await using server = await HttpServer.listen(shop.config.http, httpRoutes(engine, pipelines));
      const port = Number(new URL(server.url).port);
      const freshet = await CommandLine.in(folder.path, shop, { http: { port } });
      const stop = new AbortController();
      const ended = runTogether(stop.signal, [
        (signal) => engine.capture(shop.source, signal),
        ...pipelines.map((pipeline) => (signal: AbortSignal) => engine.consume(pipeline, signal)),
        (signal) => watchFreshness(engine, { sources: shop.config.sources, pipelines }, signal),
      ]);
      try {
        await using opened = await BrowserPage.open(browser, server.url);
        const { page } = await opened.ready();
        await page.waitForSelector('#state[data-state=good]', { timeout: 60_000 });

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
      } finally {
        stop.abort();
        await ended;
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
});
