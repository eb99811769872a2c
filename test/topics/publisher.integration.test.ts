import { randomUUID } from 'node:crypto';
import diagnostics from 'node:diagnostics_channel';
import { createServer, type Socket } from 'node:net';
import kafkajs from 'kafkajs';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { KafkaConfig } from '../../src/topics/kafka-config.ts';
import { type OutgoingRecord, TransactionalPublisher } from '../../src/topics/publisher.ts';
import type { Compression } from '../../src/topics/wire/compression.ts';
import { TransactionalProducer } from '../../src/topics/wire/transactional-producer.ts';
import { teachZstd } from '../support/kafkajs-zstd.ts';
import { listenHere } from '../support/local-server.ts';
import { services } from '../support/services.ts';

const PARTITIONS = 3;
const OPTIONS = { timeoutMs: 10_000 };

const brokers = services().kafkaBrokers;
const config: KafkaConfig = { brokers, clientId: 'publisher-test' };
const kafka = new kafkajs.Kafka({
  clientId: 'reader',
  brokers: [...brokers],
  logLevel: kafkajs.logLevel.NOTHING,
});

beforeAll(teachZstd);

describe('TransactionalPublisher', () => {
  it.each<Compression>(['none', 'gzip', 'zstd'])(
    'publishes what the Kafka client would have published, compression %s',
    async (compression) => {
      const [ours, theirs] = [await createTopic(), await createTopic()];
      const records = mixedRecords(3_000);
      await using publisher = await TransactionalPublisher.open(config, randomUUID(), {
        ...OPTIONS,
        compression,
      });
      const before = Date.now();
      // Several transactions on each partition, of one and of many batches.
      for (const part of [records.slice(0, 1), records.slice(1, 10), records.slice(10)])
        await publisher.publish(on(ours, part));
      await publishByClient(on(theirs, records));
      const [read, oracle] = [await readAll(ours, records.length), await readAll(theirs, records.length)];
      expect(read.map(withoutTime)).toEqual(oracle.map(withoutTime));
      for (const { timestamp } of read) {
        expect(timestamp).toBeGreaterThanOrEqual(before);
        expect(timestamp).toBeLessThanOrEqual(Date.now());
      }
    },
  );

  it('publishes nothing without a transaction, and several topics in one', async () => {
    const topics = [await createTopic(), await createTopic()];
    await using publisher = await TransactionalPublisher.open(config, randomUUID(), OPTIONS);
    await publisher.publish([]);
    await publisher.publish(topics.flatMap((topic) => on(topic, mixedRecords(10))));
    for (const topic of topics) expect(await readAll(topic, 10)).toHaveLength(10);
  });

  it('is fenced by the next publisher of its id, and by no other', async () => {
    const topic = await createTopic();
    const id = randomUUID();
    await using first = await TransactionalPublisher.open(config, id, OPTIONS);
    await first.publish([marker(topic, 'first')]);
    await using other = await TransactionalPublisher.open(config, randomUUID(), OPTIONS);
    await first.publish([marker(topic, 'second')]);
    await using successor = await TransactionalPublisher.open(config, id, OPTIONS);
    await expect(first.publish([marker(topic, 'zombie')])).rejects.toMatchObject({ code: 'FENCED' });
    await expect(first.publish([marker(topic, 'zombie')])).rejects.toMatchObject({ code: 'FENCED' });
    await successor.publish([marker(topic, 'third')]);
    await other.publish([marker(topic, 'end')]);
    expect(await valuesUntil(topic, 'end')).toEqual(['first', 'second', 'third', 'end']);
  });

  it('opens a transaction ahead of its records, whose partitions may be others than the last ones', async () => {
    const topic = await createTopic();
    const id = randomUUID();
    await using publisher = await TransactionalPublisher.open(config, id, OPTIONS);
    await publisher.prepare();
    for (const partition of [0, 0, 2, 1]) {
      await publisher.publish([{ ...marker(topic, `to ${partition}`), partition }]);
      await publisher.prepare();
    }
    await using successor = await TransactionalPublisher.open(config, id, OPTIONS);
    await expect(
      publisher.prepare().then(() => publisher.publish([marker(topic, 'zombie')])),
    ).rejects.toMatchObject({
      code: 'FENCED',
    });
    await successor.publish([marker(topic, 'end')]);
    const read = await readAll(topic, 5);
    const values = read.map(({ value }) => Buffer.from(value ?? '', 'hex').toString());
    expect(values.toSorted()).toEqual(['end', 'to 0', 'to 0', 'to 1', 'to 2']);
  });

  it.each(['abandoned', 'aborted'])('never shows the records of an %s transaction', async (how) => {
    const topic = await createTopic();
    const id = randomUUID();
    await using killed = await TransactionalProducer.open(config, {
      transactionalId: id,
      timeoutMs: 10_000,
      compression: 'none',
    });
    await killed.send([marker(topic, 'committed')]);
    await killed.commit();
    await killed.send([marker(topic, 'open')]);
    await killed.send([marker(topic, 'open still')]);
    if (how === 'aborted') await killed.abort();
    else await killed[Symbol.asyncDispose]();
    await using successor = await TransactionalPublisher.open(config, id, OPTIONS);
    await successor.publish([marker(topic, 'end')]);
    expect(await valuesUntil(topic, 'end')).toEqual(['committed', 'end']);
  });

  it('says which limit a record is too large for, and leaves nothing open', async () => {
    const topic = await createTopic({ 'max.message.bytes': '10000' });
    await using publisher = await TransactionalPublisher.open(config, randomUUID(), OPTIONS);
    const large = { ...marker(topic, ''), partition: 1, value: Buffer.alloc(20_000) };
    const failed = publisher.publish([marker(topic, 'with it'), large]);
    await expect(failed).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      cure: expect.stringContaining('max.message.bytes'),
    });
    await using other = await TransactionalPublisher.open(config, randomUUID(), OPTIONS);
    await other.publish([marker(topic, 'end')]);
    expect(await valuesUntil(topic, 'end')).toEqual(['end']);
  });

  it('takes records of megabytes, more than a request holds, one partition included', async () => {
    const topic = await createTopic({ 'max.message.bytes': '9000000' });
    await using publisher = await TransactionalPublisher.open(config, randomUUID(), OPTIONS);
    const sizes = [8_000_000, 10, 3_000_000, 3_000_000, 700_000, 700_000, 20];
    await publisher.publish(sizes.map((size) => ({ ...marker(topic, ''), value: Buffer.alloc(size, 7) })));
    const read = await readAll(topic, sizes.length);
    expect(read.map(({ value }) => (value?.length ?? 0) / 2)).toEqual(sizes);
  });

  it('refuses a second batch before the first is published', async () => {
    const topic = await createTopic();
    await using publisher = await TransactionalPublisher.open(config, randomUUID(), OPTIONS);
    const first = publisher.publish([marker(topic, 'one')]);
    await expect(publisher.publish([marker(topic, 'two')])).rejects.toMatchObject({ code: 'INTERNAL' });
    await first;
    await publisher.publish([marker(topic, 'end')]);
    expect(await valuesUntil(topic, 'end')).toEqual(['one', 'end']);
  });

  it('fails with CONNECTION on a topic that is not there, once its patience is over', async () => {
    await using publisher = await TransactionalPublisher.open(config, randomUUID(), { timeoutMs: 1_000 });
    const missing = publisher.publish([marker(`missing-${randomUUID()}`, 'x')]);
    await expect(missing).rejects.toMatchObject({
      code: 'CONNECTION',
      message: expect.stringContaining('UNKNOWN_TOPIC'),
    });
  });

  it('tells a transaction timeout that the broker does not take', async () => {
    const opening = TransactionalPublisher.open(config, randomUUID(), { timeoutMs: 2_000_000_000 });
    await expect(opening).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      cure: expect.stringContaining('transaction.max.timeout.ms'),
    });
  });
});

