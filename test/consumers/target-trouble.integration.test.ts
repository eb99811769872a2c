import type { Pool } from 'pg';
import { describe, expect, it } from 'vitest';
import { toLsn } from '../../src/change/lsn.ts';
import { encodePosition } from '../../src/change/position.ts';
import { consumerGroup } from '../../src/consumers/pipeline-runner.ts';
import { upsertPipeline } from '../../src/consumers/upsert/pipeline.ts';
import { createKafka } from '../../src/topics/kafka.ts';
import { withAdmin } from '../../src/topics/topic-admin.ts';
import { until } from '../support/capture.ts';
import { createDatabase } from '../support/database.ts';
import { closedPort } from '../support/local-server.ts';
import { type RunningPipeline, startPipeline } from '../support/pipeline.ts';
import { ProductTopic } from '../support/product-topic.ts';
import { services } from '../support/services.ts';
import { StallingProxy } from '../support/stalling-proxy.ts';

function start(topic: ProductTopic, targetUrl: string, settings = {}): RunningPipeline {
  const { prefix } = topic;
  return startPipeline({ services: services(), targetUrl, prefix, pipeline: upsertPipeline, settings });
}

async function names(pool: Pool): Promise<Record<string, string>> {
  const { rows } = await pool
    .query<{ sku: string; name: string }>('SELECT sku, name FROM items')
    .catch(() => ({ rows: [] }));
  return Object.fromEntries(rows.map(({ sku, name }) => [sku, name]));
}

/** Sessions that wait for somebody's lock. */
async function waiting(pool: Pool): Promise<number> {
  const { rows } = await pool.query<{ n: number }>(
    `SELECT count(*)::int AS n FROM pg_stat_activity
     WHERE datname = current_database() AND wait_event_type = 'Lock' AND application_name LIKE 'freshet consume%'`,
  );
  return rows[0]?.n ?? 0;
}

