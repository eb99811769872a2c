import { connect } from '../src/runtime/postgres.ts';
import type { BenchContext } from './bench-context.ts';
import { clearTarget, verify } from './end-to-end.ts';
import type { ContenderResult, Figures } from './figures.ts';
import { runMetered } from './metered-job.ts';
import { fillProducts, PRODUCTS } from './tables.ts';

/**
 * A full topic into the target by the upsert pipeline: from its first batch until the last row is
 * committed. Once into an empty table, and once more from the topic's beginning, when no row changes.
 */
export async function benchSink(context: BenchContext): Promise<ContenderResult[]> {
  const rowBytes = await fillProducts(context.source, context.options.rows);
  const name = context.freshName('sink');
  try {
    await context.prepare(
      context.job(name, { tables: [PRODUCTS], consume: false, until: { kind: 'snapshots' } }),
    );
    const into = async (prepareTarget: (context: BenchContext) => Promise<void>): Promise<Figures> => {
      await prepareTarget(context);
      return runSink(context, name, rowBytes);
    };
    // Each turn runs them in this order: the second finds the rows of the first.
    return await context.interleave([
      { name: 'into an empty table', run: () => into(clearTarget) },
      { name: 'unchanged rows', run: () => into(forgetProgress) },
    ]);
  } finally {
    await context.forget(name);
  }
}

async function runSink(context: BenchContext, name: string, rowBytes: number): Promise<Figures> {
  const { rows } = context.options;
  const until = { kind: 'applied', rows } as const;
  const job = context.job(name, { tables: [], consume: true, until });
  const { figures } = await runMetered(context, job, rows, rowBytes);
  await verify(context, rows);
  return figures;
}

/** The rows stay; the pipeline reads the topic from its beginning, and takes nothing for a replay. */
async function forgetProgress({ services }: BenchContext): Promise<void> {
  await using target = await connect({ url: services.urls.targetUrl }, 'bench');
  for (const sql of ['DELETE FROM freshet.positions', 'VACUUM (ANALYZE) items', 'CHECKPOINT'])
    await target.query(sql);
}