describe('TransactionalPublisher, when connections break', () => {
  const sockets = new Set<Socket>();
  const onSocket = (message: unknown): void => {
    const { socket } = message as { socket: Socket };
    sockets.add(socket);
  };
  const cutAll = (): void => {
    for (const socket of sockets) socket.destroy(new Error('cut'));
    sockets.clear();
  };
  beforeEach(() => diagnostics.subscribe('net.client.socket', onSocket));
  afterEach(() => {
    diagnostics.unsubscribe('net.client.socket', onSocket);
    sockets.clear();
  });

  it('connects anew when the connection was lost between two batches', async () => {
    const topic = await createTopic();
    await using publisher = await TransactionalPublisher.open(config, randomUUID(), OPTIONS);
    await publisher.publish([marker(topic, 'one')]);
    cutAll();
    await new Promise((resolve) => setTimeout(resolve, 20));
    await publisher.publish([marker(topic, 'end')]);
    expect(await valuesUntil(topic, 'end')).toEqual(['one', 'end']);
  });

  it('fails with CONNECTION for good when it is lost in the middle; the batch is there wholly or not at all', async () => {
    const topic = await createTopic();
    const id = randomUUID();
    let broken = 0;
    for (const delayMs of [0, 1, 2, 4, 8]) {
      const batch = Array.from({ length: 6_000 }, (_, i) => ({
        ...marker(topic, `${delayMs}`),
        partition: i % PARTITIONS,
      }));
      await using publisher = await TransactionalPublisher.open(config, id, OPTIONS);
      const publishing = publisher.publish(batch).then(
        () => 'published',
        (error: unknown) => error,
      );
      const cut = setTimeout(cutAll, delayMs);
      const outcome = await publishing;
      // One that comes too late would meet the next publisher.
      clearTimeout(cut);
      if (outcome === 'published') continue;
      expect(outcome).toMatchObject({ code: 'CONNECTION' });
      await expect(publisher.publish(batch)).rejects.toBe(outcome);
      broken++;
    }
    expect(broken).toBeGreaterThan(0);
    await using successor = await TransactionalPublisher.open(config, id, OPTIONS);
    await successor.publish([0, 1, 2].map((partition) => ({ ...marker(topic, 'end'), partition })));
    const counts = Map.groupBy(await valuesUntil(topic, 'end', PARTITIONS), (value) => value);
    counts.delete('end');
    for (const [, values] of counts) expect(values).toHaveLength(6_000);
  });

  it.each([
    ['hangs up', (socket: Socket): void => void socket.destroy()],
    [
      'speaks another protocol',
      (socket: Socket): void => void socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'),
    ],
  ])('fails with CONNECTION at once on a port that %s', async (_name, behave) => {
    const server = createServer((socket) => socket.on('error', () => {}).once('data', () => behave(socket)));
    await using listening = await listenHere(server);
    const { port } = listening;
    const opening = TransactionalPublisher.open(
      { brokers: [`127.0.0.1:${port}`], clientId: 'x' },
      randomUUID(),
      OPTIONS,
    );
    await expect(opening).rejects.toMatchObject({
      code: 'CONNECTION',
      message: expect.stringContaining(`127.0.0.1:${port}`),
    });
  });
});

