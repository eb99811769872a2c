import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type BackfillOptions,
  backfillTransform,
  previewBackfill,
} from '../../../src/cli/transform/backfill.ts';
import { previewRollback, rollbackTransform } from '../../../src/cli/transform/rollback.ts';
import type { TransformSetup } from '../../../src/cli/transform/setup.ts';
import type { TransformSummary } from '../../../src/cli/transform/summary.ts';
import { createKafka } from '../../../src/topics/kafka.ts';
import { withAdmin } from '../../../src/topics/topic-admin.ts';
import { counts, dump } from '../../consumers/transform/target.ts';
import type { TestDatabase } from '../../support/database.ts';
import { failingChecks, openSite, QUIET, slots, type TransformSite } from './site.ts';

const WHOLE: BackfillOptions = { brandId: null, resume: false, keepSlot: false };
/** Brand 10: the worked example. Brand 11: two results, one of them without a brand row. */
const EXAMPLE = `
INSERT INTO brand_competitors SELECT 100 + n, 10, 'Competitor ' || n FROM generate_series(1, 5) n;
INSERT INTO brand_competitors VALUES (201, 11, 'Competitor 1');
INSERT INTO extracted_positions (id, collector_result_id, brand_id, processed_at, collector_type, total_brand_mentions, sentiment_label)
  SELECT r * 10, r, 10, '2026-03-01T12:00:00Z', 'chatgpt', 2, CASE WHEN r <= 240 THEN 'POSITIVE' END FROM generate_series(1, 250) r;
INSERT INTO extracted_positions (id, collector_result_id, brand_id, processed_at, competitor_name, competitor_mentions, sentiment_score_competitor)
  SELECT r * 10 + n, r, 10, '2026-03-01T12:00:00Z', 'Competitor ' || n, n, CASE WHEN r <= 240 THEN 0 END
  FROM generate_series(1, 250) r, generate_series(1, 5) n;
INSERT INTO extracted_positions (id, collector_result_id, brand_id, processed_at, competitor_name) VALUES
  (9001, 900, 11, '2026-03-02T12:00:00Z', NULL),
  -- The competitor's row does not name the brand.
  (9002, 900, NULL, '2026-03-02T12:00:00Z', 'Competitor 1'),
  (9003, 900, 11, '2026-03-02T12:00:00Z', 'Nobody'),
  (9011, 901, 11, '2026-03-02T12:00:00Z', 'Competitor 1');`;

let site: TransformSite;
let target: TestDatabase;
let setup: TransformSetup;

beforeAll(async () => {
  site = await openSite(EXAMPLE);
  ({ target, setup } = site);
});
afterAll(() => site[Symbol.asyncDispose]());

async function backfill(options: Partial<BackfillOptions> = {}): Promise<TransformSummary> {
  const end = await backfillTransform(setup, { ...WHOLE, ...options }, QUIET);
  if (end.interrupted) throw new Error('it was interrupted');
  return end.summary;
}

function created({ tables }: TransformSummary): number[] {
  return Object.values(tables).map((table) => table.created);
}

async function slotsAndTopics(): Promise<unknown> {
  const topics = await withAdmin(createKafka(setup.config.kafka), (admin) => admin.listTopics());
  return [await slots(site), topics.filter((topic) => topic.startsWith(`${site.name}.`))];
}