describe('a pipeline whose target is in use', () => {
  it('tries a batch again that was the victim of a deadlock', async () => {
    await using target = await createDatabase();
    await using topic = await ProductTopic.create(services(), 1);
    await using running = start(topic, target.url);
    await topic.upsert('a').upsert('b').publish();
    await until('the rows are there', async () => 'b' in (await names(target.pool)));
    const other = await target.pool.connect();
    // The server ends the one that finds the deadlock: the other one looks late.
    await other.query(`SET deadlock_timeout = '60s'`);
    await other.query('BEGIN');
    await other.query(`UPDATE items SET name = 'mine' WHERE sku = 'b'`);
    await topic.upsert('a', { name: 'new' }, 'u').upsert('b', { name: 'new' }, 'u').publish();
    await until('the batch waits', async () => (await waiting(target.pool)) === 1);
    await other.query(`UPDATE items SET name = 'mine' WHERE sku = 'a'`);
    await other.query('COMMIT');
    other.release();
    await until('it is applied', async () => Object.values(await names(target.pool)).join() === 'new,new');
    expect(running.tally.retries).toContain('40P01');
    expect(running.tally.deadLetters).toEqual([]);
  });

  it('gives a lock up that it does not get, and comes again', async () => {
    await using target = await createDatabase();
    await using topic = await ProductTopic.create(services(), 1);
    await using running = start(topic, target.url, { lockTimeoutMs: 200 });
    await topic.upsert('a').publish();
    await until('the row is there', async () => 'a' in (await names(target.pool)));
    const other = await target.pool.connect();
    await other.query('BEGIN');
    await other.query(`UPDATE items SET name = 'mine' WHERE sku = 'a'`);
    await topic.upsert('a', { name: 'new' }, 'u').publish();
    await until('it was given up', () => running.tally.retries.includes('55P03'));
    await other.query('COMMIT');
    other.release();
    await until('it is applied', async () => (await names(target.pool))['a'] === 'new');
    expect(running.tally.deadLetters).toEqual([]);
  });

  it('stays a member of its group while one batch takes longer than the session', async () => {
    await using target = await createDatabase();
    await using topic = await ProductTopic.create(services(), 1);
    const kafka = createKafka({ brokers: services().kafkaBrokers, clientId: 'test' });
    const group = consumerGroup(topic.prefix, upsertPipeline);
    const members = (): Promise<string[]> =>
      withAdmin(kafka, async (admin) => {
        const { groups } = await admin.describeGroups([group]);
        return groups.flatMap((each) => each.members.map(({ memberId }) => memberId));
      });
    await using running = start(topic, target.url, { sessionTimeoutMs: 1_500 });
    await topic.upsert('a').publish();
    await until('the row is there', async () => 'a' in (await names(target.pool)));
    const before = await members();
    await target.pool.query(
      `CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(4); RETURN NEW; END $$;
       CREATE TRIGGER slow BEFORE INSERT ON items FOR EACH ROW EXECUTE FUNCTION slow()`,
    );
    await topic.upsert('b').publish();
    await until('the slow row is there', async () => 'b' in (await names(target.pool)), 60_000);
    expect(before).toHaveLength(1);
    expect(await members()).toEqual(before);
    expect(running.tally.retries).toEqual([]);
  });

  it('writes nothing once another process has moved its partition on, and goes on from there', async () => {
    await using target = await createDatabase();
    await using topic = await ProductTopic.create(services(), 1);
    await using running = start(topic, target.url);
    await topic.upsert('a').publish();
    await until('the row is there', async () => 'a' in (await names(target.pool)));
    // What the other one has applied reaches beyond the next record.
    const position = encodePosition({ epoch: topic.epoch + 1, lsn: toLsn(1n), seq: 0 });
    await until('the partition is moved on', async () => {
      const { rowCount } = await target.pool.query('UPDATE freshet.positions SET position = $1', [position]);
      return rowCount === 1;
    });
    await topic.upsert('b').publish();
    await until('it is noticed', () =>
      running.tally.messages.some((text) => text.includes('another process')),
    );
    topic.epoch += 2;
    await topic.upsert('c').publish();
    await until('it goes on', async () => 'c' in (await names(target.pool)));
    expect(Object.keys(await names(target.pool)).toSorted()).toEqual(['a', 'c']);
    expect(running.tally.replayed).toBe(1);
  });
});

it('a target that is lost while it is prepared is tried again', async () => {
  await using target = await createDatabase();
  await using topic = await ProductTopic.create(services(), 1);
  const lost = [
    Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' }),
    Object.assign(new Error('deadlock detected'), { code: '40P01' }),
  ];
  const prepare = async (): Promise<void> => {
    const failure = lost.shift();
    if (failure !== undefined) throw failure;
  };
  const pipeline = { ...upsertPipeline, prepare };
  await using running = startPipeline({
    services: services(),
    targetUrl: target.url,
    prefix: topic.prefix,
    pipeline,
  });
  await topic.upsert('a').publish();
  await until('the row is there', async () => 'a' in (await names(target.pool)));
  expect(running.tally.retries).toEqual(['ECONNRESET', '40P01']);
});

it('a schema registry that is away is waited for, and makes no dead letters', async () => {
  await using target = await createDatabase();
  await using topic = await ProductTopic.create(services(), 1);
  const port = await closedPort();
  const real = new URL(services().registryUrl);
  await using running = startPipeline({
    services: {
      ...services(),
      registryUrl: Object.assign(new URL(real), { port: String(port) }).href,
    },
    targetUrl: target.url,
    prefix: topic.prefix,
    pipeline: upsertPipeline,
  });
  await topic.upsert('a').publish();
  await until('it was asked', () => running.tally.retries.includes('CONNECTION'));
  expect(await names(target.pool)).toEqual({});
  await using _ = await StallingProxy.open({ host: real.hostname, port: Number(real.port) }, port);
  await until('the row is there', async () => 'a' in (await names(target.pool)), 60_000);
  expect(running.tally.deadLetters).toEqual([]);
});