interface ReadRecord {
  readonly partition: number;
  readonly key: string | null;
  readonly value: string | null;
  readonly headers: Readonly<Record<string, string>>;
  readonly timestamp: number;
}

function withoutTime(record: ReadRecord): ReadRecord {
  return { ...record, timestamp: 0 };
}

async function createTopic(settings: Readonly<Record<string, string>> = {}): Promise<string> {
  const topic = `publisher-${randomUUID()}`;
  const configEntries = Object.entries(settings).map(([name, value]) => ({ name, value }));
  const admin = kafka.admin();
  await admin.connect();
  await admin.createTopics({
    waitForLeaders: true,
    topics: [{ topic, numPartitions: PARTITIONS, replicationFactor: 1, configEntries }],
  });
  await admin.disconnect();
  return topic;
}

type Content = Omit<OutgoingRecord, 'topic'>;

/** Of many sizes, with and without keys, values and headers; a part beyond ASCII. */
function mixedRecords(count: number): Content[] {
  return Array.from({ length: count }, (_, i) => ({
    partition: (i * 7) % PARTITIONS,
    key: i % 5 === 0 ? null : Buffer.from(`key ${i}`),
    value: i % 11 === 0 ? null : Buffer.alloc((i * 37) % 2_500, i),
    headers:
      i % 3 === 0 ? {} : { position: `1.${i}.0`, ...(i % 7 === 0 ? { größe: '量'.repeat(i % 90) } : {}) },
  }));
}

