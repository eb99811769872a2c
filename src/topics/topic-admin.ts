import { setTimeout as sleep } from 'node:timers/promises';
import kafkajs from 'kafkajs';
import type { Admin, ITopicConfig, Kafka } from 'kafkajs';
import { FreshetError } from '../runtime/errors.ts';
import { errorMessage } from '../runtime/postgres.ts';

export interface TopicSettings {
  readonly partitions: number;
  /** −1: the broker's default */
  readonly replicationFactor: number;
  readonly retentionMs: number;
  readonly maxRecordBytes: number;
}

const LEADERS_TIMEOUT_MS = 10_000;
const LEADERS_POLL_MS = 10;
/** What is not so yet on a new topic is so within milliseconds: the client asks soon, and as long as ever. */
const RETRY = { initialRetryTime: 10, maxRetryTime: 2_000, retries: 12 };

/** Room for the batch's and the envelope's own bytes around one record of the limit. */
const RECORD_OVERHEAD_BYTES = 64 * 1024;

export async function withAdmin<T>(kafka: Kafka, work: (admin: Admin) => Promise<T>): Promise<T> {
  const admin = kafka.admin({ retry: RETRY });
  try {
    await admin.connect();
    return await work(admin);
  } catch (error) {
    if (error instanceof FreshetError) throw error;
    throw new FreshetError('CONNECTION', `Kafka: ${errorMessage(error)}`, {
      cause: error,
      cure: 'Start Kafka, or correct kafka.brokers.',
    });
  } finally {
    await admin.disconnect().catch(() => {});
  }
}

/** The partition count of each topic that exists. */
export async function partitionCounts(admin: Admin, topics: readonly string[]): Promise<Map<string, number>> {
  const wanted = new Set(topics);
  // Asked for by name, a topic that the broker has not heard of is an error.
  const { topics: known } = await admin.fetchTopicMetadata();
  const found = known.filter(({ name }) => wanted.has(name));
  return new Map(found.map(({ name, partitions }) => [name, partitions.length]));
}

/** topic → how many offsets were given in it so far: retention takes none away, and only a new topic has fewer. */
export async function writtenOffsets(admin: Admin, topics: readonly string[]): Promise<Map<string, bigint>> {
  const written = new Map<string, bigint>();
  for (const topic of topics) {
    const partitions = await admin.fetchTopicOffsets(topic);
    written.set(
      topic,
      partitions.reduce((sum, { high }) => sum + BigInt(high), 0n),
    );
  }
  return written;
}

/** A topic to be made where it is missing. */
interface TopicSpec {
  readonly topic: string;
  readonly partitions: number;
  readonly replicationFactor: number;
  readonly config: Readonly<Record<string, string>>;
}

/** The changes of a table. */
function changeTopic(topic: string, settings: TopicSettings): TopicSpec {
  const { partitions, replicationFactor, retentionMs, maxRecordBytes } = settings;
  const config = {
    'cleanup.policy': 'delete',
    'retention.ms': String(retentionMs),
    'max.message.bytes': String(maxRecordBytes + RECORD_OVERHEAD_BYTES),
  };
  return { topic, partitions, replicationFactor, config };
}

/** One partition, compacted: the newest value of each key is kept for ever. */
export function compactedTopic(topic: string, replicationFactor: number): TopicSpec {
  const config = {
    'cleanup.policy': 'compact',
    'min.cleanable.dirty.ratio': '0.1',
    'segment.ms': String(3_600_000),
  };
  return { topic, partitions: 1, replicationFactor, config };
}

/** An ordinary log of one partition: dead letters, control requests. */
export function logTopic(topic: string, replicationFactor: number, retentionMs: number): TopicSpec {
  const config = { 'cleanup.policy': 'delete', 'retention.ms': String(retentionMs) };
  return { topic, partitions: 1, replicationFactor, config };
}

/** Creates the topics that are missing, all in one request, and gives the partition count of every one. */
export async function ensureTopics(admin: Admin, specs: readonly TopicSpec[]): Promise<Map<string, number>> {
  const topics = specs.map(({ topic }) => topic);
  const before = await partitionCounts(admin, topics);
  const missing = specs.filter(({ topic }) => !before.has(topic));
  if (missing.length === 0) return before;
  await create(admin, missing);
  return partitionCounts(admin, topics);
}

