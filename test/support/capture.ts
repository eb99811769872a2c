import { randomUUID } from 'node:crypto';
import { beforeEach } from 'vitest';
import type { CaptureConfig } from '../../src/capture/capture-config.ts';
import { runCapture } from '../../src/capture/capture.ts';
import type { CaptureObserver } from '../../src/capture/observer.ts';
import type { ChangeRecord } from '../../src/change/change.ts';
import { createRecordDecoder, type RawRecord } from '../../src/topics/codec/record-decoder.ts';
import { createKafka } from '../../src/topics/kafka.ts';
import { topicName } from '../../src/topics/names.ts';
import { createRegistry } from '../../src/topics/registry.ts';
import type { TestDatabase } from './database.ts';
import { QUIET } from './quiet-capture.ts';
import { type Running, start } from './running.ts';
import { services } from './services.ts';
import { whatRuns } from './what-runs.ts';

export interface CaptureContext {
  readonly config: CaptureConfig;
  start(observer?: Partial<CaptureObserver>, config?: Partial<CaptureConfig>): Running;
  /** Every committed record of a topic so far, in partition order. */
  read(table: string): Promise<ChangeRecord[]>;
}

/** Of a few thousand rows, in several chunks. */
export const SMALL_SNAPSHOT: CaptureConfig['snapshot'] = {
  chunkRows: 500,
  chunkBytes: 1 << 20,
  chunksInFlight: 3,
  partsPerTable: 2,
  windowBytes: 1 << 22,
  connections: 2,
  lockTimeoutMs: 5_000,
  walBudgetBytes: null,
  whereTimeoutMs: 5_000,
};

/** What the captures of this test said, and what ended them. */
const told: string[] = [];
const MOST_TOLD = 12;
beforeEach(() => void told.splice(0));

/** A capture of some tables of a test database, with slot and prefix of its own. */
export function captureContext(
  database: TestDatabase,
  tables: readonly string[],
  more: Partial<CaptureConfig> = {},
): CaptureContext {
  const { kafkaBrokers, registryUrl } = services();
  const prefix = `t${randomUUID().slice(0, 8)}`;
  const kafkaConfig = { brokers: kafkaBrokers, clientId: 'test' };
  const kafka = createKafka(kafkaConfig);
  const registry = createRegistry({ url: registryUrl });
  const config: CaptureConfig = {
    connection: { url: database.url },
    database: database.name,
    slot: `s_${prefix}`,
    publication: `p_${prefix}`,
    prefix,
    tables: tables.map((name) => ({ schema: 'public', name })),
    topics: { partitions: 3, replicationFactor: 1, retentionMs: 3_600_000, maxRecordBytes: 1_000_000 },
    snapshot: SMALL_SNAPSHOT,
    stream: { queueBytes: 1 << 20, batchRecords: 1_000, batchBytes: 1 << 20, commitIntervalMs: 6 },
    onSlotLoss: 'stop',
    failoverSlot: false,
    transactionTimeoutMs: 10_000,
    slotTimeoutMs: 60_000,
    watchMs: 250,
    ...more,
  };
  return {
    config,
    start(observer = {}, changed = {}) {
      const log: CaptureObserver['log'] = (level, message) => void told.push(`${level}: ${message}`);
      const dependencies = { kafka, kafkaConfig, registry, observer: { ...QUIET, log, ...observer } };
      const capture = start((signal) => runCapture({ ...config, ...changed }, dependencies, signal));
      capture.ended.catch((error: unknown) => told.push(`a capture ended with: ${String(error)}`));
      return capture;
    },
    read: async (table) => {
      const records = await readTopic(kafka, topicName(prefix, { schema: 'public', name: table }));
      const decoder = createRecordDecoder(registry);
      await decoder.prepare(records);
      return records.map((record) => decoder.decode(record)).filter((change) => change !== null);
    },
  };
}

/** All that a read_committed consumer sees up to a marker that is written behind it. */
async function readTopic(kafka: ReturnType<typeof createKafka>, topic: string): Promise<RawRecord[]> {
  const admin = kafka.admin();
  const producer = kafka.producer();
  await Promise.all([admin.connect(), producer.connect()]);
  const marker = Buffer.from(`end ${randomUUID()}`);
  const { topics } = await admin.fetchTopicMetadata({ topics: [topic] });
  const partitions = topics[0]?.partitions.length ?? 0;
  await producer.send({
    topic,
    messages: Array.from({ length: partitions }, (_, partition) => ({ partition, key: marker, value: null })),
  });
  await Promise.all([admin.disconnect(), producer.disconnect()]);
  const consumer = kafka.consumer({ groupId: `read-${randomUUID()}`, maxWaitTimeInMs: 50 });
  const byPartition = new Map<number, RawRecord[]>();
  let ends = 0;
  await consumer.connect();
  await consumer.subscribe({ topic, fromBeginning: true });
  await new Promise<void>((resolve, reject) => {
    const eachMessage = async ({
      partition,
      message,
    }: {
      partition: number;
      message: Message;
    }): Promise<void> => {
      if (message.key?.equals(marker) === true) {
        ends += 1;
        if (ends === partitions) resolve();
        return;
      }
      if (message.key?.toString().startsWith('end ') === true) return;
      const list = byPartition.get(partition) ?? [];
      byPartition.set(partition, list);
      const { key, value, headers, offset, timestamp } = message;
      list.push({
        key,
        value,
        headers: headers as Record<string, Buffer | undefined>,
        topic,
        partition,
        offset,
        timestamp,
      });
    };
    consumer.run({ autoCommit: false, eachMessage }).catch(reject);
  });
  await consumer.disconnect();
  return [...byPartition.values()].flat();
}

interface Message {
  key: Buffer | null;
  value: Buffer | null;
  headers?: unknown;
  offset: string;
  timestamp: string;
}

/**
 * Waits until a condition holds; fails with its name, what captures said, and what is being done now. Generous:
 * a slot is made only when every transaction that runs in the server then has ended, those of other tests too.
 */
export async function until(
  what: string,
  condition: () => boolean | Promise<boolean>,
  timeoutMs = 75_000,
): Promise<void> {
  const late = Promise.withResolvers<false>();
  const timer = setTimeout(() => late.resolve(false), timeoutMs);
  const deadline = Date.now() + timeoutMs;
  try {
    do {
      if (await Promise.race([condition(), late.promise])) return;
      await new Promise((resolve) => setTimeout(resolve, 25));
    } while (Date.now() < deadline);
  } finally {
    clearTimeout(timer);
  }
  const lines = [`waited in vain until ${what}`, ...told.slice(-MOST_TOLD), ...(await whatRuns())];
  throw new Error(lines.join('\n  '));
}

/** What the topic says the table holds: the last change of each key. */
export function stateOf(changes: readonly ChangeRecord[]): Map<string, ChangeRecord> {
  const state = new Map<string, ChangeRecord>();
  for (const change of changes) {
    if (change.op === 'sweep') continue;
    if (change.op === 't') {
      state.clear();
      continue;
    }
    const key = JSON.stringify(Object.values(change.key).map(String));
    if (change.op === 'd') state.delete(key);
    else state.set(key, change);
  }
  return state;
}
