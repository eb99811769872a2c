import { createPositionTables, loadPositions } from '../src/demo/positions-source.ts';
import { connect } from '../src/runtime/postgres.ts';
import type { BenchContext } from './bench-context.ts';
import type { ContenderResult, Figures } from './figures.ts';
import { runMetered } from './metered-job.ts';
import { commandFigures } from './transform-command.ts';

const TABLES = [
  { schema: 'public', name: 'brand_competitors' },
  { schema: 'public', name: 'extracted_positions' },
] as const;
/** Of the generated rows, with their duplicates and without the missing ones. */
const ROWS_PER_RESULT = 6.1;
const SEED = 3;
/** A table that a person waits for. */
const SMALL_ROWS = 10_000;

/**
 * From the flat rows to the five metric tables, with their foreign keys, by one process with capture and the
 * transform pipeline; and the command on a small table, its start included.
 */
export async function benchTransform(context: BenchContext): Promise<ContenderResult[]> {
  return context.interleave([
    {
      name: 'freshet',
      run: async () => ({ ...(await runCommand(context)), ...(await runTransform(context)) }),
    },
  ]);
}

async function runCommand(context: BenchContext): Promise<Figures> {
  const rows = await fillSource(context, SMALL_ROWS);
  await clearMetricTables(context);
  const figures = await commandFigures(context, rows);
  await verifyResults(context);
  return figures;
}

async function runTransform(context: BenchContext): Promise<Figures> {
  const rows = await fillSource(context, context.options.rows);
  const rowBytes = await meanRowBytes(context);
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

/** Gives the number of rows of both tables. */
async function fillSource({ source }: BenchContext, rows: number): Promise<number> {
  await source.query('DROP TABLE IF EXISTS extracted_positions, brand_competitors');
  await createPositionTables(source);
  const filled = await loadPositions(source, { results: Math.ceil(rows / ROWS_PER_RESULT), seed: SEED });
  await source.query('VACUUM (ANALYZE) extracted_positions');
  await source.query('CHECKPOINT');
  return filled;
}

async function meanRowBytes({ source }: BenchContext): Promise<number> {
  const sized = await source.query<{ bytes: string }>(
    'SELECT avg(length(p::text)) AS bytes FROM extracted_positions p',
  );
  return Number(sized.rows[0]?.bytes ?? 0);
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
