import type { Pool } from 'pg';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import type {
  ApplyBatch,
  ApplyOutcome,
  ClearBatch,
  PipelineChange,
  Rejection,
} from '../../src/consumers/define-pipeline.ts';
import { definePipeline, sourceTable } from '../../src/consumers/define-pipeline.ts';
import { consumerGroup } from '../../src/consumers/pipeline-runner.ts';
import { readTallies } from '../../src/sinks/refresh-tallies.ts';
import { targetTable } from '../../src/sinks/target-table.ts';
import { until } from '../support/capture.ts';
import { createDatabase } from '../support/database.ts';
import { type RunningPipeline, startPipeline } from '../support/pipeline.ts';
import { ProductTopic } from '../support/product-topic.ts';
import { services } from '../support/services.ts';

const sources = {
  products: sourceTable(
    'public.products',
    z.object({ sku: z.string(), name: z.string(), description: z.string().nullable() }),
  ),
};
type Change = PipelineChange<typeof sources>;

const names = targetTable({
  name: 'names',
  columns: [
    { name: 'sku', type: 'text' },
    { name: 'name', type: 'text' },
    { name: 'origin', type: 'text' },
  ],
  key: ['sku'],
  stamped: false,
});

/** Keeps names with SQL of its own; counts what it does for each refresh. */
const pipeline = definePipeline({
  name: 'names',
  sources,
  targets: [names],
  apply: keepNames,
  clear: dropNames,
});

async function keepNames({ client, from, changes }: ApplyBatch<Change>): Promise<ApplyOutcome<Change>> {
  const rejected: Rejection<Change>[] = [];
  const incomplete: Change[] = [];
  const tallies = new Map<string, Map<string, number>>();
  let written = 0;
  for (const change of changes) {
    if (change.kind === 'patch') incomplete.push(change);
    else if (change.kind === 'delete')
      await client.query('DELETE FROM names WHERE sku = $1', [change.key['sku']]);
    else if (change.row.name === 'bad')
      rejected.push({ change, code: 'BAD_NAME', message: 'the name is bad' });
    else {
      const { rowCount } = await client.query(
        `INSERT INTO names VALUES ($1, $2, $3) ON CONFLICT (sku) DO UPDATE SET name = EXCLUDED.name
         WHERE names.name <> EXCLUDED.name`,
        [change.row.sku, change.row.name, from],
      );
      written += rowCount ?? 0;
      if (change.tag !== null) count(tallies, change.tag.id, rowCount === 1 ? 'written' : 'unchanged');
    }
  }
  const counts = {
    upserts: changes.length,
    patches: 0,
    deletes: 0,
    written,
    unchanged: changes.length - written,
  };
  return { counts: [{ table: names, ...counts }], rejected, incomplete, tallies };
}

async function dropNames({ client, from, before }: ClearBatch): Promise<[]> {
  await client.query(`DELETE FROM names WHERE origin = $1 AND ($2::int8 IS NULL OR name LIKE 'old%')`, [
    from,
    before,
  ]);
  return [];
}

function count(tallies: Map<string, Map<string, number>>, id: string, name: string): void {
  const counts = tallies.get(id) ?? new Map<string, number>();
  tallies.set(id, counts.set(name, (counts.get(name) ?? 0) + 1));
}

function start(topic: ProductTopic, targetUrl: string): RunningPipeline {
  return startPipeline({ services: services(), targetUrl, prefix: topic.prefix, pipeline });
}

async function namesIn(pool: Pool): Promise<Record<string, string>> {
  const { rows } = await pool
    .query<{ sku: string; name: string }>('SELECT sku, name FROM names')
    .catch(() => ({ rows: [] }));
  return Object.fromEntries(rows.map(({ sku, name }) => [sku, name]));
}

async function owed(pool: Pool): Promise<unknown[]> {
  const { rows } = await pool.query<Record<string, unknown>>(
    'SELECT key_text, code FROM freshet.owed_keys ORDER BY key_text',
  );
  return rows;
}

/** Until the lane stands behind everything that was published. */
async function applied(topic: ProductTopic, pool: Pool): Promise<void> {
  await until('a marker row is applied', async () => 'marker' in (await namesIn(pool)));
  await topic.delete('marker').publish();
  await until('the marker is gone', async () => !('marker' in (await namesIn(pool))));
}