describe('The commands of transform, one after the other', () => {
  it('a dry run tells what a backfill would do, and leaves no trace', async () => {
    const summary = await previewBackfill(setup, null, QUIET);
    expect(created(summary)).toEqual([251, 251, 1_251, 240, 1_200]);
    expect(summary).toMatchObject({ dryRun: true, rows: 1_504, processed: 252, skipped: 0, errors: 1 });
    expect(summary.firstMissingCompetitors).toEqual([{ brandId: '11', name: 'Nobody', results: 1 }]);
    expect(await slotsAndTopics()).toEqual([[], []]);
    const tables = await target.pool.query(
      "SELECT FROM pg_class WHERE relname = 'metric_facts' OR relnamespace = to_regnamespace('freshet')",
    );
    expect(tables.rows).toEqual([]);
  });

  it('a backfill of a brand takes its results whole, and nothing else', async () => {
    const summary = await backfill({ brandId: '11' });
    expect(summary).toMatchObject({ processed: 2, errors: 1, errorsByCode: { NO_BRAND_ROW: 1 } });
    expect(summary.firstErrors.map(({ collectorResultId }) => collectorResultId)).toEqual(['901']);
    expect(summary.competitorsNotFound).toEqual({ names: 1, results: 1 });
    expect(summary.firstMissingCompetitors).toEqual([{ brandId: '11', name: 'Nobody', results: 1 }]);
    expect(await counts(target.pool)).toEqual([1, 1, 1, 0, 0]);
  });

  it('a backfill of everything brings the worked example, then has nothing to do', async () => {
    const first = await backfill();
    expect(created(first)).toEqual([250, 250, 1_250, 240, 1_200]);
    expect(first).toMatchObject({ processed: 252, skipped: 1, errors: 1, rejectedRows: 0 });
    expect(await counts(target.pool)).toEqual([251, 251, 1_251, 240, 1_200]);
    const again = await backfill();
    expect(created(again)).toEqual([0, 0, 0, 0, 0]);
    expect(again).toMatchObject({ processed: 252, skipped: 251, errors: 1 });
    expect(await slotsAndTopics()).toMatchObject([[], expect.anything()]);
  });

  it('a verification finds every kind of damage', async () => {
    expect(await failingChecks(site)).toEqual([]);
    const damages: readonly (readonly [sql: string, checks: readonly string[]])[] = [
      [
        "UPDATE metric_facts SET topic = 'x' WHERE collector_result_id = 5",
        ['facts that differ from their brand row'],
      ],
      [
        'UPDATE brand_metrics SET total_mentions = 9 WHERE metric_fact_id IN (SELECT id FROM metric_facts WHERE collector_result_id = 5)',
        [
          'brand metrics that differ',
          'mentions of brands, old and new',
          'days of the daily view that are not as new as the tables',
        ],
      ],
      [
        'DELETE FROM brand_metrics WHERE metric_fact_id IN (SELECT id FROM metric_facts WHERE collector_result_id = 5)',
        [
          'brand metrics that differ',
          'facts without brand metrics',
          'brand metrics',
          'mentions of brands, old and new',
          'days of the daily view that are not as new as the tables',
        ],
      ],
      [
        'DELETE FROM metric_facts WHERE collector_result_id = 250',
        ['results of the source without a fact', 'facts', 'facts of collector type chatgpt'],
      ],
      [
        'INSERT INTO metric_facts (collector_result_id, brand_id, collected_at) VALUES (9000000000000000000, 1, now())',
        [
          'facts without a (valid) result at the source',
          'facts without brand metrics',
          'facts of collector type NULL',
        ],
      ],
      [
        'DELETE FROM competitor_sentiment WHERE competitor_id = 103',
        ['competitor sentiments that differ', 'competitor sentiments'],
      ],
      ['DELETE FROM brand_sentiment', ['brand sentiments that differ', 'brand sentiments']],
    ];
    for (const [sql, checks] of damages) {
      await target.pool.query(sql);
      expect(await failingChecks(site)).toEqual(expect.arrayContaining([...checks]));
    }
  });

  it('a backfill after TRUNCATE … CASCADE restores everything, and a rollback removes it', async () => {
    await target.pool.query('TRUNCATE metric_facts CASCADE');
    expect(created(await backfill())).toEqual([251, 251, 1_251, 240, 1_200]);
    expect(await failingChecks(site)).toEqual([]);
    const before = await dump(target.pool);
    expect(await previewRollback(setup)).toMatchObject({
      metric_facts: 251,
      'freshet.transform_positions': 1_504,
    });
    expect(await dump(target.pool)).toEqual(before);
    await rollbackTransform(setup);
    expect(await counts(target.pool)).toEqual([0, 0, 0, 0, 0]);
    expect(created(await backfill())).toEqual([251, 251, 1_251, 240, 1_200]);
    expect(await dump(target.pool)).toEqual(before);
  });
});
