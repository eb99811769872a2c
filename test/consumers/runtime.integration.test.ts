import type { Pool } from 'pg';
import { describe, expect, it } from 'vitest';
import { upsertPipeline } from '../../src/consumers/upsert/pipeline.ts';
import { until } from '../support/capture.ts';
import { createDatabase } from '../support/database.ts';
import { type RunningPipeline, startPipeline } from '../support/pipeline.ts';
import { ProductTopic } from '../support/product-topic.ts';
import { RecordingProxy } from '../support/recording-proxy.ts';
import { services } from '../support/services.ts';

function start(topic: ProductTopic, targetUrl: string, settings = {}): RunningPipeline {
  return startPipeline({
    services: services(),
    targetUrl,
    prefix: topic.prefix,
    pipeline: upsertPipeline,
    settings,
  });
}

async function count(pool: Pool, where = 'true'): Promise<number> {
  const { rows } = await pool
    .query<{ n: number }>(`SELECT count(*)::int AS n FROM items WHERE ${where}`)
    .catch(() => ({ rows: [{ n: 0 }] }));
  return rows[0]?.n ?? 0;
}

async function item(pool: Pool, sku: string): Promise<Record<string, unknown> | undefined> {
  const { rows } = await pool.query<Record<string, unknown>>('SELECT * FROM items WHERE sku = $1', [sku]);
  return rows[0];
}

/** As an operator would begin anew: the rows stay, what was applied is forgotten. */
async function forgetProgress(pool: Pool): Promise<void> {
  await pool.query('DELETE FROM freshet.positions');
}