export async function ensureChangeTopics(
  admin: Admin,
  topics: readonly string[],
  settings: TopicSettings,
): Promise<Map<string, number>> {
  return ensureTopics(
    admin,
    topics.map((topic) => changeTopic(topic, settings)),
  );
}

export async function ensureLogTopic(
  admin: Admin,
  topic: string,
  replicationFactor: number,
  retentionMs: number,
): Promise<void> {
  await ensureTopics(admin, [logTopic(topic, replicationFactor, retentionMs)]);
}

export interface EndOffset {
  readonly topic: string;
  readonly partition: number;
  /** Of the record to come, transaction markers counted. */
  readonly offset: bigint;
}

/** Of the topics that exist. */
export async function endOffsets(admin: Admin, topics: readonly string[]): Promise<EndOffset[]> {
  const existing = await partitionCounts(admin, topics);
  const ends = await Promise.all(
    [...existing.keys()].map(async (topic) =>
      (await admin.fetchTopicOffsets(topic)).map(({ partition, high }) => ({
        topic,
        partition,
        offset: BigInt(high),
      })),
    ),
  );
  return ends.flat();
}

/** Whether any process consumes for the group now. */
export async function hasMembers(admin: Admin, group: string): Promise<boolean> {
  const { groups } = await admin.describeGroups([group]);
  return groups.some(({ members }) => members.length > 0);
}

/** Removes a group without members, and its offsets; one that was never there is fine. */
export async function forgetGroup(admin: Admin, group: string): Promise<void> {
  const { groups } = await admin.listGroups();
  if (groups.some(({ groupId }) => groupId === group)) await admin.deleteGroups([group]);
}

/** Tells a re-created cluster from the one that a checkpoint belongs to. */
export async function clusterId(admin: Admin): Promise<string> {
  const cluster = await admin.describeCluster();
  return cluster.clusterId;
}

async function create(admin: Admin, specs: readonly TopicSpec[]): Promise<void> {
  const topics = specs.map(({ topic }) => topic);
  try {
    // The client's own wait gives up on a broker that has not heard of the new topic yet.
    await admin.createTopics({ waitForLeaders: false, topics: specs.map(topicConfig) });
    await untilLed(admin, topics);
  } catch (error) {
    throw creationFailure(topics, error);
  }
}

function topicConfig({ topic, partitions, replicationFactor, config }: TopicSpec): ITopicConfig {
  const configEntries = Object.entries(config).map(([name, value]) => ({ name, value }));
  return { topic, numPartitions: partitions, replicationFactor, configEntries };
}

/** PREFLIGHT where the cluster said no; what it was too busy for, or away, may have been done and is tried again. */
export function creationFailure(topics: readonly string[], cause: unknown): FreshetError {
  const message = `cannot create topics ${topics.join(', ')}: ${errorMessage(cause)}`;
  if (!isRefusal(cause)) return new FreshetError('CONNECTION', message, { cause });
  return new FreshetError('PREFLIGHT', message, {
    cause,
    cure: 'Let Freshet create topics, or create them yourself with the partition count of the config.',
  });
}

function isRefusal(error: unknown): boolean {
  if (error instanceof kafkajs.KafkaJSAggregateError) return error.errors.some(isRefusal);
  return error instanceof kafkajs.KafkaJSProtocolError && !error.retriable;
}

/** Returns when every partition of the new topics has a leader that knows it is one. */
async function untilLed(admin: Admin, topics: readonly string[]): Promise<void> {
  const deadline = Date.now() + LEADERS_TIMEOUT_MS;
  while (!(await areLed(admin, topics))) {
    if (Date.now() > deadline) throw new Error(`they have no leaders after ${LEADERS_TIMEOUT_MS / 1_000} s`);
    await sleep(LEADERS_POLL_MS);
  }
}

/** A broker can name a leader, itself even, some moments before that one answers. */
async function areLed(admin: Admin, topics: readonly string[]): Promise<boolean> {
  const { topics: known } = await admin.fetchTopicMetadata();
  const led = known.filter(({ partitions }) => partitions.every(({ leader }) => leader >= 0));
  const names = new Set(led.map(({ name }) => name));
  if (!topics.every((topic) => names.has(topic))) return false;
  const asked = await Promise.allSettled(topics.map((topic) => admin.fetchTopicOffsets(topic)));
  return asked.every(({ status }) => status === 'fulfilled');
}
