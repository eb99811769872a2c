import { setTimeout as sleep } from 'node:timers/promises';
import { formatTable } from '../src/change/table.ts';
import { topicName } from '../src/topics/names.ts';
import type { BenchContext } from './bench-context.ts';
import { BenchChild } from './child-process.ts';
import { startDebezium } from './debezium-run.ts';
import {
  type Contender,
  type ContenderResult,
  cpuPerMinuteFigures,
  type Figures,
  percentile,
} from './figures.ts';
import type { ReaderOrder, ReaderReport, WriterOrder, WriterReport } from './latency-messages.ts';
import { UsageMeter } from './process-usage.ts';
import { CATALOG, CATALOG_COPY, fillCatalog } from './tables.ts';

const WARM_UP_MS = 5_000;
/** Long enough to measure in, also where the other tables are small. */
const MIN_COPY_ROWS = 500_000;
/** After the snapshot's start: what piled up while the capture was away must be through. */
const CATCH_UP_MS = 2_000;
const TAIL_MS = 3_000;

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
    await using probe = await Probe.start(context, name);
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
    await using probe = await Probe.start(context, name);
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
    await using probe = await Probe.start(context, name);
    return await steady(context, probe, connect.pid);
  } finally {
    await context.forget(name);
  }
}

async function steady(context: BenchContext, probe: Probe, pid: number): Promise<Figures> {
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

/** Writer and reader of one run. */
class Probe implements AsyncDisposable {
  readonly #writer: BenchChild<WriterOrder, WriterReport>;
  readonly #reader: BenchChild<ReaderOrder, ReaderReport>;
  readonly #context: BenchContext;

  private constructor(
    context: BenchContext,
    writer: BenchChild<WriterOrder, WriterReport>,
    reader: BenchChild<ReaderOrder, ReaderReport>,
  ) {
    this.#context = context;
    this.#writer = writer;
    this.#reader = reader;
  }

  /** Resolves when the reader holds its partitions and the writer writes. */
  static async start(context: BenchContext, prefix: string): Promise<Probe> {
    const { signal, services, options } = context;
    const reader = await BenchChild.start<ReaderOrder, ReaderReport>('latency-reader.ts');
    const writer = await BenchChild.start<WriterOrder, WriterReport>('latency-writer.ts');
    const probe = new Probe(context, writer, reader);
    try {
      await Promise.all([reader.report('booted', signal), writer.report('booted', signal)]);
      reader.send({ type: 'read', brokers: services.urls.kafkaBrokers, topic: topicName(prefix, CATALOG) });
      await reader.report('reading', signal);
      writer.send({ type: 'write', url: services.urls.sourceUrl, rows: options.rows, rate: options.rate });
      await writer.report('writing', signal);
      return probe;
    } catch (error) {
      await probe[Symbol.asyncDispose]();
      throw error;
    }
  }

  get pids(): number[] {
    return [this.#writer.pid, this.#reader.pid];
  }

  /** Of the rows that were written in the span, once they had time to arrive. */
  async latencies(fromMs: number, toMs: number): Promise<readonly number[]> {
    await sleep(TAIL_MS, undefined, { signal: this.#context.signal });
    this.#reader.send({ type: 'tell', span: { fromMs, toMs } });
    const { latenciesMs } = await this.#reader.report('latencies', this.#context.signal);
    return latenciesMs;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([this.#writer[Symbol.asyncDispose](), this.#reader[Symbol.asyncDispose]()]);
  }
}
