import { BrokerError, failOnError } from './broker-error.ts';
import type { ProducerIdentity } from './record-batch-writer.ts';
import { type WireReader, WireWriter } from './wire-format.ts';

/**
 * Requests, those of a transactional producer first among them, in the newest classic ("non-flexible") version that brokers
 * from 2.1 to 4.x all speak: https://kafka.apache.org/protocol#protocol_messages
 */
export interface WireRequest<T> {
  readonly api: Api;
  readonly version: number;
  readonly body: readonly Buffer[];
  /** Throws BrokerError. */
  readonly read: (answer: WireReader) => T;
  /** Where the broker may rightly take longer than for others. */
  readonly timeoutMs?: number;
}

export interface Api {
  readonly name: string;
  readonly key: number;
  readonly version: number;
}

const PRODUCE: Api = { name: 'Produce', key: 0, version: 7 };
const METADATA: Api = { name: 'Metadata', key: 3, version: 6 };
const FIND_COORDINATOR: Api = { name: 'FindCoordinator', key: 10, version: 2 };
const SASL_HANDSHAKE: Api = { name: 'SaslHandshake', key: 17, version: 1 };
const API_VERSIONS: Api = { name: 'ApiVersions', key: 18, version: 2 };
const INIT_PRODUCER_ID: Api = { name: 'InitProducerId', key: 22, version: 1 };
const ADD_PARTITIONS: Api = { name: 'AddPartitionsToTxn', key: 24, version: 1 };
const END_TXN: Api = { name: 'EndTxn', key: 26, version: 1 };
/** Version 1, which tells how long a login lasts, is missing from 2.1. */
export const SASL_AUTHENTICATE: Api = { name: 'SaslAuthenticate', key: 36, version: 1 };

/** What a broker must speak. */
export const NEEDED_APIS: readonly Api[] = [
  PRODUCE,
  METADATA,
  FIND_COORDINATOR,
  INIT_PRODUCER_ID,
  ADD_PARTITIONS,
  END_TXN,
];

export interface VersionRange {
  readonly min: number;
  readonly max: number;
}

/** By API key. */
export function apiVersions(): WireRequest<ReadonlyMap<number, VersionRange>> {
  return wireRequest(API_VERSIONS, [], (answer) => {
    failOnError(answer.int16(), API_VERSIONS.name);
    const ranges = answer.array(
      () => [answer.int16(), { min: answer.int16(), max: answer.int16() }] as const,
    );
    return new Map(ranges);
  });
}

export function saslHandshake(mechanism: string): WireRequest<void> {
  return wireRequest(SASL_HANDSHAKE, [new WireWriter().string(mechanism).take()], (answer) => {
    const code = answer.int16();
    failOnError(
      code,
      SASL_HANDSHAKE.name,
      `the broker takes ${answer.array(() => answer.string()).join(', ')}`,
    );
  });
}

export interface SaslAnswer {
  readonly token: Buffer;
  /** 0: without end */
  readonly lifetimeMs: number;
}

export function saslAuthenticate(token: Buffer, version: number): WireRequest<SaslAnswer> {
  const body = [new WireWriter().bytes(token).take()];
  return {
    ...wireRequest(SASL_AUTHENTICATE, body, (answer) => {
      failOnError(answer.int16(), SASL_AUTHENTICATE.name, answer.nullableString());
      return { token: answer.bytes(), lifetimeMs: version > 0 ? Number(answer.int64()) : 0 };
    }),
    version,
  };
}

export interface BrokerAddress {
  readonly host: string;
  readonly port: number;
}

export interface TopicPartition {
  readonly topic: string;
  readonly partition: number;
}

/** Topic → address of the leader by partition; null where there is none now. Topics that do not exist have no partitions. */
export type Leaders = ReadonlyMap<string, ReadonlyMap<number, BrokerAddress | null>>;

export function metadata(topics: readonly string[]): WireRequest<Leaders> {
  const body = new WireWriter();
  body.array(topics, (topic) => body.string(topic)).boolean(false);
  return wireRequest(METADATA, [body.take()], readLeaders);
}

function readLeaders(answer: WireReader): Leaders {
  answer.int32();
  const brokers = new Map(answer.array(() => [answer.int32(), readBroker(answer)] as const));
  answer.nullableString();
  answer.int32();
  const topics = answer.array(() => {
    answer.int16();
    const topic = answer.string();
    answer.boolean();
    return [topic, new Map(answer.array(() => readPartition(answer, brokers)))] as const;
  });
  return new Map(topics);
}

function readBroker(answer: WireReader): BrokerAddress {
  const address = { host: answer.string(), port: answer.int32() };
  answer.nullableString();
  return address;
}

function readPartition(
  answer: WireReader,
  brokers: ReadonlyMap<number, BrokerAddress>,
): [number, BrokerAddress | null] {
  answer.int16();
  const partition = answer.int32();
  const leader = brokers.get(answer.int32());
  skipReplicaLists(answer);
  return [partition, leader ?? null];
}