function on(topic: string, contents: readonly Content[]): OutgoingRecord[] {
  return contents.map((content) => ({ topic, ...content }));
}

function marker(topic: string, value: string): OutgoingRecord {
  return { topic, partition: 0, key: null, value: Buffer.from(value), headers: {} };
}

async function publishByClient(records: readonly OutgoingRecord[]): Promise<void> {
  const producer = kafka.producer({
    transactionalId: randomUUID(),
    idempotent: true,
    maxInFlightRequests: 1,
  });
  await producer.connect();
  const transaction = await producer.transaction();
  const messages = (topic: string): OutgoingRecord[] => records.filter((record) => record.topic === topic);
  const topics = [...new Set(records.map(({ topic }) => topic))];
  await transaction.sendBatch({
    topicMessages: topics.map((topic) => ({ topic, messages: messages(topic) })),
    acks: -1,
  });
  await transaction.commit();
  await producer.disconnect();
}

/** Committed records only, by partition, in the order of the log. */
async function readUntil(
  topic: string,
  isEnough: (records: readonly ReadRecord[]) => boolean,
): Promise<ReadRecord[]> {
  const consumer = kafka.consumer({
    groupId: randomUUID(),
    maxWaitTimeInMs: 50,
    maxBytesPerPartition: 16 << 20,
  });
  const records: ReadRecord[] = [];
  await consumer.connect();
  await consumer.subscribe({ topic, fromBeginning: true });
  await new Promise<void>((resolve, reject) => {
    const eachMessage = async ({ partition, message }: kafkajs.EachMessagePayload): Promise<void> => {
      const headers = Object.entries(message.headers ?? {}).map(([name, value]) => [
        name,
        String(value ?? ''),
      ]);
      const [key, value] = [message.key?.toString('hex') ?? null, message.value?.toString('hex') ?? null];
      records.push({
        partition,
        key,
        value,
        headers: Object.fromEntries(headers),
        timestamp: Number(message.timestamp),
      });
      if (isEnough(records)) resolve();
    };
    consumer.run({ autoCommit: false, eachMessage }).catch(reject);
  });
  await consumer.disconnect();
  return records.toSorted((a, b) => a.partition - b.partition);
}

function readAll(topic: string, count: number): Promise<ReadRecord[]> {
  return readUntil(topic, ({ length }) => length === count);
}

/** The values in front of and with the last of `ends` records that hold `end`. */
async function valuesUntil(topic: string, end: string, ends = 1): Promise<string[]> {
  const text = ({ value }: ReadRecord): string => Buffer.from(value ?? '', 'hex').toString();
  const records = await readUntil(topic, (read) => {
    const last = read.at(-1);
    return (
      last !== undefined && text(last) === end && read.filter((each) => text(each) === end).length === ends
    );
  });
  return records.map(text);
}
