import { failOnError } from './broker-error.ts';
import { type Api, type TopicPartition, type WireRequest, wireRequest } from './requests.ts';
import { WireWriter } from './wire-format.ts';

const OFFSET_COMMIT: Api = { name: 'OffsetCommit', key: 8, version: 5 };
const JOIN_GROUP: Api = { name: 'JoinGroup', key: 11, version: 3 };
const HEARTBEAT: Api = { name: 'Heartbeat', key: 12, version: 2 };
const LEAVE_GROUP: Api = { name: 'LeaveGroup', key: 13, version: 2 };
const SYNC_GROUP: Api = { name: 'SyncGroup', key: 14, version: 2 };

/** What a broker must speak to coordinate a group. */
export const GROUP_APIS: readonly Api[] = [OFFSET_COMMIT, JOIN_GROUP, HEARTBEAT, LEAVE_GROUP, SYNC_GROUP];

/** Groups of consumers, as every lag tool knows them. */
const PROTOCOL_TYPE = 'consumer';
/** On top of the rebalance, which the coordinator holds the answer for. */
const JOIN_MARGIN_MS = 10_000;

export interface JoinRequest {
  readonly group: string;
  readonly sessionTimeoutMs: number;
  readonly rebalanceTimeoutMs: number;
  /** Empty: a new member. */
  readonly memberId: string;
  /** How partitions are given out; all members of a group speak the same. */
  readonly protocol: string;
  readonly metadata: Buffer;
}

interface GroupMemberMetadata {
  readonly memberId: string;
  readonly metadata: Buffer;
}

export interface Joined {
  readonly generation: number;
  readonly memberId: string;
  readonly isLeader: boolean;
  /** For the leader alone, who gives out the partitions. */
  readonly members: readonly GroupMemberMetadata[];
}

/** Answered when every living member has joined, or the rebalance timeout is over. */
export function joinGroup(join: JoinRequest): WireRequest<Joined> {
  const body = new WireWriter()
    .string(join.group)
    .int32(join.sessionTimeoutMs)
    .int32(join.rebalanceTimeoutMs);
  body.string(join.memberId).string(PROTOCOL_TYPE);
  body.array([join.protocol], (name) => body.string(name).bytes(join.metadata));
  const request = wireRequest(JOIN_GROUP, [body.take()], (answer) => {
    answer.int32();
    failOnError(answer.int16(), JOIN_GROUP.name, `group ${join.group}`);
    const generation = answer.int32();
    answer.string();
    const leader = answer.string();
    const memberId = answer.string();
    const members = answer.array(() => ({ memberId: answer.string(), metadata: answer.bytes() }));
    return { generation, memberId, isLeader: leader === memberId, members };
  });
  return { ...request, timeoutMs: join.rebalanceTimeoutMs + JOIN_MARGIN_MS };
}

export interface Membership {
  readonly group: string;
  readonly generation: number;
  readonly memberId: string;
}

/** The leader brings everybody's assignment, the others none; each gets its own. */
export function syncGroup(
  { group, generation, memberId }: Membership,
  assignments: readonly { readonly memberId: string; readonly assignment: Buffer }[],
  timeoutMs: number,
): WireRequest<Buffer> {
  const body = new WireWriter().string(group).int32(generation).string(memberId);
  body.array(assignments, (each) => body.string(each.memberId).bytes(each.assignment));
  const request = wireRequest(SYNC_GROUP, [body.take()], (answer) => {
    answer.int32();
    failOnError(answer.int16(), SYNC_GROUP.name, `group ${group}`);
    return answer.bytes();
  });
  return { ...request, timeoutMs: timeoutMs + JOIN_MARGIN_MS };
}

export function heartbeat({ group, generation, memberId }: Membership): WireRequest<void> {
  const body = new WireWriter().string(group).int32(generation).string(memberId);
  return wireRequest(HEARTBEAT, [body.take()], (answer) => {
    answer.int32();
    failOnError(answer.int16(), HEARTBEAT.name, `group ${group}`);
  });
}

export function leaveGroup({ group, memberId }: Membership): WireRequest<void> {
  return wireRequest(LEAVE_GROUP, [new WireWriter().string(group).string(memberId).take()], (answer) => {
    answer.int32();
    failOnError(answer.int16(), LEAVE_GROUP.name, `group ${group}`);
  });
}

export interface GroupOffset extends TopicPartition {
  /** The next one to be read. */
  readonly offset: bigint;
}

export function commitOffsets(
  { group, generation, memberId }: Membership,
  offsets: readonly GroupOffset[],
): WireRequest<void> {
  const body = new WireWriter().string(group).int32(generation).string(memberId);
  body.array([...Map.groupBy(offsets, ({ topic }) => topic)], ([topic, ofTopic]) => {
    body.string(topic).array(ofTopic, ({ partition, offset }) => {
      body.int32(partition).int64(offset).string('');
    });
  });
  return wireRequest(OFFSET_COMMIT, [body.take()], (answer) => {
    answer.int32();
    answer.array(() => {
      const topic = answer.string();
      answer.array(() => {
        const partition = answer.int32();
        failOnError(answer.int16(), `${OFFSET_COMMIT.name} of ${topic}[${partition}]`, `group ${group}`);
      });
    });
  });
}
