import type { BenchContext } from './bench-context.ts';
import { clearTarget, verify } from './end-to-end.ts';
import { type ContenderResult, type Figures, throughputFigures } from './figures.ts';
import { UsageMeter } from './process-usage.ts';
import { fillProducts, PRODUCTS } from './tables.ts';

/** A full topic into an empty target by the upsert pipeline: from its first batch until the last row is committed. */
export async function benchSink(context: BenchContext): Promise<ContenderResult[]> {
  const rowBytes = await fillProducts(context.source, context.options.rows);
  return context.interleave([{ name: 'freshet', run: () => runSink(context, rowBytes) }]);
}

async function runSink(context: BenchContext, rowBytes: number): Promise<Figures> {
  const { rows } = context.options;
  const name = context.freshName('sink');
  try {
    await context.prepare(
      context.job(name, { tables: [PRODUCTS], consume: false, until: { kind: 'snapshots' } }),
    );
    await clearTarget(context);
    await using child = await context.bootFreshet(true);
    child.send({
      type: 'run',
      job: context.job(name, { tables: [], consume: true, until: { kind: 'applied', rows } }),
    });
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
