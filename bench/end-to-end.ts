import { connect } from '../src/runtime/postgres.ts';
import type { BenchContext } from './bench-context.ts';
import { type ContenderResult, type Figures, throughputFigures } from './figures.ts';
import { UsageMeter } from './process-usage.ts';
import { fillProducts, PRODUCTS } from './tables.ts';

/** From source to sink by one process with capture and the upsert pipeline: until the last row is committed in the target. */
export async function benchEndToEnd(context: BenchContext): Promise<ContenderResult[]> {
  const rowBytes = await fillProducts(context.source, context.options.rows);
  return context.interleave([{ name: 'freshet', run: () => runEndToEnd(context, rowBytes) }]);
}

async function runEndToEnd(context: BenchContext, rowBytes: number): Promise<Figures> {
  const { rows } = context.options;
  const name = context.freshName('end');
  try {
    await clearTarget(context);
    await using child = await context.bootFreshet(true);
    const until = { kind: 'applied', rows } as const;
    child.send({ type: 'run', job: context.job(name, { tables: [PRODUCTS], consume: true, until }) });
    const working = await child.report('working', context.signal);
    const meter = UsageMeter.start(context.tracked(child.pid));
    const done = await child.report('done', context.signal);
    const usage = meter.stop();
    await verify(context, rows);
    return throughputFigures(rows, rowBytes, (done.atMs - working.atMs) / 1000, usage);
  } finally {
    await context.forget(name);
  }
}

/** Every run writes new rows: a row that is there already would only be compared. */
export async function clearTarget({ services }: BenchContext): Promise<void> {
  const target = await connect({ url: services.urls.targetUrl }, 'bench');
  try {
    await target.query('DROP TABLE IF EXISTS items; DROP SCHEMA IF EXISTS freshet CASCADE');
  } finally {
    await target.end();
  }
}

/** A figure of rows that did not arrive would be worth nothing. */
export async function verify({ services }: BenchContext, rows: number): Promise<void> {
  const target = await connect({ url: services.urls.targetUrl }, 'bench');
  try {
    const found = await target.query<{ count: string }>('SELECT count(*) FROM items');
    if (Number(found.rows[0]?.count) !== rows)
      throw new Error(`the target holds ${found.rows[0]?.count} rows, ${rows} were expected`);
  } finally {
    await target.end();
  }
}
