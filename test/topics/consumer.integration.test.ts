import { randomUUID } from 'node:crypto';
import diagnostics from 'node:diagnostics_channel';
import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import kafkajs from 'kafkajs';
import { beforeAll, describe, expect, it } from 'vitest';
import { type FetchedBatch, partitionKey } from '../../src/topics/consumer-batch.ts';
import { type BatchHandler, TopicConsumer } from '../../src/topics/consumer.ts';
import { withAdmin } from '../../src/topics/topic-admin.ts';
import { TransactionalProducer } from '../../src/topics/wire/transactional-producer.ts';
import { until } from '../support/capture.ts';
import { teachZstd } from '../support/kafkajs-zstd.ts';
import { type Running, start } from '../support/running.ts';
import { services } from '../support/services.ts';

const PARTITIONS = 6;
const brokers = services().kafkaBrokers;
const config = { brokers, clientId: 'consumer-test' };
const kafka = new kafkajs.Kafka({
  clientId: 'writer',
  brokers: [...brokers],
  logLevel: kafkajs.logLevel.NOTHING,
});

beforeAll(teachZstd);

/** What a store of positions does: the members of a group share it, as pipelines share their target. */
class Store {
  readonly offsets = new Map<string, bigint>();
  readonly values: string[] = [];
  assignments = 0;

  handler(onBatch: (batch: FetchedBatch) => Promise<void> = async () => {}): BatchHandler {
    return {
      assigned: async (partitions) => {
        this.assignments++;
        return new Map(
          partitions.map((bounds) => [
            partitionKey(bounds),
            this.offsets.get(partitionKey(bounds)) ?? bounds.low,
          ]),
        );
      },
      handle: async (batch) => {
        await onBatch(batch);
        const key = partitionKey(batch);
        // As the target's lock does: what another member applied meanwhile is skipped.
        const stored = this.offsets.get(key) ?? 0n;
        if (batch.isStale()) return stored;
        for (const { offset, value } of batch.records)
          if (BigInt(offset) >= stored) this.values.push(value?.toString() ?? '');
        this.offsets.set(key, batch.nextOffset > stored ? batch.nextOffset : stored);
        return batch.nextOffset;
      },
    };
  }
}

function consume(topic: string, handler: BatchHandler, group = randomUUID()): Running {
  const consumer = new TopicConsumer({
    kafka: config,
    group,
    topics: [topic],
    maxBytesPerPartition: 64 * 1024,
    concurrency: 3,
    sessionTimeoutMs: 6_000,
    handler,
  });
  return start((signal) => consumer.run(signal));
}

async function createTopic(): Promise<string> {
  const topic = `consumer-${randomUUID()}`;
  await withAdmin(kafka, (admin) =>
    admin.createTopics({
      waitForLeaders: true,
      topics: [{ topic, numPartitions: PARTITIONS, replicationFactor: 1 }],
    }),
  );
  return topic;
}

function numbered(from: number, to: number): string[] {
  return Array.from({ length: to - from }, (_, i) => String(from + i));
}

async function write(topic: string, values: readonly string[], outcome: 'commit' | 'abort'): Promise<void> {
  const options = { transactionalId: randomUUID(), timeoutMs: 10_000, compression: 'none' } as const;
  await using producer = await TransactionalProducer.open(config, options);
  await producer.send(
    values.map((value) => ({
      topic,
      partition: Number(value) % PARTITIONS,
      key: null,
      value: Buffer.from(value),
      headers: {},
    })),
  );
  await (outcome === 'commit' ? producer.commit() : producer.abort());
}

const sorted = (values: readonly string[]): string[] => values.toSorted((a, b) => Number(a) - Number(b));

