import type { Pool } from 'pg';
import { describe, expect, it } from 'vitest';
import { Engine } from '../../src/cli/engine.ts';
import { applyReset, laneOffsets, parseResetPoint, planReset } from '../../src/cli/lane-offsets.ts';
import { parseConfig, resolveConfig } from '../../src/config.ts';
import { consumerGroup } from '../../src/consumers/pipeline-runner.ts';
import { upsertPipeline } from '../../src/consumers/upsert/pipeline.ts';
import { pauseGroup, resumeGroup } from '../../src/sinks/paused-groups.ts';
import { createKafka } from '../../src/topics/kafka.ts';
import { hasMembers, withAdmin } from '../../src/topics/topic-admin.ts';
import { until } from '../support/capture.ts';
import { createDatabase } from '../support/database.ts';
import { type RunningPipeline, startPipeline } from '../support/pipeline.ts';
import { ProductTopic } from '../support/product-topic.ts';
import { services } from '../support/services.ts';

const kafka = (): ReturnType<typeof createKafka> =>
  createKafka({ brokers: services().kafkaBrokers, clientId: 'test' });

function start(topic: ProductTopic, targetUrl: string): RunningPipeline {
  return startPipeline({ services: services(), targetUrl, prefix: topic.prefix, pipeline: upsertPipeline });
}

function engineOf(topic: ProductTopic, url: string): Engine {
  const input = { sources: [{ name: topic.prefix, tables: ['public.products'], url }], target: { url } };
  return new Engine(resolveConfig(parseConfig(input, 'test', {}), {}, services()), () => {});
}

async function reset(engine: Engine, to: string): Promise<bigint[]> {
  const moves = await planReset(engine, await laneOffsets(engine, upsertPipeline), parseResetPoint(to));
  await applyReset(engine, upsertPipeline, moves);
  return moves.map(({ next, to }) => next - to);
}

async function names(pool: Pool): Promise<string[]> {
  const { rows } = await pool
    .query<{ name: string }>('SELECT name FROM items ORDER BY sku')
    .catch(() => ({ rows: [] }));
  return rows.map(({ name }) => name);
}

async function versions(pool: Pool): Promise<unknown[]> {
  return (await pool.query<{ xmin: string }>('SELECT sku, xmin::text FROM items ORDER BY sku')).rows;
}

