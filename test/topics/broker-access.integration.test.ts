import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DeadLetterProducer } from '../../src/topics/dead-letter-producer.ts';
import type { KafkaConfig, KafkaSasl } from '../../src/topics/kafka-config.ts';
import { createKafka } from '../../src/topics/kafka.ts';
import { TransactionalPublisher } from '../../src/topics/publisher.ts';
import { ensureLogTopic, partitionCounts, withAdmin } from '../../src/topics/topic-admin.ts';
import { TopicTail } from '../../src/topics/topic-tail.ts';
import { type GuardedBroker, startGuardedBroker, USER } from '../support/guarded-broker.ts';

const TRANSACTION = { timeoutMs: 10_000 };
const MECHANISMS: readonly KafkaSasl['mechanism'][] = ['plain', 'scram-sha-256', 'scram-sha-512'];

let broker: GuardedBroker | undefined;
beforeAll(async () => {
  broker = await startGuardedBroker();
});
function theBroker(): GuardedBroker {
  if (broker === undefined) throw new Error('the broker is not there');
  return broker;
}
afterAll(async () => {
  await broker?.[Symbol.asyncDispose]();
});

const record = (topic: string, text: string) => ({
  topic,
  partition: 0,
  key: Buffer.from('k'),
  value: Buffer.from(text),
  headers: {},
});

async function newTopic(config: KafkaConfig): Promise<string> {
  const topic = `t${randomUUID()}`;
  await withAdmin(createKafka(config), (admin) => ensureLogTopic(admin, topic, 1, 3_600_000));
  return topic;
}

async function valuesOf(tail: TopicTail): Promise<string[]> {
  const { records } = await tail.fetch(0n, 2_000);
  return records.map(({ value }) => String(value));
}

describe('a broker behind a password', () => {
  const config = (sasl: KafkaSasl): KafkaConfig => ({
    brokers: [theBroker().guarded],
    clientId: 'test',
    sasl,
  });

  it.each(MECHANISMS)('takes it by %s, from every client of ours', async (mechanism) => {
    const login = config({ mechanism, ...USER });
    const topic = await newTopic(login);
    await using publisher = await TransactionalPublisher.open(login, `x${topic}`, TRANSACTION);
    await publisher.publish([record(topic, 'one')]);
    using tail = new TopicTail(login, topic);
    expect(await valuesOf(tail)).toEqual(['one']);
  });

  it.each(MECHANISMS)('refuses a wrong one by %s, and it is said what to correct', async (mechanism) => {
    const login = config({ mechanism, ...USER, password: 'wrong' });
    await expect(TransactionalPublisher.open(login, 'x', TRANSACTION)).rejects.toMatchObject({
      code: 'PREFLIGHT',
      cure: expect.stringMatching(/kafka\.sasl/),
    });
    await expect(
      withAdmin(createKafka(login), (admin) => partitionCounts(admin, ['x'])),
    ).rejects.toMatchObject({ code: 'CONNECTION', message: expect.stringMatching(/authentication/i) });
  });
});

describe('a broker whose connections fall silent', () => {
  const config = (): KafkaConfig => ({
    brokers: [theBroker().proxied],
    clientId: 'test',
    requestTimeoutMs: 1_000,
  });

  it('is lost for the publisher, and there for the next one', async () => {
    const topic = await newTopic(config());
    await using publisher = await TransactionalPublisher.open(config(), `x${topic}`, TRANSACTION);
    await publisher.publish([record(topic, 'one')]);
    theBroker().proxy.stall();
    await expect(publisher.publish([record(topic, 'two')])).rejects.toMatchObject({ code: 'CONNECTION' });
    await using next = await TransactionalPublisher.open(config(), `x${topic}`, TRANSACTION);
    await next.publish([record(topic, 'three')]);
    using tail = new TopicTail(config(), topic);
    expect(await valuesOf(tail)).toEqual(['one', 'three']);
  });

  it('is lost for who reads, and there again at the next fetch', async () => {
    const topic = await newTopic(config());
    using tail = new TopicTail(config(), topic);
    await tail.fetch(0n, 10);
    theBroker().proxy.stall();
    await expect(tail.fetch(0n, 10)).rejects.toMatchObject({ code: 'CONNECTION' });
    await expect(tail.fetch(0n, 10)).resolves.toMatchObject({ records: [] });
  });

  it('is asked over a new one by who writes dead letters', async () => {
    const topic = `t${randomUUID()}`;
    const settings = { replicationFactor: 1, retentionMs: 3_600_000 };
    await using letters = new DeadLetterProducer(createKafka(config()), topic, settings);
    const letter = (text: string) => [{ key: null, value: Buffer.from(text) }];
    await letters.send(letter('one'));
    theBroker().proxy.stall();
    await letters.send(letter('two'));
    using tail = new TopicTail(config(), topic);
    expect(await valuesOf(tail)).toEqual(['one', 'two']);
  });
});
