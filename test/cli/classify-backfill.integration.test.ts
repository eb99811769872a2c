import { randomUUID } from 'node:crypto';
import type { Pool } from 'pg';
import { describe, expect, it } from 'vitest';
import { backfillClassify, dryRunClassify } from '../../src/cli/classify/backfill.ts';
import { Engine } from '../../src/cli/engine.ts';
import { parseConfig, resolveConfig } from '../../src/config.ts';
import { createKafka } from '../../src/topics/kafka.ts';
import { endOffsets, withAdmin } from '../../src/topics/topic-admin.ts';
import { until } from '../support/capture.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { closeGate } from '../support/gate.ts';
import { services } from '../support/services.ts';
import { countUpdates, createUrlTable, urlsIn } from '../consumers/classify/url-table.ts';

interface Site extends AsyncDisposable {
  readonly database: TestDatabase;
  readonly pool: Pool;
  readonly engine: () => Engine;
}

const ALL = { account: null, batchSize: 2_000, reclassify: false, resume: false, keepSlot: false };
const QUIET = { signal: new AbortController().signal, progress: (): void => {} };

async function openSite(urls: number, more: object = {}): Promise<Site> {
  const database = await createDatabase();
  const { pool } = database;
  await createUrlTable(pool);
  await pool.query(
    `INSERT INTO accounts SELECT i, 'Account ' || i FROM generate_series(1, 4) i;
     INSERT INTO urls (account_id, url)
       SELECT 1 + i % 4, 'https://acme.example/' || (ARRAY['pricing', 'about', 'blog/' || i, 'careers'])[1 + (i / 4) % 4]
       FROM generate_series(0, ${urls - 1}) i`,
  );
  const name = `t${randomUUID().slice(0, 8)}`;
  const tables = ['public.urls', 'public.page_type_patterns'];
  const target = { url: services().targetUrl };
  const input = { sources: [{ name, tables, url: database.url }], target, ...more };
  const config = resolveConfig(parseConfig(input, 'test', {}), {}, services());
  const engine = (): Engine => new Engine(config, () => {});
  return { database, pool, engine, [Symbol.asyncDispose]: () => database[Symbol.asyncDispose]() };
}

