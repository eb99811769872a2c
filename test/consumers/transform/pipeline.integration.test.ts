import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Pool } from 'pg';
import { until } from '../../support/capture.ts';
import { createFlow, type Flow, flowPipeline, startFlow } from './flow.ts';
import { counts } from './target.ts';

const pipeline = flowPipeline(300);
let flow: Flow;

beforeAll(async () => {
  flow = await createFlow();
});
afterAll(() => flow[Symbol.asyncDispose]());

/** The seed's worked example: 250 results of one brand row and five competitors. */
const EXAMPLE = `
INSERT INTO brand_competitors SELECT 100 + n, 10, 'Competitor ' || n FROM generate_series(1, 5) n;
INSERT INTO extracted_positions (id, collector_result_id, brand_id, processed_at, has_brand_presence, sentiment_label)
  SELECT r * 10, r, 10, '2026-03-01T12:00:00Z', true, CASE WHEN r <= 240 THEN 'POSITIVE' END FROM generate_series(1, 250) r;
INSERT INTO extracted_positions (id, collector_result_id, brand_id, processed_at, competitor_name, competitor_mentions, sentiment_score_competitor)
  SELECT r * 10 + n, r, 10, '2026-03-01T12:00:00Z', 'Competitor ' || n, n, CASE WHEN r <= 240 THEN 0 END
  FROM generate_series(1, 250) r, generate_series(1, 5) n;`;

const AWKWARD_TOPIC = ' a\tb\nc\r"d"\\. , \u0001\u0002 ';
/** More rows than are written by INSERT. */
const JSONB_EXAMPLE = `
INSERT INTO extracted_positions (id, collector_result_id, brand_id, processed_at, sentiment_label, topic, metadata, sentiment_positive_sentences)
  SELECT r, r, 10, '2026-03-01T12:00:00Z', 'NEUTRAL', E' a\\tb\\nc\\r"d"\\\\. , \\x01\\x02 ',
    '{"a": [1, "x\\"\\\\y\\nz"]}', '["„so\\"\\\\, 好\\t"]'
  FROM generate_series(1, 300) r;`;

async function first(pool: Pool, query: string): Promise<unknown> {
  return Object.values((await pool.query<Record<string, unknown>>(query)).rows[0] ?? {})[0];
}

describe('From the flat rows through the topics to the metric tables', () => {
  it('the worked example gives its counts, and changes arrive while they happen', async () => {
    const { source, target } = flow;
    await source.pool.query(EXAMPLE);
    await using running = startFlow(flow, pipeline);
    const reached = (expected: readonly number[]) => async (): Promise<boolean> =>
      JSON.stringify(await counts(target.pool).catch(() => [])) === JSON.stringify(expected);
    await until('the example is there', reached([250, 250, 1_250, 240, 1_200]));
    expect(await first(target.pool, 'SELECT count(*)::integer FROM freshet.transform_errors')).toBe(0);
    const results = 'SELECT coalesce(sum(results), 0)::integer FROM mv_brand_daily_metrics';
    await until('the daily view shows it', async () => (await first(target.pool, results)) === 250);
    await source.pool.query('DELETE FROM extracted_positions WHERE id % 10 = 0 AND collector_result_id = 7');
    await source.pool.query(
      "UPDATE brand_competitors SET competitor_name = 'Another' WHERE competitor_id = 103",
    );
    await until('a brand row and a competitor are gone', reached([249, 249, 996, 239, 956]));
    await source.pool.query('TRUNCATE extracted_positions');
    await until('everything is gone', reached([0, 0, 0, 0, 0]));
    await until('the daily view is empty', async () => (await first(target.pool, results)) === 0);
    expect(running.tally.viewAges.at(-1)).toBeLessThan(60);
    expect(running.tally.deadLetters).toEqual([]);
  });

  it('jsonb columns come as text ones do, also many rows at once', async () => {
    await using jsonb = await createFlow();
    const { source: typed, target: metrics } = jsonb;
    await typed.pool.query(`ALTER TABLE extracted_positions
      ALTER metadata TYPE jsonb USING metadata::jsonb,
      ALTER sentiment_positive_sentences TYPE jsonb USING sentiment_positive_sentences::jsonb`);
    await typed.pool.query(JSONB_EXAMPLE);
    await using running = startFlow(jsonb, pipeline);
    const found = `SELECT jsonb_agg(DISTINCT jsonb_build_array(metadata, topic, positive_sentences))
      FROM metric_facts f JOIN brand_sentiment s ON s.metric_fact_id = f.id HAVING count(*) = 300`;
    await until(
      'all are there',
      async () => (await first(metrics.pool, found).catch(() => undefined)) !== undefined,
    );
    expect(await first(metrics.pool, found)).toEqual([
      [{ a: [1, 'x"\\y\nz'] }, AWKWARD_TOPIC, ['„so"\\, 好\t']],
    ]);
    expect(running.tally.deadLetters).toEqual([]);
  });
});