describe('a pipeline', () => {
  it('applies creates, updates and deletes, normalised', async () => {
    await using target = await createDatabase();
    await using topic = await ProductTopic.create(services());
    await using running = start(topic, target.url);
    topic.upsert('a', {
      name: ' Lamp  One',
      manufacturer: 'Insignia™',
      category_path: 'Home > Light > Desk > Small > Lamp One',
      price: '12.50',
    });
    topic.upsert('b', { manufacturer: 'Regular', description: 'it "quotes" and \\ slashes' });
    topic
      .upsert('c')
      .upsert('c', { name: 'second' }, 'u')
      .delete('c')
      .upsert('d')
      .delete('d')
      .upsert('d', { name: 'again' });
    await topic.publish();
    await until('the rows are there', async () => (await count(target.pool)) === 3);
    expect(await item(target.pool, 'a')).toMatchObject({
      name: ' Lamp  One',
      brand: 'Insignia',
      category: 'Small',
      category_path: ['Home', 'Light', 'Desk', 'Small'],
      price: '12.50',
      updated_at: new Date('2026-01-02T03:04:05.678Z'),
      _freshet_from: `public.products/${topic.partitionOf('a')}`,
      _freshet_epoch: '1700000000',
    });
    expect(await item(target.pool, 'b')).toMatchObject({
      brand: null,
      description: 'it "quotes" and \\ slashes',
    });
    expect(await item(target.pool, 'd')).toMatchObject({ name: 'again' });
    expect(running.tally.latenciesMs.length).toBeGreaterThan(0);
  });

  it('asks what a batch needs with BEGIN, and stores its progress with COMMIT', async () => {
    await using target = await createDatabase();
    await using topic = await ProductTopic.create(services(), 1);
    await using proxy = await RecordingProxy.open(target);
    await using _ = start(topic, proxy.urlOf(target));
    await topic.upsert('a').publish();
    await until('the row is there', async () => (await count(target.pool)) === 1);
    expect(
      proxy.sentAtOnce('BEGIN', 'freshet_lock_lane', 'freshet_catalog_pin', 'freshet_catalog_rules'),
    ).toBe(true);
    expect(proxy.sentAtOnce('freshet_store_progress', 'COMMIT')).toBe(true);
  });

  it('writes nothing when a whole topic is replayed', async () => {
    await using target = await createDatabase();
    await using topic = await ProductTopic.create(services());
    for (let i = 0; i < 12_000; i++) topic.upsert(`p${i}`, { price: `${i}.10`, category_path: 'A > B' });
    await topic.publish();
    const first = start(topic, target.url);
    await until('all rows are there', async () => (await count(target.pool)) === 12_000);
    await first.stop();
    expect(first.tally.rowsWritten).toBe(12_000);
    const before = await target.pool.query('SELECT sum(xmin::text::bigint) FROM items');
    await forgetProgress(target.pool);
    await using second = start(topic, target.url);
    await until('all is read again', () => second.tally.rowsUnchanged === 12_000);
    expect(second.tally.rowsWritten).toBe(0);
    expect((await target.pool.query('SELECT sum(xmin::text::bigint) FROM items')).rows).toEqual(before.rows);
  });

  it('skips what it has applied, wherever the offsets point', async () => {
    await using target = await createDatabase();
    await using topic = await ProductTopic.create(services(), 1);
    for (let i = 0; i < 100; i++) topic.upsert(`p${i}`);
    await topic.publish();
    const first = start(topic, target.url);
    await until('all rows are there', async () => (await count(target.pool)) === 100);
    await first.stop();
    await target.pool.query('UPDATE freshet.positions SET next_offset = 0');
    await target.pool.query(`UPDATE items SET name = 'untouched'`);
    await using second = start(topic, target.url);
    await until('all is skipped', () => second.tally.replayed === 100);
    expect(await count(target.pool, `name = 'untouched'`)).toBe(100);
  });

  it('leaves a TOASTed value that it was not told of alone, and versions the whole content', async () => {
    await using target = await createDatabase();
    await using topic = await ProductTopic.create(services(), 1);
    await using _ = start(topic, target.url);
    await topic.upsert('a', { description: 'long', price: '1.00' }).publish();
    await until('the row is there', async () => (await count(target.pool)) === 1);
    await topic
      .upsert('a', { description: undefined, price: '2.00' }, 'u')
      .upsert('unseen', { description: undefined }, 'u')
      .upsert('end')
      .publish();
    await until('the change is applied', async () => (await count(target.pool)) === 2);
    const patched = await item(target.pool, 'a');
    expect(patched).toMatchObject({ description: 'long', price: '2.00' });
    expect(await item(target.pool, 'unseen')).toBeUndefined();
    await topic.upsert('a', { description: 'long', price: '2.00' }, 'r').upsert('end 2').publish();
    await until('the whole row came', async () => (await count(target.pool)) === 3);
    expect(await item(target.pool, 'a')).toEqual(patched);
  });

  it('deletes what a truncate and a sweep tell it to, and nothing else', async () => {
    await using target = await createDatabase();
    await using topic = await ProductTopic.create(services());
    await using _ = start(topic, target.url);
    await topic.upsert('old').upsert('older').publish();
    await until('two rows are there', async () => (await count(target.pool)) === 2);
    await target.pool.query(`INSERT INTO items (sku, metadata_version) VALUES ('mine', 'x')`);
    await topic.truncate().upsert('kept').upsert('gone').publish();
    await until(
      'the truncate is applied',
      async () => (await count(target.pool, `sku IN ('kept', 'gone')`)) === 2,
    );
    await until('every partition is truncated', async () => (await count(target.pool)) === 3);
    expect(await count(target.pool, `sku = 'mine'`)).toBe(1);
    topic.epoch += 1_000;
    await topic.upsert('kept', {}, 'r').sweep(topic.epoch).publish();
    await until('the sweep is applied', async () => (await count(target.pool)) === 2);
    expect(await count(target.pool, `sku IN ('mine', 'kept')`)).toBe(2);
    expect(await item(target.pool, 'kept')).toMatchObject({ _freshet_epoch: String(topic.epoch) });
  });

  it('sends a poison record to the dead letters, applies the others, and owes its key until it comes whole', async () => {
    await using target = await createDatabase();
    await using topic = await ProductTopic.create(services(), 1);
    await using running = start(topic, target.url);
    await topic.upsert('first', { description: 'd' }).publish();
    await until('the table is there', async () => (await count(target.pool)) === 1);
    await target.pool.query(`ALTER TABLE items ADD CHECK (name <> 'bad')`);
    for (let i = 0; i < 300; i++) topic.upsert(`p${i}`);
    topic
      .upsert('first', { name: 'bad', description: 'd2' }, 'u')
      .garbage('p7')
      .upsert('p8', { name: 'zero \u0000 byte' }, 'u');
    topic.upsert('first', { name: 'later', description: undefined }, 'u');
    for (let i = 300; i < 600; i++) topic.upsert(`p${i}`);
    await topic.publish();
    await until('the others are applied', async () => (await count(target.pool)) === 601);
    expect(running.tally.deadLetters.toSorted()).toEqual(['22021', '23514', 'RECORD_INVALID']);
    expect(await item(target.pool, 'first')).toMatchObject({ name: 'Product first', description: 'd' });
    expect(running.tally.owed).toBe(1);
    const owed = await target.pool.query<{ key_text: string | null; code: string }>(
      'SELECT key_text, code FROM freshet.owed_keys ORDER BY code',
    );
    expect(owed.rows).toEqual([
      { key_text: '{"sku":"p8"}', code: '22021' },
      { key_text: '{"sku":"first"}', code: '23514' },
      { key_text: '{"sku":"p7"}', code: 'RECORD_INVALID' },
    ]);
    await topic
      .upsert('first', { name: 'whole', description: 'd3' }, 'r')
      .delete('p7')
      .upsert('p8', { name: 'good' }, 'u')
      .publish();
    await until(
      'the debts are settled',
      async () => (await target.pool.query('SELECT FROM freshet.owed_keys')).rowCount === 0,
    );
    expect(await item(target.pool, 'first')).toMatchObject({ name: 'whole', description: 'd3' });
    expect(await item(target.pool, 'p7')).toBeUndefined();
  });

  it('goes on where it was when its connections are killed', async () => {
    await using target = await createDatabase();
    await using topic = await ProductTopic.create(services());
    for (let i = 0; i < 20_000; i++) topic.upsert(`p${i}`, { price: `${i}.00` });
    await topic.publish();
    await using running = start(topic, target.url, { maxBatchRecords: 250 });
    for (let kills = 0; kills < 5; kills++) {
      const before = await count(target.pool);
      await until(
        'more rows are there',
        async () => (await count(target.pool)) > before || before === 20_000,
      );
      await target.pool.query(
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND application_name LIKE 'freshet consume%'`,
      );
    }
    await until('all rows are there', async () => (await count(target.pool)) === 20_000);
    await running.stop();
    expect(running.tally.retries.length).toBeGreaterThan(0);
    expect(running.tally.deadLetters).toEqual([]);
  });

  it('cuts a batch that the target does not finish in the time of a statement', async () => {
    await using target = await createDatabase();
    await using topic = await ProductTopic.create(services(), 1);
    await target.pool.query(
      `CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS
         $$ BEGIN PERFORM pg_sleep(0.002); RETURN NEW; END $$`,
    );
    await using first = start(topic, target.url);
    await topic.upsert('first').publish();
    await until('the first row is there', async () => (await count(target.pool)) === 1);
    await first.stop();
    await target.pool.query(
      'CREATE TRIGGER slow BEFORE INSERT ON items FOR EACH ROW EXECUTE FUNCTION slow()',
    );
    for (let i = 0; i < 600; i++) topic.upsert(`p${i}`);
    await topic.publish();
    await using running = start(topic, target.url, { statementTimeoutMs: 500 });
    await until('all rows are there', async () => (await count(target.pool)) === 601);
    await running.stop();
    expect(running.tally.retries).toContain('57014');
    expect(running.tally.deadLetters).toEqual([]);
  });

  it('shares the partitions between two processes, each record applied once, also while they change hands', async () => {
    await using target = await createDatabase();
    await using topic = await ProductTopic.create(services(), 6);
    const one = start(topic, target.url, { maxBatchRecords: 200 });
    for (let i = 0; i < 5_000; i++) topic.upsert(`p${i}`);
    await topic.publish();
    await until('some rows are there', async () => (await count(target.pool)) > 0);
    await using two = start(topic, target.url, { maxBatchRecords: 200 });
    for (let round = 1; round <= 10; round++) {
      for (let i = 0; i < 2_000; i++) topic.upsert(`p${i}`, { name: `round ${round}` }, 'u');
      await topic.publish();
    }
    await until('the second one works too', () => two.tally.rowsWritten > 0);
    await one.stop();
    await until(
      'the last round is applied',
      async () => (await count(target.pool, `name = 'round 10'`)) === 2_000,
    );
    expect(await count(target.pool)).toBe(5_000);
    const all =
      one.tally.rowsWritten + two.tally.rowsWritten + one.tally.rowsUnchanged + two.tally.rowsUnchanged;
    expect(all).toBeLessThanOrEqual(25_000);
    expect(two.tally.deadLetters).toEqual([]);
  });

  it('stops where the broker no longer has the next record', async () => {
    await using target = await createDatabase();
    await using topic = await ProductTopic.create(services(), 1);
    await topic.upsert('a').publish();
    const first = start(topic, target.url);
    await until('the row is there', async () => (await count(target.pool)) === 1);
    await first.stop();
    await target.pool.query('UPDATE freshet.positions SET next_offset = 1000000');
    const second = start(topic, target.url);
    await expect(second.ended).rejects.toMatchObject({ code: 'OFFSET_LOST' });
  });
});
