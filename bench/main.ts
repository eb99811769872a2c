/** Measures Freshet's speed on embedded services, and Debezium's beside it. See docs/performance.md. */
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { removeDataFolder } from '../src/embedded/data-folder.ts';
import { startServices } from '../src/embedded/services.ts';
import { FreshetError } from '../src/runtime/errors.ts';
import { stopOnSignals } from '../src/runtime/shutdown.ts';
import { BenchContext } from './bench-context.ts';
import { benchClassify } from './classify-backfill.ts';
import { benchEndToEnd } from './end-to-end.ts';
import type { ContenderResult } from './figures.ts';
import { benchItems } from './items.ts';
import { benchLatency } from './latency.ts';
import { benchLimits } from './limits.ts';
import { benchLinear } from './linear.ts';
import { type BenchName, type BenchOptions, parseOptions, USAGE } from './options.ts';
import { benchRefresh } from './refresh.ts';
import { type BenchReport, createReport, formatReport } from './report.ts';
import { benchScore } from './score.ts';
import { benchSink } from './sink.ts';
import { benchSnapshot } from './snapshot.ts';
import { benchStream } from './stream.ts';
import { benchTransform } from './transform.ts';

const BENCHES: Readonly<Record<BenchName, (context: BenchContext) => Promise<ContenderResult[]>>> = {
  snapshot: benchSnapshot,
  stream: benchStream,
  latency: benchLatency,
  sink: benchSink,
  'end-to-end': benchEndToEnd,
  linear: benchLinear,
  transform: benchTransform,
  limits: benchLimits,
  refresh: benchRefresh,
  score: benchScore,
  classify: benchClassify,
  items: benchItems,
};

const INTERRUPTED = 130;

async function main(args: readonly string[]): Promise<void> {
  const benches = readOptions(args);
  if (benches === null) return;
  using stop = stopOnSignals(() => process.stderr.write('stopping; once more to end at once\n'));
  const reports: BenchReport[] = [];
  try {
    for (const options of benches) {
      const startedAt = new Date();
      const report = createReport(options, args, startedAt, await measure(options, stop.signal));
      reports.push(report);
      if (!options.json) process.stdout.write(`${formatReport(report)}\n\n`);
    }
  } catch (error) {
    if (!stop.signal.aborted) process.stderr.write(`${describe(error)}\n`);
    process.exitCode = stop.signal.aborted ? INTERRUPTED : 1;
  }
  // What was measured before a failure took its time: it is not lost.
  if (benches[0]?.json === true && reports.length > 0)
    process.stdout.write(`${JSON.stringify(benches.length === 1 ? reports[0] : { reports })}\n`);
}

function describe(error: unknown): string {
  if (error instanceof FreshetError) return `${error.message}\n${error.cure}`;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

function readOptions(args: readonly string[]): BenchOptions[] | null {
  try {
    return parseOptions(args);
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n\n${USAGE}\n`);
    process.exitCode = 2;
    return null;
  }
}

async function measure(options: BenchOptions, signal: AbortSignal): Promise<ContenderResult[]> {
  const dataDir =
    options.dataDir === null ? await mkdtemp(join(tmpdir(), 'freshet-bench-')) : resolve(options.dataDir);
  try {
    const onProgress = (service: string, state: string): void =>
      void process.stderr.write(`${service}: ${state}\n`);
    await using services = await startServices({ dataDir, onProgress });
    await using context = await BenchContext.open(options, services, dataDir, signal);
    return await BENCHES[options.bench](context);
  } finally {
    if (options.dataDir === null) await removeDataFolder(dataDir);
  }
}

await main(process.argv.slice(2));
