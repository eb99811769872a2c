import { setTimeout as sleep } from 'node:timers/promises';
import { backfillClassify } from '../src/cli/classify/backfill.ts';
import { Engine } from '../src/cli/engine.ts';
import { type Config, parseConfig, resolveConfig } from '../src/config.ts';
import { PageTypeClassifier } from '../src/consumers/classify/classifier.ts';
import { classifyPipeline } from '../src/consumers/classify/pipeline.ts';
import { generateSitePages, readSitePages, type SitePage, varyPages } from '../src/demo/url-source.ts';
import { createUrlTables, loadUrls } from '../src/demo/url-tables.ts';
import { runTogether } from '../src/runtime/shutdown.ts';
import type { BenchContext } from './bench-context.ts';
import { type ContenderResult, type Figures, percentile } from './figures.ts';
import { UsageMeter } from './process-usage.ts';

const SEED = 20_261_121;
const GENERATED = 2_000;
const FRESH = 200;
const POLL_MS = 2;
const ALL = { account: null, batchSize: 2_000, reclassify: false, resume: false, keepSlot: false };

/** `--rows` URLs of 50 accounts without a page type: the backfill from its command to its report, and fresh URLs afterwards. */
export async function benchClassify(context: BenchContext): Promise<ContenderResult[]> {
  const { dataFolder, rows } = context.options;
  const real = dataFolder === null ? [] : readSitePages(dataFolder);
  const base = real.length > 0 ? real : [...generateSitePages(GENERATED, SEED)];
  const pages = [...varyPages(base, rows, SEED)];
  return context.interleave([{ name: 'freshet', run: () => runBackfills(context, pages) }]);
}

async function runBackfills(context: BenchContext, pages: readonly SitePage[]): Promise<Figures> {
  const config = classifyConfig(context);
  try {
    await context.source.query(
      'DROP SCHEMA IF EXISTS freshet CASCADE; DROP TABLE IF EXISTS urls, accounts, page_type_patterns',
    );
    await createUrlTables(context.source);
    await loadUrls(context.source, pages);
    const first = await backfill(context, config, 'backfill');
    await verify(context, pages.length);
    const second = await backfill(context, config, 'second');
    return { ...classifierAlone(pages), ...first, ...second, ...(await freshUrls(context, config)) };
  } finally {
    await context.forget(config.sources[0]?.slot ?? '');
  }
}

function classifyConfig(context: BenchContext): Config {
  const name = context.freshName('classify');
  const parsed = parseConfig(
    {
      sources: [
        { name, slot: name, publication: name, tables: ['public.urls', 'public.page_type_patterns'] },
      ],
      topics: { partitions: context.options.partitions },
      pipelines: ['classify'],
    },
    'the benchmark',
    {},
  );
  return resolveConfig(parsed, {}, context.services.urls);
}

/** CPU time: a busy machine does not matter much. */
function classifierAlone(pages: readonly SitePage[]): Figures {
  const classifier = new PageTypeClassifier();
  const before = process.cpuUsage();
  for (const page of pages) classifier.classify(page);
  const { user, system } = process.cpuUsage(before);
  return { 'classifier.urls_per_cpu_s': pages.length / ((user + system) / 1e6) };
}

async function backfill(context: BenchContext, config: Config, name: string): Promise<Figures> {
  const engine = new Engine(config, (level, message) => {
    if (level !== 'info') context.note(message);
  });
  const meter = UsageMeter.start(context.tracked(process.pid));
  const report = await backfillClassify(engine, ALL, { signal: context.signal, progress: () => {} });
  const { cpuSeconds, outsideShare } = meter.stop();
  const perUrl = (seconds = 0): number => (seconds * 1e6) / report.processed;
  const cpu = `CPU µs a URL: Freshet ${Math.round(perUrl(cpuSeconds.pipeline))}, PostgreSQL ${Math.round(perUrl(cpuSeconds.postgres))}`;
  context.note(`${name}: ${report.classified} of ${report.processed} written, ${report.seconds} s; ${cpu}`);
  return {
    [`${name}.seconds`]: report.seconds,
    [`${name}.urls_per_s`]: report.processed / report.seconds,
    [`${name}.written`]: report.classified,
    [`${name}.cpu_us_per_url.freshet`]: perUrl(cpuSeconds.pipeline),
    [`${name}.cpu_us_per_url.postgres`]: perUrl(cpuSeconds.postgres),
    [`${name}.outside_cpu_share`]: outsideShare,
  };
}

/** A figure of rows that have no type would be worth nothing. */
async function verify({ source }: BenchContext, rows: number): Promise<void> {
  const found = await source.query<{ typed: number }>(
    'SELECT count(page_type)::int AS typed FROM urls WHERE page_type_source IS NOT NULL',
  );
  const typed = found.rows[0]?.typed ?? 0;
  if (typed !== rows) throw new Error(`${typed} URLs have a type, ${rows} were expected`);
}

/** From the commit of an inserted URL until its type is seen. */
async function freshUrls(context: BenchContext, config: Config): Promise<Figures> {
  const engine = new Engine(config, () => {});
  const [source] = config.sources;
  if (source === undefined) throw new Error('the benchmark has no source');
  const stop = new AbortController();
  const running = runTogether(AbortSignal.any([stop.signal, context.signal]), [
    (signal) => engine.capture(source, signal),
    (signal) => engine.consume(classifyPipeline(config.classify), signal),
  ]);
  running.catch(() => {});
  const latencies: number[] = [];
  await timeToType(context, 'https://acme.example/warm-up');
  for (let n = 0; n < FRESH; n++)
    latencies.push(await timeToType(context, `https://acme.example/blog/fresh-${n}`));
  stop.abort();
  await running;
  latencies.sort((a, b) => a - b);
  return {
    'fresh.p50_ms': percentile(latencies, 0.5),
    'fresh.p99_ms': percentile(latencies, 0.99),
    'fresh.max_ms': latencies.at(-1) ?? Number.NaN,
  };
}

async function timeToType({ source, signal }: BenchContext, url: string): Promise<number> {
  await source.query('INSERT INTO urls (account_id, url) VALUES (1, $1)', [url]);
  const startedAt = performance.now();
  for (;;) {
    signal.throwIfAborted();
    const { rows } = await source.query(
      'SELECT FROM urls WHERE account_id = 1 AND url = $1 AND page_type IS NOT NULL',
      [url],
    );
    if (rows.length > 0) return performance.now() - startedAt;
    await sleep(POLL_MS);
  }
}