describe('a pipeline with SQL of its own', () => {
  it('owes what it rejects and what it lacks a column for, until the row comes whole', async () => {
    await using target = await createDatabase();
    await using topic = await ProductTopic.create(services(), 1);
    await using running = start(topic, target.url);
    await topic
      .upsert('a')
      .upsert('b', { name: 'bad' })
      .upsert('c', { description: undefined }, 'u')
      .upsert('marker')
      .publish();
    await applied(topic, target.pool);
    expect(await namesIn(target.pool)).toEqual({ a: 'Product a' });
    expect(running.tally.deadLetters).toEqual(['BAD_NAME']);
    const debts = [
      { key_text: '{"sku":"b"}', code: 'BAD_NAME' },
      { key_text: '{"sku":"c"}', code: 'INCOMPLETE' },
    ];
    expect(await owed(target.pool)).toEqual(debts);
    await topic
      .upsert('b', { name: 'better', description: undefined }, 'u')
      .upsert('c', { name: 'bad' }, 'u')
      .upsert('marker')
      .publish();
    await applied(topic, target.pool);
    expect(running.tally.owed).toBe(1);
    expect(await owed(target.pool)).toEqual([debts[0], { ...debts[1], code: 'BAD_NAME' }]);
    await topic.upsert('b', { name: 'good' }, 'u').delete('c').upsert('marker').publish();
    await applied(topic, target.pool);
    expect(await owed(target.pool)).toEqual([]);
    expect(await namesIn(target.pool)).toEqual({ a: 'Product a', b: 'good' });
    expect(running.tally.changes.get('upsert')).toBe(5);
  });

  it('writes the dead letter before the commit, and only once however often the batch is tried', async () => {
    await using target = await createDatabase();
    await using topic = await ProductTopic.create(services(), 1);
    await using running = start(topic, target.url);
    await topic.upsert('marker').publish();
    await applied(topic, target.pool);
    await target.pool.query(`
      CREATE SEQUENCE tries;
      CREATE FUNCTION hold() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        PERFORM pg_advisory_xact_lock(1);
        IF nextval('tries') = 1 THEN RAISE 'once' USING ERRCODE = '40001'; END IF;
        RETURN NEW; END $$;
      CREATE TRIGGER hold BEFORE UPDATE ON freshet.positions FOR EACH ROW EXECUTE FUNCTION hold()`);
    const holder = await target.pool.connect();
    await holder.query('SELECT pg_advisory_lock(1)');
    await topic.upsert('b', { name: 'bad' }).publish();
    await until('the letter is written', () => running.tally.deadLetters.length === 1);
    expect(await owed(target.pool)).toEqual([]);
    await holder.query('SELECT pg_advisory_unlock(1)');
    holder.release();
    await until('the debt is committed', async () => (await owed(target.pool)).length === 1);
    expect(running.tally.retries).toEqual(['40001']);
    expect(running.tally.deadLetters).toEqual(['BAD_NAME']);
  });

  it('counts for the own refresh only, across restarts, and not again when the topic is replayed', async () => {
    await using target = await createDatabase();
    await using topic = await ProductTopic.create(services(), 2);
    const group = consumerGroup(topic.prefix, pipeline);
    const first = start(topic, target.url);
    topic.tag = { id: 'mine', group, options: {} };
    for (let i = 0; i < 50; i++) topic.upsert(`p${i}`, {}, 'r');
    topic.upsert('p50', { name: 'bad' }, 'r');
    topic.tag = { id: 'theirs', group: `${topic.prefix}.other`, options: {} };
    topic.upsert('p51', {}, 'r');
    await topic.publish();
    await until('they are applied', async () => Object.keys(await namesIn(target.pool)).length === 51);
    await first.stop();
    await target.pool.query('UPDATE freshet.positions SET next_offset = 0');
    topic.tag = { id: 'mine', group, options: {} };
    for (let i = 45; i < 60; i++) topic.upsert(`p${i}`, {}, 'r');
    await topic.publish();
    await using second = start(topic, target.url);
    await until('the rest is applied', async () => Object.keys(await namesIn(target.pool)).length === 60);
    await until('all is replayed', () => second.tally.replayed === 52);
    const client = await target.pool.connect();
    try {
      const tallies = await readTallies(client, group, 'mine');
      expect(tallies).toEqual(
        new Map([
          ['written', 59],
          ['unchanged', 6],
          ['dead_letters', 1],
        ]),
      );
      expect(await readTallies(client, group, 'theirs')).toEqual(new Map());
    } finally {
      client.release();
    }
  });

  it('clears what it keeps at a truncate and a sweep', async () => {
    await using target = await createDatabase();
    await using topic = await ProductTopic.create(services(), 1);
    await using _ = start(topic, target.url);
    await topic
      .upsert('gone')
      .truncate()
      .upsert('kept')
      .upsert('lost', { name: 'old' })
      .upsert('marker')
      .publish();
    await applied(topic, target.pool);
    expect(await namesIn(target.pool)).toEqual({ kept: 'Product kept', lost: 'old' });
    topic.epoch += 1;
    await topic.sweep(topic.epoch).upsert('marker').publish();
    await applied(topic, target.pool);
    expect(await namesIn(target.pool)).toEqual({ kept: 'Product kept' });
  });
});

describe('a pipeline that writes back', () => {
  const stamped = targetTable({ name: 'products', columns: [{ name: 'sku', type: 'text' }], key: ['sku'] });

  it('has no stamped target', () => {
    expect(() =>
      definePipeline({ name: 'back', sources, targets: [stamped], writesBack: true, apply: keepNames }),
    ).toThrow(/"public.products" must say stamped: false/);
  });

  it('is never swept', async () => {
    await using target = await createDatabase();
    await using topic = await ProductTopic.create(services(), 1);
    const back = definePipeline({
      name: 'back',
      sources,
      targets: [names],
      writesBack: true,
      apply: keepNames,
      clear: dropNames,
    });
    await using _ = startPipeline({
      services: services(),
      targetUrl: target.url,
      prefix: topic.prefix,
      pipeline: back,
    });
    await topic
      .upsert('lost', { name: 'old' })
      .sweep(topic.epoch + 1)
      .upsert('marker')
      .publish();
    await applied(topic, target.pool);
    expect(await namesIn(target.pool)).toEqual({ lost: 'old' });
  });
});