describe('freshet backfill classify', () => {
  it('classifies every URL and says what it did; a second run writes nothing', async () => {
    await using site = await openSite(2_000);
    await site.pool.query(
      `UPDATE urls SET page_type = 'landing', page_type_source = 'manual' WHERE id <= 10`,
    );
    await site.pool.query(`UPDATE urls SET url = 'nothing' WHERE id = 11`);
    const first = await backfillClassify(site.engine(), ALL, QUIET);
    expect(first).toMatchObject({
      processed: 2_000,
      classified: 1_990,
      skipped: 10,
      unchanged: 0,
      superseded: 0,
    });
    expect(first).toMatchObject({ errors: 1, dead_letters: 0, interrupted: false, dry_run: false });
    expect(first.types).toEqual({ careers: 500, article: 497, about: 496, pricing: 496, other: 1 });
    expect(Object.keys(first.accounts)).toEqual(['1', '2', '3', '4']);
    expect(first.accounts['1']).toEqual({ processed: 500, classified: 497, skipped: 3, unchanged: 0 });
    expect(first.examples.errors).toEqual([{ id: '11', account_id: '3', url: 'nothing' }]);
    const updates = await countUpdates(site.pool);
    const second = await backfillClassify(site.engine(), ALL, QUIET);
    expect(second).toMatchObject({
      processed: 2_000,
      classified: 0,
      skipped: 10,
      unchanged: 1_990,
      errors: 1,
    });
    expect(second.types).toEqual(first.types);
    expect(await updates()).toEqual({});
  });

  it('takes one account where asked, and judges again what this version judged only where asked', async () => {
    await using site = await openSite(400);
    const ofTwo = { ...ALL, account: '2', batchSize: 7 };
    expect(await backfillClassify(site.engine(), ofTwo, QUIET)).toMatchObject({
      processed: 100,
      classified: 100,
    });
    const typed = (await urlsIn(site.pool)).filter((row) => row.page_type !== null);
    expect(typed).toHaveLength(100);
    await site.pool.query(
      `UPDATE urls SET page_type = 'event' WHERE id IN (SELECT min(id) FROM urls WHERE account_id = 2)`,
    );
    expect(await backfillClassify(site.engine(), ofTwo, QUIET)).toMatchObject({
      classified: 0,
      unchanged: 100,
    });
    const again = await backfillClassify(site.engine(), { ...ofTwo, reclassify: true }, QUIET);
    expect(again).toMatchObject({ classified: 1, unchanged: 99 });
  });

  it('goes on where Ctrl-C stopped it, and its counts go on, too', async () => {
    await using site = await openSite(4_000, { consumers: { maxBatchRecords: 50 } });
    const updates = await countUpdates(site.pool);
    const gate = await closeGate(site.pool, 'UPDATE ON urls', 'NEW.id > 2000');
    const stop = new AbortController();
    const stopped = backfillClassify(site.engine(), ALL, { ...QUIET, signal: stop.signal });
    await until('some are classified', async () => Object.keys(await updates()).length > 0);
    stop.abort();
    await gate.open();
    const first = await stopped;
    expect(first.interrupted).toBe(true);
    expect(first.processed).toBeGreaterThan(0);
    expect(first.processed).toBeLessThan(4_000);
    const resumed = await backfillClassify(site.engine(), { ...ALL, resume: true }, QUIET);
    expect(resumed).toMatchObject({ refresh: first.refresh, processed: 4_000, interrupted: false });
    expect(resumed.classified + resumed.unchanged).toBe(4_000);
    expect(Object.values(await updates()).reduce((sum, count) => sum + count)).toBe(4_000);
    const again = await backfillClassify(site.engine(), { ...ALL, resume: true }, QUIET);
    expect(again).toMatchObject({ processed: 4_000, classified: 0, unchanged: 4_000 });
    expect(again.refresh).not.toBe(first.refresh);
  });

  it('loses none of 1,000 values that people set while it runs', async () => {
    await using site = await openSite(6_000);
    const edit = async (ids: readonly number[]): Promise<void> => {
      for (const id of ids)
        await site.pool.query(
          `UPDATE urls SET page_type = 'mine', page_type_source = 'manual' WHERE id = $1`,
          [id],
        );
    };
    const editors = Array.from({ length: 4 }, (_, n) =>
      Array.from({ length: 250 }, (_id, i) => 6 * (4 * i + n) + 1),
    );
    const running = backfillClassify(site.engine(), { ...ALL, batchSize: 50 }, QUIET);
    // The backfill is in the middle: some of the rows have a type already, others are on their way.
    const editing = until('the first is classified', async () => {
      const { rows } = await site.pool
        .query(`SELECT 1 FROM urls WHERE page_type = 'pricing' LIMIT 1`)
        .catch(() => ({ rows: [] }));
      return rows.length > 0;
    }).then(() => Promise.all(editors.map(edit)));
    const [report] = await Promise.all([running, editing]);
    expect(report.processed).toBe(6_000);
    const { rows } = await site.pool.query(
      `SELECT count(*) FILTER (WHERE page_type = 'mine' AND page_type_source = 'manual')::int AS manual,
              count(*) FILTER (WHERE page_type_source = 'classifier')::int AS classified FROM urls`,
    );
    expect(rows).toEqual([{ manual: 1_000, classified: 5_000 }]);
  });

  it('writes nothing at all in a dry run, and says what the run then does', async () => {
    await using site = await openSite(400);
    await site.pool.query(
      `UPDATE urls SET page_type = 'landing', page_type_source = 'import' WHERE id <= 10`,
    );
    const before = await footprint(site);
    const dry = await dryRunClassify(site.engine(), ALL, QUIET);
    expect(await footprint(site)).toEqual(before);
    expect(dry).toMatchObject({ dry_run: true, refresh: null, processed: 400, classified: 390, skipped: 10 });
    expect(dry.examples.changes[0]).toMatchObject({
      id: '11',
      before: null,
      type: 'article',
      rule: 'section:blog',
    });
    const real = await backfillClassify(site.engine(), ALL, QUIET);
    expect([real.classified, real.types, real.accounts]).toEqual([dry.classified, dry.types, dry.accounts]);
    const after = await footprint(site);
    const repeated = await dryRunClassify(site.engine(), { ...ALL, reclassify: true }, QUIET);
    expect(repeated).toMatchObject({ classified: 0, unchanged: 390, skipped: 10 });
    expect(await footprint(site)).toEqual(after);
  });

  it('refuses an account that is not there, and names some that are', async () => {
    await using site = await openSite(4);
    const wrong = { ...ALL, account: 'x1' };
    const refusal = { code: 'USAGE', cure: expect.stringContaining('1, 2, 3, 4') };
    await expect(backfillClassify(site.engine(), wrong, QUIET)).rejects.toMatchObject(refusal);
    await expect(dryRunClassify(site.engine(), wrong, QUIET)).rejects.toMatchObject(refusal);
    await site.pool.query('DROP TABLE accounts');
    await expect(dryRunClassify(site.engine(), wrong, QUIET)).rejects.toMatchObject(refusal);
  });
});

/** All that a run could leave: rows, tables, slots, publications, topics and the records in them. */
async function footprint({ database, pool, engine }: Site): Promise<unknown> {
  const sql = [
    `SELECT id, xmin::text, md5(u::text) FROM urls AS u ORDER BY id`,
    `SELECT table_schema, table_name, column_name FROM information_schema.columns
      WHERE table_schema IN ('public', 'freshet') ORDER BY 1, 2, 3`,
    `SELECT slot_name FROM pg_replication_slots WHERE database = '${database.name}'`,
    'SELECT pubname FROM pg_publication',
  ];
  const tables = await Promise.all(sql.map(async (each) => (await pool.query<object>(each)).rows));
  const { config } = engine();
  const prefix = config.sources[0]?.prefix ?? '';
  const topics = await withAdmin(createKafka(config.kafka), async (admin) => {
    const own = (await admin.listTopics()).filter((topic) => topic.startsWith(prefix)).toSorted();
    return own.length === 0 ? [] : endOffsets(admin, own);
  });
  return { tables, topics };
}
