import { randomUUID } from 'node:crypto';
import kafkajs from 'kafkajs';
import { describe, expect, it } from 'vitest';
import { createKafka } from '../../src/topics/kafka.ts';
import { TopicTail, type TailRecord } from '../../src/topics/topic-tail.ts';
import { ensureLogTopic, withAdmin } from '../../src/topics/topic-admin.ts';
import { services } from '../support/services.ts';

const config = { brokers: services().kafkaBrokers, clientId: 'tail-test' };
const kafka = createKafka(config);

describe('the tail of a topic', () => {
  it('gives committed records only, whole or compressed, from any offset', async () => {
    const topic = await createTopic();
    await write(topic, ['a', 'b'], 'commit');
    await write(topic, ['lost'], 'abort');
    await write(topic, ['c'], 'commit', kafkajs.CompressionTypes.GZIP);
    await write(topic, ['lost too'], 'abort');
    using tail = new TopicTail(config, topic);
    const records = await readToEnd(tail, 0n);
    expect(records.map(({ value }) => value?.toString())).toEqual(['a', 'b', 'c']);
    const later = await readToEnd(tail, (records[0]?.offset ?? 0n) + 1n);
    expect(later.map(({ value }) => value?.toString())).toEqual(['b', 'c']);
  });

  it('waits for what is still to come, and begins at the earliest record where its own is gone', async () => {
    const topic = await createTopic();
    await write(topic, ['a', 'b', 'c'], 'commit');
    await withAdmin(kafka, async (admin) => {
      // The client knows only topics that it was asked about.
      await admin.fetchTopicOffsets(topic);
      await admin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset: '2' }] });
    });
    using tail = new TopicTail(config, topic);
    const records = await readToEnd(tail, 0n);
    expect(records.map(({ value }) => value?.toString())).toEqual(['c']);
    const next = (records[0]?.offset ?? 0n) + 1n;
    const [later] = await Promise.all([waitFor(tail, next), write(topic, ['d'], 'commit')]);
    expect(later.value?.toString()).toBe('d');
  });
});

async function createTopic(): Promise<string> {
  const topic = `tail-${randomUUID()}`;
  await withAdmin(kafka, (admin) => ensureLogTopic(admin, topic, 1, 3_600_000));
  return topic;
}

async function write(
  topic: string,
  values: readonly string[],
  end: 'commit' | 'abort',
  compression = kafkajs.CompressionTypes.None,
): Promise<void> {
  const producer = kafka.producer({
    transactionalId: randomUUID(),
    maxInFlightRequests: 1,
    idempotent: true,
  });
  await producer.connect();
  const transaction = await producer.transaction();
  await transaction.send({ topic, compression, messages: values.map((value) => ({ key: 'k', value })) });
  await transaction[end]();
  await producer.disconnect();
}

async function readToEnd(tail: TopicTail, from: bigint): Promise<TailRecord[]> {
  const records: TailRecord[] = [];
  for (let at = from; ;) {
    const piece = await tail.fetch(at, 0);
    records.push(...piece.records);
    at = piece.nextOffset;
    if (piece.atEnd) return records;
  }
}

async function waitFor(tail: TopicTail, from: bigint): Promise<TailRecord> {
  for (let at = from; ;) {
    const { records, nextOffset } = await tail.fetch(at, 5_000);
    if (records[0] !== undefined) return records[0];
    at = nextOffset;
  }
}
