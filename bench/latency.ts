import { setTimeout as sleep } from 'node:timers/promises';
import { formatTable } from '../src/change/table.ts';
import type { BenchContext } from './bench-context.ts';
import { startDebezium } from './debezium-run.ts';
import {
  type Contender,
  type ContenderResult,
  cpuPerMinuteFigures,
  type Figures,
  percentile,
} from './figures.ts';
import { LatencyProbe } from './latency-probe.ts';
import { UsageMeter } from './process-usage.ts';
import { CATALOG, CATALOG_COPY, fillCatalog } from './tables.ts';

const WARM_UP_MS = 5_000;
/** Long enough to measure in, also where the other tables are small. */
const MIN_COPY_ROWS = 500_000;
/** After the snapshot's start: what piled up while the capture was away must be through. */
const CATCH_UP_MS = 2_000;

/** From the clock in a row, read within its transaction, to the hand of a read_committed consumer, at a steady rate. */
export async function benchLatency(context: BenchContext): Promise<ContenderResult[]> {
  const { rows, peers } = context.options;
  await fillCatalog(context.source, rows);
  const copyRows = Math.max(rows, MIN_COPY_ROWS);
  await fillCatalog(context.source, copyRows, CATALOG_COPY.name);
  const contenders: Contender[] = [
    { name: 'freshet', run: () => runFreshet(context) },
    { name: 'freshet, beside a snapshot', run: () => runBesideSnapshot(context, copyRows) },
    ...peers.map((preset) => ({ name: `debezium ${preset}`, run: () => runDebezium(context, preset) })),
  ];
  return context.interleave(contenders);
}

async function runFreshet(context: BenchContext): Promise<Figures> {
  const name = context.freshName('lat');
  try {
    const job = context.job(name, { tables: [CATALOG], consume: false, until: { kind: 'snapshots' } });
    await using child = await context.bootFreshet(true);
    child.send({ type: 'run', job });
    await child.report('done', context.signal);
    await using probe = await LatencyProbe.start(context, name);
    return await steady(context, probe, child.pid);
  } finally {
    await context.forget(name);
  }
}

/** The second table comes in with a restart, while the writer goes on; measured until its last row is published. */
async function runBesideSnapshot(context: BenchContext, copyRows: number): Promise<Figures> {
  const name = context.freshName('lat');
  try {
    await context.prepare(
      context.job(name, { tables: [CATALOG], consume: false, until: { kind: 'snapshots' } }),
    );
    await using child = await context.bootFreshet(true);
    await using probe = await LatencyProbe.start(context, name);
    const until = { kind: 'published', table: formatTable(CATALOG_COPY), op: 'r', rows: copyRows } as const;
    child.send({
      type: 'run',
      job: context.job(name, { tables: [CATALOG, CATALOG_COPY], consume: false, until }),
    });
    const working = await child.report('working', context.signal);
    await sleep(CATCH_UP_MS);
    const meter = UsageMeter.start(context.tracked(child.pid, probe.pids));
    const done = await child.report('done', context.signal);
    const usage = meter.stop();
    const latencies = await probe.latencies(working.atMs + CATCH_UP_MS, done.atMs);
    const rate = copyRows / ((done.atMs - working.atMs) / 1000);
    return { ...latencyFigures(latencies), snapshot_rows_per_s: rate, ...cpuPerMinuteFigures(usage) };
  } finally {
    await context.forget(name);
  }
}

async function runDebezium(context: BenchContext, preset: string): Promise<Figures> {
  const name = context.freshName('dbz');
  try {
    await using connect = await startDebezium(context, preset, { name, snapshot: 'no_data' }, false);
    await connect.line(/Processing messages|Searching for WAL resume position/, context.signal);
    await using probe = await LatencyProbe.start(context, name);
    return await steady(context, probe, connect.pid);
  } finally {
    await context.forget(name);
  }
}

async function steady(context: BenchContext, probe: LatencyProbe, pid: number): Promise<Figures> {
  await sleep(WARM_UP_MS, undefined, { signal: context.signal });
  const fromMs = Date.now();
  const meter = UsageMeter.start(context.tracked(pid, probe.pids));
  await sleep(context.options.seconds * 1000, undefined, { signal: context.signal });
  const usage = meter.stop();
  const latencies = await probe.latencies(fromMs, Date.now());
  return { ...latencyFigures(latencies), ...cpuPerMinuteFigures(usage) };
}

function latencyFigures(sortedMs: readonly number[]): Figures {
  if (sortedMs.length === 0) throw new Error('no row of the measured time reached the consumer');
  return {
    p50_ms: percentile(sortedMs, 0.5),
    p95_ms: percentile(sortedMs, 0.95),
    p99_ms: percentile(sortedMs, 0.99),
    max_ms: sortedMs.at(-1) ?? Number.NaN,
    rows: sortedMs.length,
  };
}
