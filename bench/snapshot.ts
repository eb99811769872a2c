import { formatTable, type TableId } from '../src/change/table.ts';
import type { BenchContext } from './bench-context.ts';
import { debeziumContender } from './debezium-run.ts';
import type { Contender, ContenderResult, Figures } from './figures.ts';
import { runMetered } from './metered-job.ts';
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
  const job = context.job(name, { tables: [table], consume: false, until });
  const { done, figures } = await runMetered(context, job, until.rows, rowBytes);
  return {
    ...figures,
    topic_bytes_per_row: done.bytes / until.rows,
    kafka_transactions: done.commits,
    ms_per_kafka_transaction: done.commitMs / done.commits,
  };
}