describe('a topic consumer', () => {
  it('hands over every committed record once, in the order of its partition, and nothing of aborted ones', async () => {
    const topic = await createTopic();
    await write(topic, numbered(0, 3_000), 'commit');
    await write(topic, numbered(3_000, 6_000), 'abort');
    const store = new Store();
    await using running = consume(topic, store.handler());
    await write(topic, numbered(6_000, 9_000), 'commit');
    const expected = [...numbered(0, 3_000), ...numbered(6_000, 9_000)];
    await until('all are there', async () => store.values.length >= expected.length);
    expect(sorted(store.values)).toEqual(expected);
    for (let partition = 0; partition < PARTITIONS; partition++) {
      const ofOne = store.values.filter((value) => Number(value) % PARTITIONS === partition);
      expect(ofOne).toEqual(sorted(ofOne));
    }
    await running.stop();
  });

  it('reads what other producers compressed', async () => {
    const topic = await createTopic();
    const producer = kafka.producer();
    await producer.connect();
    const { None, GZIP, ZSTD } = kafkajs.CompressionTypes;
    for (const [i, compression] of [None, GZIP, ZSTD].entries()) {
      const messages = numbered(i * 100, i * 100 + 100).map((value) => ({ value, partition: i }));
      await producer.send({ topic, messages, compression });
    }
    await producer.disconnect();
    const store = new Store();
    await using running = consume(topic, store.handler());
    await until('all are there', async () => store.values.length >= 300);
    expect(sorted(store.values)).toEqual(numbered(0, 300));
    await running.stop();
  });

  it('commits the offsets that were reached, markers included, for lag tools', async () => {
    const topic = await createTopic();
    await write(topic, numbered(0, 600), 'commit');
    await write(topic, numbered(600, 1_200), 'abort');
    const [store, group] = [new Store(), randomUUID()];
    await using running = consume(topic, store.handler(), group);
    await until('the group stands at the end', async () =>
      withAdmin(kafka, async (admin) => {
        const ends = await admin.fetchTopicOffsets(topic);
        const [committed] = await admin.fetchOffsets({ groupId: group, topics: [topic] });
        return ends.every(
          ({ partition, high }) =>
            committed?.partitions.find((each) => each.partition === partition)?.offset === high,
        );
      }),
    );
    expect(store.values).toHaveLength(600);
    await running.stop();
  });

  it('goes on where the handler says, back and forth', async () => {
    const topic = await createTopic();
    await write(topic, ['0', '6', '12', '18'], 'commit');
    const seen: string[] = [];
    const answers = [1n, 3n];
    await using running = consume(topic, {
      assigned: async (partitions) => new Map(partitions.map((bounds) => [partitionKey(bounds), bounds.low])),
      handle: async (batch) => {
        seen.push(batch.records.map(({ value }) => value?.toString()).join(','));
        return answers.shift() ?? batch.nextOffset;
      },
    });
    await until('it went on', async () => seen.length >= 3);
    expect(seen).toEqual(['0,6,12,18', '6,12,18', '18']);
    await running.stop();
  });

  it('asks its handler anew where the broker no longer has the next record', async () => {
    const topic = await createTopic();
    await write(topic, ['0', '6', '12'], 'commit');
    await withAdmin(kafka, async (admin) => {
      await admin.fetchTopicOffsets(topic);
      await admin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset: '2' }] });
    });
    const lows: bigint[] = [];
    const store = new Store();
    await using running = consume(topic, {
      ...store.handler(),
      assigned: async (partitions) => {
        lows.push(partitions.find(({ partition }) => partition === 0)?.low ?? -1n);
        const lost = lows.length === 1;
        return new Map(partitions.map((bounds) => [partitionKey(bounds), lost ? 0n : bounds.low]));
      },
    });
    await until('the last one came', async () => store.values.length > 0);
    expect(lows).toEqual([2n, 2n]);
    expect(store.values).toEqual(['12']);
    await running.stop();
  });

  it('ends with what its handler rejects with', async () => {
    const topic = await createTopic();
    await write(topic, ['0'], 'commit');
    const handler = new Store().handler(async () => {
      throw new Error('no disk');
    });
    await using running = consume(topic, handler);
    await expect(running.ended).rejects.toMatchObject({ code: 'INTERNAL', message: 'consuming: no disk' });
  });

  it('loses and repeats nothing while members come and go', async () => {
    const topic = await createTopic();
    const [store, group] = [new Store(), randomUUID()];
    const slowly = (): BatchHandler => store.handler(() => sleep(20));
    const writing = (async () => {
      for (let i = 0; i < 30; i++) {
        await write(topic, numbered(i * 200, i * 200 + 200), 'commit');
        await sleep(100);
      }
    })();
    await using first = consume(topic, slowly(), group);
    await sleep(1_000);
    await using second = consume(topic, slowly(), group);
    await using third = consume(topic, slowly(), group);
    await sleep(3_000);
    await second.stop();
    await writing;
    await until('all are there', async () => store.values.length >= 6_000);
    expect(sorted(store.values)).toEqual(numbered(0, 6_000));
    expect(store.assignments).toBeGreaterThan(3);
    await third.stop();
    await first.stop();
  });

  it('goes on when its connections are cut again and again', async () => {
    const topic = await createTopic();
    const sockets = new Set<Socket>();
    const onSocket = (message: unknown): void => void sockets.add((message as { socket: Socket }).socket);
    const store = new Store();
    diagnostics.subscribe('net.client.socket', onSocket);
    try {
      await using running = consume(topic, store.handler());
      await until('it has its partitions', async () => store.assignments > 0);
      for (let i = 0; i < 5; i++) {
        await write(topic, numbered(i * 100, i * 100 + 100), 'commit');
        for (const socket of sockets) socket.destroy(new Error('cut'));
        sockets.clear();
        await sleep(100);
      }
      await until('all are there', async () => store.values.length >= 500);
      expect(sorted(store.values)).toEqual(numbered(0, 500));
      await running.stop();
    } finally {
      diagnostics.unsubscribe('net.client.socket', onSocket);
    }
  });
});
