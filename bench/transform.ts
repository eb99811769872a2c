import { createPositionTables, loadPositions } from '../src/demo/positions-source.ts';
import { connect } from '../src/runtime/postgres.ts';
import type { BenchContext } from './bench-context.ts';
import type { ContenderResult, Figures } from './figures.ts';
import { runMetered } from './metered-job.ts';

const TABLES = [
  { schema: 'public', name: 'brand_competitors' },
  { schema: 'public', name: 'extracted_positions' },
] as const;
/** Of the generated rows, with their duplicates and without the missing ones. */
const ROWS_PER_RESULT = 6.1;
const SEED = 3;

/** From the flat rows to the five metric tables, with their foreign keys, by one process with capture and the transform pipeline. */
export async function benchTransform(context: BenchContext): Promise<ContenderResult[]> {
  const { source, options } = context;
  await source.query('DROP TABLE IF EXISTS extracted_positions, brand_competitors');
  await createPositionTables(source);
  const results = Math.ceil(options.rows / ROWS_PER_RESULT);
  const rows = await loadPositions(source, { results, seed: SEED });
  await source.query('VACUUM (ANALYZE) extracted_positions');
  await source.query('CHECKPOINT');
  const sized = await source.query<{ bytes: string }>(
    'SELECT avg(length(p::text)) AS bytes FROM extracted_positions p',
  );
  const rowBytes = Number(sized.rows[0]?.bytes ?? 0);
  return context.interleave([{ name: 'freshet', run: () => runTransform(context, rows, rowBytes) }]);
}

async function runTransform(context: BenchContext, rows: number, rowBytes: number): Promise<Figures> {
  const name = context.freshName('transform');
  try {
    await clearMetricTables(context);
    const until = { kind: 'applied', rows } as const;
    const job = context.job(name, { tables: TABLES, consume: 'transform', until });
    const { figures } = await runMetered(context, job, rows, rowBytes);
    await verifyResults(context);
    return figures;
  } finally {
    await context.forget(name);
  }
}

async function clearMetricTables({ services }: BenchContext): Promise<void> {
  await using target = await connect({ url: services.urls.targetUrl }, 'bench');
  await target.query(`DROP TABLE IF EXISTS metric_facts, brand_metrics, competitor_metrics, brand_sentiment,
    competitor_sentiment CASCADE; DROP SCHEMA IF EXISTS freshet CASCADE; CHECKPOINT`);
}

/** Every result has become a fact or an error. */
async function verifyResults({ source, services }: BenchContext): Promise<void> {
  const wanted = await source.query<{ count: string }>(
    'SELECT count(DISTINCT collector_result_id) FROM extracted_positions',
  );
  await using target = await connect({ url: services.urls.targetUrl }, 'bench');
  const found = await target.query<{ count: string }>(
    'SELECT (SELECT count(*) FROM metric_facts) + (SELECT count(*) FROM freshet.transform_errors) AS count',
  );
  if (found.rows[0]?.count !== wanted.rows[0]?.count)
    throw new Error(`the target has ${found.rows[0]?.count} results, not ${wanted.rows[0]?.count}`);
}
