import { BrokerError } from './broker-error.ts';
import { type Api, type TopicPartition, type WireRequest, wireRequest } from './requests.ts';
import { type WireReader, WireWriter } from './wire-format.ts';

const FETCH: Api = { name: 'Fetch', key: 1, version: 10 };
const LIST_OFFSETS: Api = { name: 'ListOffsets', key: 2, version: 2 };

/** What a broker must speak to be read from. */
export const FETCH_APIS: readonly Api[] = [FETCH, LIST_OFFSETS];

const CONSUMER = -1;
const READ_COMMITTED = 1;
/** Its own client keeps no session: each request names all it wants. */
const NO_SESSION = { id: 0, epoch: -1 };
const ANY_LEADER_EPOCH = -1;

export interface FetchLimits {
  readonly maxWaitMs: number;
  /** Of the answer; a first batch that is larger comes whole. */
  readonly maxBytes: number;
  readonly maxBytesPerPartition: number;
}

export interface FetchPosition extends TopicPartition {
  readonly offset: bigint;
}

export interface AbortedTransaction {
  readonly producerId: bigint;
  readonly firstOffset: bigint;
}

export interface FetchedPartition extends TopicPartition {
  /** Null: the other fields hold. */
  readonly error: BrokerError | null;
  readonly highWatermark: bigint;
  /** Everything below it is committed or aborted. */
  readonly lastStableOffset: bigint;
  /** Transactions among the records that were aborted. */
  readonly aborted: readonly AbortedTransaction[];
  /** Record batches, the last one maybe cut off. A view of the answer. */
  readonly records: Buffer;
}

/** Committed records of some partitions, as many as there are by `maxWaitMs`. */
export function fetchCommitted(
  limits: FetchLimits,
  positions: readonly FetchPosition[],
): WireRequest<FetchedPartition[]> {
  const anyBytes = 1;
  const body = new WireWriter()
    .int32(CONSUMER)
    .int32(limits.maxWaitMs)
    .int32(anyBytes)
    .int32(limits.maxBytes);
  body.int8(READ_COMMITTED).int32(NO_SESSION.id).int32(NO_SESSION.epoch);
  body.array([...Map.groupBy(positions, ({ topic }) => topic)], ([topic, ofTopic]) => {
    body.string(topic).array(ofTopic, ({ partition, offset }) => {
      body
        .int32(partition)
        .int32(ANY_LEADER_EPOCH)
        .int64(offset)
        .int64(-1n)
        .int32(limits.maxBytesPerPartition);
    });
  });
  body.array([], () => {});
  return wireRequest(FETCH, [body.take()], readFetched);
}

function readFetched(answer: WireReader): FetchedPartition[] {
  answer.int32();
  const code = answer.int16();
  if (code !== 0) throw new BrokerError(code, FETCH.name);
  answer.int32();
  const topics = answer.array(() => {
    const topic = answer.string();
    return answer.array(() => readFetchedPartition(answer, topic));
  });
  return topics.flat();
}

function readFetchedPartition(answer: WireReader, topic: string): FetchedPartition {
  const partition = answer.int32();
  const code = answer.int16();
  const highWatermark = answer.int64();
  const lastStableOffset = answer.int64();
  answer.int64();
  const aborted = answer.array(() => ({ producerId: answer.int64(), firstOffset: answer.int64() }));
  const records = answer.bytes();
  const error = code === 0 ? null : new BrokerError(code, `${FETCH.name} of ${topic}[${partition}]`);
  return { topic, partition, error, highWatermark, lastStableOffset, aborted, records };
}

export const EARLIEST = -2n;
export const LATEST = -1n;

export interface OffsetAnswer extends TopicPartition {
  readonly offset: bigint;
}

/** A log's first offset, or the one behind its last record, transactions that are still open included. */
export function listOffsets(
  which: typeof EARLIEST | typeof LATEST,
  partitions: readonly TopicPartition[],
): WireRequest<OffsetAnswer[]> {
  const uncommitted = 0;
  const body = new WireWriter().int32(CONSUMER).int8(uncommitted);
  body.array([...Map.groupBy(partitions, ({ topic }) => topic)], ([topic, ofTopic]) => {
    body.string(topic).array(ofTopic, ({ partition }) => body.int32(partition).int64(which));
  });
  return wireRequest(LIST_OFFSETS, [body.take()], (answer) => {
    answer.int32();
    const topics = answer.array(() => {
      const topic = answer.string();
      return answer.array(() => readOffset(answer, topic));
    });
    return topics.flat();
  });
}

function readOffset(answer: WireReader, topic: string): OffsetAnswer {
  const partition = answer.int32();
  const code = answer.int16();
  if (code !== 0) throw new BrokerError(code, `${LIST_OFFSETS.name} of ${topic}[${partition}]`);
  answer.int64();
  return { topic, partition, offset: answer.int64() };
}
