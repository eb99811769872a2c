import { formatTable, type TableId } from '../src/change/table.ts';
import type { BenchContext } from './bench-context.ts';
import { debeziumContender } from './debezium-run.ts';
import { type Contender, type ContenderResult, type Figures, throughputFigures } from './figures.ts';
import { UsageMeter } from './process-usage.ts';
import { CATALOG, fillCatalog } from './tables.ts';

/** Existing rows to the topic: from the open connection until the last row is committed. */
export async function benchSnapshot(context: BenchContext): Promise<ContenderResult[]> {
  const { rows, peers } = context.options;
  const rowBytes = await fillCatalog(context.source, rows);
  const freshet: Contender = { name: 'freshet', run: () => runFreshet(context, rowBytes) };
  const others = peers.map((peer) => {
    const measure = { started: /Snapshot step 1 /, events: rows, rowBytes };
    return debeziumContender(context, peer, async (run) => {
      const name = context.freshName('dbz');
      try {
        return await run({ name, snapshot: 'initial', ...measure });
      } finally {
        await context.forget(name);
      }
    });
  });
  return context.interleave([freshet, ...others]);
}

async function runFreshet(context: BenchContext, rowBytes: number): Promise<Figures> {
  const { rows } = context.options;
  const name = context.freshName('snap');
  try {
    const until = { kind: 'published', table: formatTable(CATALOG), op: 'r', rows } as const;
    return await measureFreshet(context, name, CATALOG, until, rowBytes);
  } finally {
    await context.forget(name);
  }
}

/** One job of a Freshet process on a table, from its open connection on. */
export async function measureFreshet(
  context: BenchContext,
  name: string,
  table: TableId,
  until: {
    readonly kind: 'published';
    readonly table: string;
    readonly op: 'r' | 'u';
    readonly rows: number;
  },
  rowBytes: number,
): Promise<Figures> {
  await using child = await context.bootFreshet(true);
  child.send({ type: 'run', job: context.job(name, { tables: [table], consume: false, until }) });
  const working = await child.report('working', context.signal);
  const meter = UsageMeter.start(context.tracked(child.pid));
  const done = await child.report('done', context.signal);
  const usage = meter.stop();
  return {
    ...throughputFigures(until.rows, rowBytes, (done.atMs - working.atMs) / 1000, usage),
    topic_bytes_per_row: done.bytes / until.rows,
    kafka_transactions: done.commits,
    ms_per_kafka_transaction: done.commitMs / done.commits,
  };
}
