import pg from 'pg';
import { describe, expect, it } from 'vitest';
import { DASHBOARDS } from '../../scripts/dashboards/dashboards.ts';
import { createDemo } from '../../src/cli/demo.ts';
import { Progress } from '../../src/cli/progress.ts';
import { parseConfig } from '../../src/config.ts';
import { runningUrls } from '../../src/embedded/background.ts';
import { chooseFreePort } from '../../src/embedded/free-port.ts';
import { until } from '../support/capture.ts';
import { cacheDir as cacheOf, temporaryDataDir } from '../support/services-environment.ts';
import { alertRules } from './expressions.ts';
import { hasPrometheus, MISSING, PrometheusServer } from './prometheus-server.ts';

/** All pipelines, with some tables each: a bound that a label which grows with the data would break. */
const MOST_SERIES = 3_000;

const terminal = { json: true, interactive: false, color: false, out: () => {}, note: () => {} };

if (!hasPrometheus && process.env['CI'] === 'true') throw new Error(MISSING);

/** What Grafana fills in. */
function filledIn(expr: string): string {
  return expr.replaceAll('$__rate_interval', '30s').replaceAll(/\$(source|pipeline)\b/g, '.*');
}

/** An alert's expression gives series only while it fires; with `bool` its comparisons give 0 or 1. */
function always(expr: string): string {
  return expr.replaceAll(/(==|>|<)\s(?!bool)/g, '$1 bool ');
}

const expressions = [
  ...DASHBOARDS.flatMap(({ rows }) =>
    rows.flatMap(({ panels }) => panels.flatMap(({ queries }) => queries.map(({ expr }) => filledIn(expr)))),
  ),
  ...alertRules().map(({ expr }) => always(expr)),
];

/** The WAL that a slot may keep is bounded: else there is no safe size to tell of. */
async function boundWal(url: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query(`ALTER SYSTEM SET max_slot_wal_keep_size = '4GB'`);
  await client.query('SELECT pg_reload_conf()');
  await client.end();
}

describe.skipIf(!hasPrometheus)(`a Prometheus beside the demo${hasPrometheus ? '' : ` (${MISSING})`}`, () => {
  it(
    'gets series for every expression of the dashboards and the alerts, and not too many',
    { timeout: 300_000 },
    async () => {
      await using data = await temporaryDataDir();
      const port = await chooseFreePort([]);
      const { cacheDir } = cacheOf(process.env);
      const parsed = parseConfig({ dataDir: data.path, http: { port } }, 'test', {});
      await using demo = await createDemo({
        parsed,
        env: cacheDir === undefined ? {} : { FRESHET_CACHE_DIR: cacheDir },
        dataFolder: null,
        generatedRows: 300,
        terminal,
        log: () => {},
        signal: new AbortController().signal,
      });
      const urls = await runningUrls(data.path);
      if (urls === null) throw new Error('the demo runs no services');
      await boundWal(urls.sourceUrl);
      await using prometheus = await PrometheusServer.start(`127.0.0.1:${port}`);
      using progress = new Progress(terminal, demo.status);
      await demo.backfill(progress);
      await demo.writeAndVerify(progress);
      let missing: string[] = [];
      const isWhole = async (): Promise<boolean> => {
        const found = await Promise.all(
          expressions.map(async (expr) => [expr, await prometheus.series(expr)] as const),
        );
        missing = found.filter(([, series]) => series === 0).map(([expr]) => expr);
        return missing.length === 0;
      };
      await until('every expression has series', isWhole).catch(() => {});
      expect(missing).toEqual([]);
      const askedAt = performance.now();
      const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
      const tookMs = performance.now() - askedAt;
      const series = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
      process.stdout.write(`/metrics: ${series.length} series in ${tookMs.toFixed(1)} ms\n`);
      expect(series.length).toBeLessThan(MOST_SERIES);
      // No label grows with the data: neither rows, nor keys, nor URLs.
      expect(series.filter((line) => /="[^"]*(https?:|sku)/.test(line))).toEqual([]);
    },
  );
});
