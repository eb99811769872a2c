import { BrokerError } from './broker-error.ts';
import type { Api, TopicPartition, WireRequest } from './requests.ts';
import { type WireReader, WireWriter } from './wire-format.ts';

/** The newest classic versions; brokers from 2.1 to 4.x speak both. */
const LIST_OFFSETS: Api = { name: 'ListOffsets', key: 2, version: 2 };
const FETCH: Api = { name: 'Fetch', key: 1, version: 10 };

const NO_REPLICA = -1;
const READ_COMMITTED = 1;
const EARLIEST = -2n;
const NO_SESSION = 0;
const FULL_FETCH = -1;

export interface FetchedPartition {
  /** Everything below it is committed or aborted. */
  readonly lastStableOffset: bigint;
  /** Transactions among the batches that were aborted: from which offset, by which producer. */
  readonly aborted: readonly { readonly producerId: bigint; readonly firstOffset: bigint }[];
  /** Record batches; the last one may be cut short. */
  readonly bytes: Buffer;
}

/** The offset of the first record that is still there. */
export function earliestOffset({ topic, partition }: TopicPartition): WireRequest<bigint> {
  const body = new WireWriter().int32(NO_REPLICA).int8(READ_COMMITTED);
  body.array([topic], (name) =>
    body.string(name).array([partition], (index) => body.int32(index).int64(EARLIEST)),
  );
  return {
    api: LIST_OFFSETS,
    version: LIST_OFFSETS.version,
    body: [body.take()],
    read: (answer) => {
      answer.int32();
      const offsets = answer.array(() => {
        answer.string();
        return answer.array(() => readOffset(answer, `${topic}[${partition}]`));
      });
      return offsets.flat()[0] ?? 0n;
    },
  };
}

function readOffset(answer: WireReader, subject: string): bigint {
  answer.int32();
  fail(answer.int16(), `${LIST_OFFSETS.name} of ${subject}`);
  answer.int64();
  return answer.int64();
}

/** What is committed from `offset` on. Answered when there is something, or after `maxWaitMs`. */
export function fetchCommitted(
  { topic, partition }: TopicPartition,
  offset: bigint,
  maxWaitMs: number,
  maxBytes: number,
): WireRequest<FetchedPartition> {
  const body = new WireWriter().int32(NO_REPLICA).int32(maxWaitMs).int32(1).int32(maxBytes);
  body.int8(READ_COMMITTED).int32(NO_SESSION).int32(FULL_FETCH);
  body.array([topic], (name) => {
    body.string(name);
    body.array([partition], (index) => body.int32(index).int32(-1).int64(offset).int64(-1n).int32(maxBytes));
  });
  body.array([], () => {});
  return {
    api: FETCH,
    version: FETCH.version,
    body: [body.take()],
    read: (answer) => readFetched(answer, `${FETCH.name} from ${topic}[${partition}]`),
  };
}

function readFetched(answer: WireReader, subject: string): FetchedPartition {
  answer.int32();
  fail(answer.int16(), subject);
  answer.int32();
  const topics = answer.array(() => {
    answer.string();
    return answer.array(() => readPartition(answer, subject));
  });
  const fetched = topics.flat()[0];
  if (fetched === undefined) throw new RangeError('the answer holds no partition');
  return fetched;
}

function readPartition(answer: WireReader, subject: string): FetchedPartition {
  answer.int32();
  fail(answer.int16(), subject);
  answer.int64();
  const lastStableOffset = answer.int64();
  answer.int64();
  const aborted = answer.array(() => ({ producerId: answer.int64(), firstOffset: answer.int64() }));
  return { lastStableOffset, aborted, bytes: answer.bytes() };
}

function fail(code: number, subject: string): void {
  if (code !== 0) throw new BrokerError(code, subject);
}
