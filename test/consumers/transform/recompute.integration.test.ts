import { beforeEach, describe, expect, it } from 'vitest';
import { type PartialRow, UNAVAILABLE } from '../../../src/change/change.ts';
import { DAILY_METRICS_QUERY } from '../../../src/consumers/transform/migrations.ts';
import type { Writes } from '../../../src/consumers/transform/target-writer.ts';
import { generateCompetitors, generatePositions } from '../../../src/demo/positions-generator.ts';
import { brandRow, competitorRow } from './rows.ts';
import {
  clear,
  counts,
  type Delivered,
  deleted,
  deliver,
  dump,
  named,
  openTarget,
  stored,
  swept,
  truncated,
  unnamed,
} from './target.ts';

const pool = await openTarget();
beforeEach(() => clear(pool));

const ACME = named(100n, 10n, 'Acme');

async function* batches(changes: Iterable<Delivered>, size: number): AsyncGenerator<Delivered[]> {
  let batch: Delivered[] = [];
  for (const change of changes) {
    if (batch.push(change) < size) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}

async function first(query: string): Promise<unknown> {
  return Object.values((await pool.query<Record<string, unknown>>(query)).rows[0] ?? {})[0];
}

describe('The worked example of 1,500 rows', () => {
  const competitors = Array.from({ length: 5 }, (_, n) => named(BigInt(100 + n), 10n, `Competitor ${n}`));

  function* example(): Generator<Delivered> {
    for (let result = 1; result <= 250; result++) {
      const key = { collector_result_id: BigInt(12_000 + result) };
      const label = result <= 240 ? 'POSITIVE' : null;
      yield stored(brandRow({ ...key, id: BigInt(result * 6), sentiment_label: label }));
      for (let n = 0; n < 5; n++) {
        const own = { id: BigInt(result * 6 + n + 1), competitor_name: `Competitor ${n}` };
        yield stored(competitorRow({ ...key, ...own, sentiment_label_competitor: label }));
      }
    }
  }

  it('becomes 250 facts, 250 brand metrics, 1,250 competitor metrics, 240 and 1,200 sentiments', async () => {
    await deliver(pool, competitors);
    for await (const batch of batches(example(), 100)) await deliver(pool, batch);
    expect(await counts(pool)).toEqual([250, 250, 1_250, 240, 1_200]);
    expect(await first('SELECT count(*)::integer FROM freshet.transform_errors')).toBe(0);
  });
});

describe('Generated rows with every kind of dirt', () => {
  const plan = { results: 400, seed: 11 };
  const rows = [...generatePositions(plan)].map((row) => stored(row));
  const competitors = [...generateCompetitors(plan)].map((row) =>
    named(row['competitor_id'] as bigint, row['brand_id'] as bigint, String(row['competitor_name'])),
  );

  const run = async (size: number): Promise<Writes[]> => {
    const writes = [(await deliver(pool, competitors)).writes];
    for await (const batch of batches(rows, size)) writes.push((await deliver(pool, batch)).writes);
    return writes;
  };

  it('end in the same tables whatever the batches are, and a second run writes nothing', async () => {
    await run(100);
    const expected = await dump(pool);
    expect(expected['errors']?.length).toBeGreaterThan(0);
    expect(expected['unknown']?.length).toBeGreaterThan(0);
    const tuples = await first('SELECT array_agg(DISTINCT xmin::text) FROM competitor_metrics');
    for (const writes of await run(1_000)) {
      for (const table of Object.values(writes))
        expect(table).toMatchObject({ inserted: 0, updated: 0, deleted: 0 });
    }
    expect(await first('SELECT array_agg(DISTINCT xmin::text) FROM competitor_metrics')).toEqual(tuples);
    await clear(pool);
    await run(rows.length);
    expect(await dump(pool)).toEqual(expected);
  });

  it('are restored after TRUNCATE metric_facts CASCADE', async () => {
    await run(500);
    const expected = await dump(pool);
    await pool.query('TRUNCATE metric_facts CASCADE');
    expect(await counts(pool)).toEqual([0, 0, 0, 0, 0]);
    await run(500);
    expect(await dump(pool)).toEqual(expected);
  });

  it('fill the daily view, which refreshes concurrently', async () => {
    await run(1_000);
    await pool.query('REFRESH MATERIALIZED VIEW mv_brand_daily_metrics');
    await deliver(
      pool,
      [...generatePositions(plan)].slice(0, 900).map((row) => deleted(row['id'] as bigint)),
    );
    await pool.query('REFRESH MATERIALIZED VIEW CONCURRENTLY mv_brand_daily_metrics');
    expect(await first('SELECT count(*)::integer FROM mv_brand_daily_metrics')).toBeGreaterThan(0);
    const differences = `SELECT count(*)::integer FROM (
      (TABLE mv_brand_daily_metrics EXCEPT ALL ${DAILY_METRICS_QUERY})
      UNION ALL (${DAILY_METRICS_QUERY} EXCEPT ALL TABLE mv_brand_daily_metrics)) d`;
    expect(await first(differences)).toBe(0);
  });
});

describe('A result that changes', () => {
  it('is computed from all its rows, in whatever batches they come', async () => {
    await deliver(pool, [ACME, stored(competitorRow())]);
    expect(await counts(pool)).toEqual([0, 0, 0, 0, 0]);
    expect(await first('SELECT code FROM freshet.transform_errors')).toBe('NO_BRAND_ROW');
    await deliver(pool, [stored(brandRow())]);
    expect(await counts(pool)).toEqual([1, 1, 1, 0, 0]);
    expect(await first('SELECT count(*)::integer FROM freshet.transform_errors')).toBe(0);
  });

  it('keeps the id of its fact through updates', async () => {
    await deliver(pool, [stored(brandRow())]);
    const id = await first('SELECT id FROM metric_facts');
    const summary = await deliver(pool, [stored(brandRow({ topic: 'other', visibility_index: '0.500' }))]);
    expect(summary.writes).toMatchObject({ metric_facts: { updated: 1 }, brand_metrics: { updated: 1 } });
    expect(await first('SELECT id FROM metric_facts')).toBe(id);
    expect(await first('SELECT visibility_index FROM brand_metrics')).toBe('0.500');
  });

  it('gets the runner-up back when the winner is deleted', async () => {
    const winner = { processed_at: '2026-03-02T00:00:00Z', topic: 'winner' };
    await deliver(pool, [stored(brandRow({ topic: 'runner-up' })), stored(brandRow({ id: 5n, ...winner }))]);
    expect(await first('SELECT topic FROM metric_facts')).toBe('winner');
    await deliver(pool, [deleted(5n)]);
    expect(await first('SELECT topic FROM metric_facts')).toBe('runner-up');
  });

  it("loses a deleted competitor's row and its sentiment", async () => {
    await deliver(pool, [
      ACME,
      stored(brandRow()),
      stored(competitorRow({ sentiment_score_competitor: '0' })),
    ]);
    expect(await counts(pool)).toEqual([1, 1, 1, 0, 1]);
    const { writes } = await deliver(pool, [deleted(2n)]);
    expect(await counts(pool)).toEqual([1, 1, 0, 0, 0]);
    expect(writes).toMatchObject({
      competitor_metrics: { deleted: 1 },
      competitor_sentiment: { deleted: 1 },
    });
  });

  it('loses a sentiment that became NULL', async () => {
    await deliver(pool, [stored(brandRow({ sentiment_label: 'NEUTRAL' }))]);
    await deliver(pool, [stored(brandRow())]);
    expect(await counts(pool)).toEqual([1, 1, 0, 0, 0]);
  });

  it('vanishes with its brand row, and wholly with its last row', async () => {
    await deliver(pool, [ACME, stored(brandRow()), stored(competitorRow())]);
    await deliver(pool, [deleted(1n)]);
    expect(await counts(pool)).toEqual([0, 0, 0, 0, 0]);
    await deliver(pool, [deleted(2n)]);
    expect(await first('SELECT count(*)::integer FROM freshet.transform_errors')).toBe(0);
    expect(await first('SELECT count(*)::integer FROM freshet.transform_results')).toBe(0);
  });

  it('is taken out of the tables when an update breaks it, and comes back when it is mended', async () => {
    await deliver(pool, [stored(brandRow()), stored(brandRow({ id: 8n, collector_result_id: 8n }))]);
    await deliver(pool, [stored(brandRow({ metadata: '{' }))]);
    expect(await first('SELECT collector_result_id || code FROM freshet.transform_errors')).toBe(
      '7METADATA_INVALID',
    );
    expect(await counts(pool)).toEqual([1, 1, 0, 0, 0]);
    await deliver(pool, [stored(brandRow())]);
    expect(await counts(pool)).toEqual([2, 2, 0, 0, 0]);
  });

  it('gives a row to another result when its collector_result_id changes', async () => {
    await deliver(pool, [stored(brandRow())]);
    await deliver(pool, [stored(brandRow({ collector_result_id: 8n }))]);
    expect(await first('SELECT array_agg(collector_result_id::text) FROM metric_facts')).toEqual(['8']);
  });
});

describe('Competitors', () => {
  const rows = [stored(brandRow()), stored(competitorRow())];

  it('are filled in when brand_competitors gains them, and taken out when it loses them', async () => {
    await deliver(pool, rows);
    expect(
      await first(
        "SELECT concat_ws('/', collector_result_id, brand_id, name) FROM freshet.transform_unknown_competitors",
      ),
    ).toBe('7/10/Acme');
    await deliver(pool, [ACME]);
    expect(await counts(pool)).toEqual([1, 1, 1, 0, 0]);
    expect(await first('SELECT count(*)::integer FROM freshet.transform_unknown_competitors')).toBe(0);
    await deliver(pool, [unnamed(100n)]);
    expect(await counts(pool)).toEqual([1, 1, 0, 0, 0]);
    expect(await first('SELECT name FROM freshet.transform_unknown_competitors')).toBe('Acme');
  });

  it('change their id in the results that name them, and in no other brand', async () => {
    const other = brandRow({ id: 8n, collector_result_id: 8n, brand_id: 11n });
    await deliver(pool, [ACME, named(200n, 11n, 'Acme'), ...rows, stored(other)]);
    const { writes } = await deliver(pool, [unnamed(100n), named(300n, 10n, ' Acme ')]);
    expect(writes).toMatchObject({
      metric_facts: { unchanged: 1 },
      competitor_metrics: { inserted: 1, deleted: 1 },
    });
    expect(await first('SELECT array_agg(competitor_id::text) FROM competitor_metrics')).toEqual(['300']);
  });

  it('with the same name: the smallest id has it, the next one when it goes', async () => {
    await deliver(pool, [ACME, ...rows]);
    await deliver(pool, [named(99n, 10n, 'Acme')]);
    expect(await first('SELECT competitor_id::text FROM competitor_metrics')).toBe('99');
    await deliver(pool, [unnamed(99n)]);
    expect(await first('SELECT competitor_id::text FROM competitor_metrics')).toBe('100');
  });

  it('that fail a result no longer do when they are gone', async () => {
    const broken = competitorRow({ sentiment_label_competitor: 'MIXED' });
    await deliver(pool, [ACME, stored(brandRow()), stored(broken)]);
    expect(await counts(pool)).toEqual([0, 0, 0, 0, 0]);
    await deliver(pool, [unnamed(100n)]);
    expect(await counts(pool)).toEqual([1, 1, 0, 0, 0]);
  });

  it('may have names of any length', async () => {
    const name = Array.from({ length: 3_000 }, (_, i) =>
      String.fromCharCode(0x4e00 + ((i * 7_919) % 20_000)),
    ).join('');
    await deliver(pool, [stored(brandRow()), stored(competitorRow({ competitor_name: name }))]);
    await deliver(pool, [named(100n, 10n, name)]);
    expect(await counts(pool)).toEqual([1, 1, 1, 0, 0]);
  });
});

describe('A batch', () => {
  it('leaves columns alone that a change did not carry', async () => {
    await deliver(pool, [stored(brandRow({ metadata: '{"kept": true}' }))]);
    const partial: PartialRow = { ...brandRow({ topic: 'new' }), metadata: UNAVAILABLE };
    const { incomplete } = await deliver(pool, [stored(partial)]);
    expect(incomplete).toEqual([]);
    expect(await first('SELECT topic || metadata::text FROM metric_facts')).toBe('new{"kept": true}');
  });

  it('completes a change from an earlier one of the same batch, but not across a delete', async () => {
    const update: PartialRow = { ...brandRow({ topic: 'new' }), metadata: UNAVAILABLE };
    const partial = stored(update);
    await deliver(pool, [stored(brandRow({ metadata: '1' })), partial]);
    expect(await first('SELECT topic || metadata::text FROM metric_facts')).toBe('new1');
    await deliver(pool, [deleted(1n), partial]);
    expect(await counts(pool)).toEqual([0, 0, 0, 0, 0]);
  });

  it('leaves out an incomplete change of a row that is missing or of an older epoch', async () => {
    const partial: PartialRow = { ...brandRow({ topic: 'new' }), metadata: UNAVAILABLE };
    expect((await deliver(pool, [stored(partial)])).incomplete).toHaveLength(1);
    await deliver(pool, [stored(brandRow({ topic: 'old' }))]);
    expect((await deliver(pool, [stored(partial, 2)])).incomplete).toHaveLength(1);
    expect(await first('SELECT topic FROM metric_facts')).toBe('old');
  });

  it('rejects a row that belongs to no result, and goes on with the others', async () => {
    const { rejected } = await deliver(pool, [
      stored(brandRow({ id: 8n, collector_result_id: null })),
      stored(brandRow()),
    ]);
    expect(rejected).toMatchObject([{ change: { key: { id: 8n } } }]);
    expect(await counts(pool)).toEqual([1, 1, 0, 0, 0]);
  });

  it('empties the truncated partition only, and keeps what came after', async () => {
    const other = (id: bigint): Delivered => stored(brandRow({ id, collector_result_id: id }));
    await deliver(pool, [other(1n), other(2n), other(3n)]);
    await deliver(pool, [other(5n), truncated(1), other(7n)]);
    expect(
      await first('SELECT array_agg(collector_result_id::integer ORDER BY 1) FROM metric_facts'),
    ).toEqual([2, 7]);
  });

  it('sweeps what an older epoch left behind; an unchanged row is stamped anew', async () => {
    const other = (id: bigint, epoch: number): Delivered =>
      stored(brandRow({ id, collector_result_id: id }), epoch);
    await deliver(pool, [other(1n, 1), other(3n, 1), other(2n, 1)]);
    await deliver(pool, [other(3n, 2), swept(1, 2)]);
    expect(
      await first('SELECT array_agg(collector_result_id::integer ORDER BY 1) FROM metric_facts'),
    ).toEqual([2, 3]);
  });

  it('that shares results with another at the same time sees its rows, or is seen by it', async () => {
    const results = Array.from({ length: 200 }, (_, n) => BigInt(n + 1));
    const brands = results.map((id) => stored(brandRow({ id, collector_result_id: id })));
    const competitors = results.map((id) =>
      stored(competitorRow({ id: id + 1_000n, collector_result_id: id })),
    );
    await Promise.all([
      deliver(pool, brands),
      deliver(pool, competitors.toReversed()),
      deliver(pool, [ACME]),
    ]);
    expect(await counts(pool)).toEqual([200, 200, 200, 0, 0]);
  });
});
