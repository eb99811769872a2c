import { verifyTransform } from '../cli/transform/verification.ts';
import { refreshDailyView } from '../consumers/transform/daily-view.ts';
import { beginReading } from '../runtime/transactions.ts';
import type { DemoExample } from './example.ts';
import { ItemRandom } from './item-random.ts';
import { createPositionTables, loadPositions } from './positions-source.ts';

const ROWS_PER_RESULT = 6.1;
const WRITES = 200;
const TABLES = {
  positions: { schema: 'public', name: 'extracted_positions' },
  competitors: { schema: 'public', name: 'brand_competitors' },
  ids: 'bigint',
} as const;

/** What search assistants say of brands and their competitors, as metric tables by the transform pipeline. */
export const metricsExample: DemoExample = {
  pipeline: 'transform',
  tables: ['public.brand_competitors', 'public.extracted_positions'],
  createTables: createPositionTables,
  async fill(source, { generatedRows, seed }) {
    const before = await source.query<{ count: number }>(
      'SELECT (SELECT count(*) FROM brand_competitors)::int + (SELECT count(*) FROM extracted_positions)::int AS count',
    );
    const existing = before.rows[0]?.count ?? 0;
    if (existing > 0) return { rows: existing, duplicates: 0, existing: true };
    const rows = await loadPositions(source, { results: Math.ceil(generatedRows / ROWS_PER_RESULT), seed });
    return { rows, duplicates: 0, existing: false };
  },
  async write(source, seed, signal) {
    const { rows } = await source.query<{ id: string }>('SELECT id FROM extracted_positions ORDER BY id');
    for (let n = 0; n < WRITES && rows.length > 0; n++) {
      signal.throwIfAborted();
      const random = new ItemRandom(seed, n);
      const id = rows[random.integer(0, rows.length - 1)]?.id ?? '0';
      await source.query(n === WRITES - 1 ? RENAMING : random.pick(STATEMENTS), [id]);
    }
  },
  async inspect({ source, target }, differ) {
    await beginReading(source);
    try {
      // By itself it follows when its debounce is over.
      await refreshDailyView(target, { wait: true });
      const found = await verifyTransform({ source, target }, TABLES, {
        viewMayLagMs: 0,
        progress: () => {},
      });
      const wrong = found.checks.filter(({ ok }) => !ok);
      for (const { name, expected, found: has, firstIds } of wrong)
        differ(`${name}: expected ${expected}, found ${has}; ${firstIds.join(', ')}`);
      const { results, errors } = found;
      const facts = results - errors;
      return {
        mismatches: wrong.length,
        figures: { results, facts, errors },
        lines: [`metrics      ${facts} of ${results} results, ${errors} with an error`],
      };
    } finally {
      await source.query('ROLLBACK');
    }
  },
  toTry: ({ sourceUrl, targetUrl }) => [
    'Change a mention, and see the metrics of its result change:',
    `  psql '${sourceUrl}' -c "UPDATE extracted_positions SET total_brand_mentions = 99 WHERE collector_result_id = 1 AND competitor_name IS NULL"`,
    `  psql '${targetUrl}' -c "SELECT f.collector_result_id, m.* FROM metric_facts f JOIN brand_metrics m ON m.metric_fact_id = f.id WHERE collector_result_id = 1"`,
  ],
};

/** Each has the id of a row as its parameter. */
const STATEMENTS: readonly [string, ...string[]] = [
  'UPDATE extracted_positions SET total_brand_mentions = 7, competitor_mentions = 7 WHERE id = $1',
  `UPDATE extracted_positions SET topic = 'changed', processed_at = processed_at + interval '1 day' WHERE id = $1`,
  `UPDATE extracted_positions SET sentiment_score = NULL, sentiment_label = NULL, sentiment_score_competitor = 0 WHERE id = $1`,
  `UPDATE extracted_positions SET metadata = '{"mended": true}' WHERE id = $1`,
  'UPDATE extracted_positions SET collector_result_id = collector_result_id + 1 WHERE id = $1',
  'DELETE FROM extracted_positions WHERE id = $1',
];
/** Concerns many results at once: each of its brand that names it. The last one: what follows would wait for it. */
const RENAMING = `UPDATE brand_competitors SET competitor_name = competitor_name || ' Group'
  WHERE competitor_id = 1000 + $1::bigint % 12`;