describe('offsets of a pipeline', () => {
  it('go back over a whole topic twice, and no row is written', async () => {
    await using target = await createDatabase();
    await using topic = await ProductTopic.create(services(), 3);
    for (let i = 0; i < 1_000; i++) topic.upsert(`p${i % 800}`, { name: `name ${i}` });
    await topic.delete('p0').publish();
    const first = start(topic, target.url);
    await until('all is applied', async () => (await names(target.pool)).length === 799);
    await first.stop();
    const before = await versions(target.pool);
    const engine = engineOf(topic, target.url);
    for (let time = 0; time < 2; time++) {
      const back = await reset(engine, 'earliest');
      expect(back.every((records) => records > 0n)).toBe(true);
      const group = consumerGroup(topic.prefix, upsertPipeline);
      const copies = await withAdmin(kafka(), (admin) =>
        admin.fetchOffsets({ groupId: group, topics: [topic.codec.topic] }),
      );
      expect(copies[0]?.partitions.map(({ offset }) => offset)).toEqual(['0', '0', '0']);
      await using again = start(topic, target.url);
      await until('all is read again', () => again.tally.replayed === 1_001);
      await again.stop();
      expect([again.tally.rowsWritten, again.tally.rowsUnchanged]).toEqual([0, 0]);
    }
    expect(await versions(target.pool)).toEqual(before);
  });

  it('are shown, and can be set to a time, an offset or the end, and nowhere else', async () => {
    await using target = await createDatabase();
    await using topic = await ProductTopic.create(services(), 1);
    const first = start(topic, target.url);
    await topic.upsert('a').publish();
    await until('the first is applied', async () => (await names(target.pool)).length === 1);
    await new Promise((resolve) => setTimeout(resolve, 20));
    const between = new Date().toISOString();
    await new Promise((resolve) => setTimeout(resolve, 20));
    await topic.upsert('b').publish();
    await until('the second is applied', async () => (await names(target.pool)).length === 2);
    const engine = engineOf(topic, target.url);
    await expect(reset(engine, 'earliest')).rejects.toMatchObject({
      code: 'USAGE',
      message: 'pipeline "upsert" is running',
    });
    await first.stop();
    const [lane] = await laneOffsets(engine, upsertPipeline);
    // Each transaction ends with a marker.
    expect(lane).toMatchObject({ table: 'public.products', low: 0n, high: 4n });
    await reset(engine, between);
    expect((await laneOffsets(engine, upsertPipeline))[0]?.next).toBe(2n);
    await reset(engine, '1');
    expect((await laneOffsets(engine, upsertPipeline))[0]?.next).toBe(1n);
    await reset(engine, 'latest');
    expect((await laneOffsets(engine, upsertPipeline))[0]?.next).toBe(4n);
    await expect(reset(engine, '5')).rejects.toThrow('has offsets 0 to 4, not 5');
    expect(() => parseResetPoint('yesterday')).toThrow('"yesterday" is no offset and no time');
  });

  it('of a target that was restored from a backup are its own, whatever the group has in Kafka', async () => {
    await using target = await createDatabase();
    await using topic = await ProductTopic.create(services(), 1);
    const first = start(topic, target.url);
    await topic.upsert('a', { name: 'old' }).upsert('gone').publish();
    await until('the first rows are there', async () => (await names(target.pool)).length === 2);
    // A batch may come in two transactions: the backup is of a quiet target.
    await new Promise((resolve) => setTimeout(resolve, 300));
    await target.pool.query(
      'CREATE TABLE backup AS TABLE items; CREATE TABLE backup_positions AS TABLE freshet.positions',
    );
    await topic.upsert('a', { name: 'new' }, 'u').delete('gone').upsert('b', { name: 'later' }).publish();
    await until('the later ones, too', async () => (await names(target.pool)).join() === 'new,later');
    await first.stop();
    await target.pool.query(
      `TRUNCATE items, freshet.positions; INSERT INTO items TABLE backup;
       INSERT INTO freshet.positions TABLE backup_positions`,
    );
    const second = start(topic, target.url);
    await until('the target has caught up', async () => (await names(target.pool)).join() === 'new,later');
    await second.stop();

    await target.pool.query(
      'TRUNCATE freshet.positions; INSERT INTO freshet.positions TABLE backup_positions',
    );
    const [lane] = await laneOffsets(engineOf(topic, target.url), upsertPipeline);
    const partitions = [{ partition: 0, offset: String((lane?.next ?? 0n) + 1n) }];
    await withAdmin(kafka(), async (admin) => {
      // The client deletes only where it has the topic's metadata.
      await admin.fetchTopicOffsets(topic.codec.topic);
      await admin.deleteTopicRecords({ topic: topic.codec.topic, partitions });
    });
    const third = start(topic, target.url);
    await expect(third.ended).rejects.toMatchObject({
      code: 'OFFSET_LOST',
      exitCode: 4,
      cure: expect.stringContaining('freshet offsets reset'),
    });
  });
});

describe('a paused pipeline', () => {
  it('leaves its group, applies nothing, and goes on where it was', async () => {
    await using target = await createDatabase();
    await using topic = await ProductTopic.create(services(), 2);
    const group = consumerGroup(topic.prefix, upsertPipeline);
    await using _ = start(topic, target.url);
    await topic.upsert('a').publish();
    await until('the row is there', async () => (await names(target.pool)).length === 1);
    const client = await target.pool.connect();
    expect(await pauseGroup(client, group)).toBe(false);
    expect(await pauseGroup(client, group)).toBe(true);
    const isMember = (): Promise<boolean> => withAdmin(kafka(), (admin) => hasMembers(admin, group));
    await until('it has left', async () => !(await isMember()));
    await topic.upsert('b').publish();
    await using another = start(topic, target.url);
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    expect(await isMember()).toBe(false);
    expect(another.tally.rowsWritten).toBe(0);
    expect(await resumeGroup(client, group)).toBe(true);
    client.release();
    await until('it goes on', async () => (await names(target.pool)).length === 2);
  });
});
