import type { TopicPartition } from './wire/requests.ts';
import { WireReader, WireWriter } from './wire/wire-format.ts';

/** The name under which every client knows this way of giving out partitions. */
export const ASSIGNMENT_PROTOCOL = 'roundrobin';

const VERSION = 0;
const NO_USER_DATA: Buffer = Buffer.alloc(0);

/** Kafka's ConsumerProtocolSubscription: what a member wants. */
export function encodeSubscription(topics: readonly string[]): Buffer {
  const body = new WireWriter().int16(VERSION);
  return body
    .array(topics, (topic) => body.string(topic))
    .bytes(NO_USER_DATA)
    .take();
}

export function decodeSubscription(bytes: Buffer): string[] {
  const reader = new WireReader(bytes);
  reader.int16();
  return reader.array(() => reader.string());
}

/** Kafka's ConsumerProtocolAssignment: what a member gets. */
export function encodeAssignment(partitions: readonly TopicPartition[]): Buffer {
  const body = new WireWriter().int16(VERSION);
  body.array([...Map.groupBy(partitions, ({ topic }) => topic)], ([topic, ofTopic]) => {
    body.string(topic).array(ofTopic, ({ partition }) => body.int32(partition));
  });
  return body.bytes(NO_USER_DATA).take();
}

/** A member that gets nothing may get no bytes at all. */
export function decodeAssignment(bytes: Buffer): TopicPartition[] {
  if (bytes.length === 0) return [];
  const reader = new WireReader(bytes);
  reader.int16();
  const topics = reader.array(() => {
    const topic = reader.string();
    return reader.array(() => ({ topic, partition: reader.int32() }));
  });
  return topics.flat();
}

export interface Subscriber {
  readonly memberId: string;
  readonly topics: readonly string[];
}

/** Gives each partition to one of the members that want its topic: in turn, so that numbers differ by one at most. */
export function assignRoundRobin(
  members: readonly Subscriber[],
  partitionsOf: (topic: string) => readonly number[],
): Map<string, TopicPartition[]> {
  const ordered = members.toSorted((a, b) => (a.memberId < b.memberId ? -1 : 1));
  const assigned = new Map(ordered.map(({ memberId }) => [memberId, [] as TopicPartition[]]));
  const topics = [...new Set(members.flatMap((member) => member.topics))].toSorted();
  let turn = 0;
  for (const topic of topics) {
    const wanting = ordered.filter((member) => member.topics.includes(topic));
    for (const partition of partitionsOf(topic)) {
      const member = wanting[turn++ % wanting.length];
      if (member !== undefined) assigned.get(member.memberId)?.push({ topic, partition });
    }
  }
  return assigned;
}
