import { connect } from '../src/runtime/postgres.ts';
import type { BenchContext } from './bench-context.ts';
import type { ContenderResult, Figures } from './figures.ts';
import { runMetered } from './metered-job.ts';
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
    const until = { kind: 'applied', rows } as const;
    const job = context.job(name, { tables: [PRODUCTS], consume: true, until });
    const { figures } = await runMetered(context, job, rows, rowBytes);
    await verify(context, rows);
    return figures;
  } finally {
    await context.forget(name);
  }
}

/** Every run writes new rows: a row that is there already would only be compared. */
export async function clearTarget({ services }: BenchContext): Promise<void> {
  await using target = await connect({ url: services.urls.targetUrl }, 'bench');
  await target.query('DROP TABLE IF EXISTS items; DROP SCHEMA IF EXISTS freshet CASCADE');
}

/** A figure of rows that did not arrive would be worth nothing. */
export async function verify({ services }: BenchContext, rows: number): Promise<void> {
  await using target = await connect({ url: services.urls.targetUrl }, 'bench');
  const found = await target.query<{ count: string }>('SELECT count(*) FROM items');
  if (Number(found.rows[0]?.count) !== rows)
    throw new Error(`the target holds ${found.rows[0]?.count} rows, ${rows} were expected`);
}