/** All, in sync, offline. */
function skipReplicaLists(answer: WireReader): void {
  for (let list = 0; list < 3; list++) answer.array(() => answer.int32());
}

/** Whom a coordinator looks after; the protocol's number. */
const COORDINATED = { group: 0, transaction: 1 } as const;

/** `id`: the consumer group, or the transactional id. */
export function findCoordinator(kind: keyof typeof COORDINATED, id: string): WireRequest<BrokerAddress> {
  const body = new WireWriter().string(id).int8(COORDINATED[kind]);
  return wireRequest(FIND_COORDINATOR, [body.take()], (answer) => {
    answer.int32();
    failOnError(answer.int16(), FIND_COORDINATOR.name, answer.nullableString());
    answer.int32();
    return { host: answer.string(), port: answer.int32() };
  });
}

/** Fences every earlier producer of this id, and aborts what it left open. */
export function initProducerId(transactionalId: string, timeoutMs: number): WireRequest<ProducerIdentity> {
  const body = new WireWriter().string(transactionalId).int32(timeoutMs);
  return wireRequest(INIT_PRODUCER_ID, [body.take()], (answer) => {
    answer.int32();
    failOnError(answer.int16(), INIT_PRODUCER_ID.name);
    return { id: answer.int64(), epoch: answer.int16() };
  });
}

export interface TransactionIdentity {
  readonly transactionalId: string;
  readonly producer: ProducerIdentity;
}

export function addPartitionsToTxn(
  { transactionalId, producer }: TransactionIdentity,
  partitions: readonly TopicPartition[],
): WireRequest<void> {
  const body = new WireWriter().string(transactionalId).int64(producer.id).int16(producer.epoch);
  body.array([...Map.groupBy(partitions, ({ topic }) => topic)], ([topic, ofTopic]) => {
    body.string(topic).array(ofTopic, ({ partition }) => body.int32(partition));
  });
  return wireRequest(ADD_PARTITIONS, [body.take()], (answer) => {
    answer.int32();
    const results = answer.array(() => {
      const topic = answer.string();
      return answer.array(() => ({ partition: `${topic}[${answer.int32()}]`, code: answer.int16() }));
    });
    failOnPartition(results.flat());
  });
}

/** One partition's refusal leaves the others "not attempted": the reason counts, one for good before one that passes. */
function failOnPartition(results: readonly { readonly partition: string; readonly code: number }[]): void {
  const errors = results
    .filter(({ code }) => code !== 0)
    .map(({ partition, code }) => new BrokerError(code, `${ADD_PARTITIONS.name} of ${partition}`));
  const reasons = errors.filter(({ type }) => type !== 'OPERATION_NOT_ATTEMPTED');
  const error = reasons.find(({ isRetriable }) => !isRetriable) ?? reasons[0] ?? errors[0];
  if (error !== undefined) throw error;
}

export function endTxn(
  { transactionalId, producer }: TransactionIdentity,
  outcome: 'commit' | 'abort',
): WireRequest<void> {
  const body = new WireWriter().string(transactionalId).int64(producer.id).int16(producer.epoch);
  return wireRequest(END_TXN, [body.boolean(outcome === 'commit').take()], (answer) => {
    answer.int32();
    failOnError(answer.int16(), `${END_TXN.name} (${outcome})`);
  });
}

export interface PartitionBatch extends TopicPartition {
  /** One record batch: the protocol takes one a partition and request. */
  readonly bytes: Buffer;
}

export interface ProduceResult extends TopicPartition {
  /** Null: the batch is written. */
  readonly error: BrokerError | null;
}

/** Answered when every in-sync replica has the batches, or after `timeoutMs`. */
export function produce(
  transactionalId: string,
  timeoutMs: number,
  batches: readonly PartitionBatch[],
): WireRequest<ProduceResult[]> {
  const allInSync = -1;
  const parts: Buffer[] = [];
  const writer = new WireWriter().string(transactionalId).int16(allInSync).int32(timeoutMs);
  writer.array([...Map.groupBy(batches, ({ topic }) => topic)], ([topic, ofTopic]) => {
    writer.string(topic).array(ofTopic, ({ partition, bytes }) => {
      parts.push(writer.int32(partition).int32(bytes.length).take(), bytes);
    });
  });
  return wireRequest(PRODUCE, parts, (answer) => {
    const topics = answer.array(() => {
      const topic = answer.string();
      return answer.array(() => readProduceResult(answer, topic));
    });
    return topics.flat();
  });
}

function readProduceResult(answer: WireReader, topic: string): ProduceResult {
  const partition = answer.int32();
  const code = answer.int16();
  skipOffsets(answer);
  const error = code === 0 ? null : new BrokerError(code, `${PRODUCE.name} to ${topic}[${partition}]`);
  return { topic, partition, error };
}

/** Base offset, append time, start of the log. */
function skipOffsets(answer: WireReader): void {
  for (let field = 0; field < 3; field++) answer.int64();
}

export function wireRequest<T>(
  api: Api,
  body: readonly Buffer[],
  read: (answer: WireReader) => T,
): WireRequest<T> {
  return { api, version: api.version, body, read };
}
