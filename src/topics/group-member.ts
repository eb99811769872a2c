import { setTimeout as sleep } from 'node:timers/promises';
import {
  ASSIGNMENT_PROTOCOL,
  assignRoundRobin,
  decodeAssignment,
  decodeSubscription,
  encodeAssignment,
  encodeSubscription,
} from './group-assignment.ts';
import type { KafkaConfig } from './kafka-config.ts';
import { BrokerError, ConnectionLostError } from './wire/broker-error.ts';
import { Cluster } from './wire/cluster.ts';
import {
  commitOffsets,
  type GroupOffset,
  heartbeat,
  joinGroup,
  type Joined,
  leaveGroup,
  type Membership,
  syncGroup,
} from './wire/group-requests.ts';
import { isPassing, persistently } from './wire/persistence.ts';
import type { TopicPartition, WireRequest } from './wire/requests.ts';

export interface GroupMemberOptions {
  readonly group: string;
  readonly topics: readonly string[];
  readonly sessionTimeoutMs: number;
}

/** What a member has been given, until the group gives out its partitions anew. */
export interface Assignment {
  readonly partitions: readonly TopicPartition[];
  /** Aborted once the partitions may be another's: finish what is under way and join again. */
  readonly over: AbortSignal;
}

const HEARTBEATS_PER_SESSION = 10;
/** How long a coordinator that is away or loads is waited for in one piece. */
const PATIENCE_MS = 10_000;

/** The group gave the partitions out anew, or does not know the member any more: it joins again. */
const REJOIN: ReadonlySet<string> = new Set([
  'REBALANCE_IN_PROGRESS',
  'ILLEGAL_GENERATION',
  'UNKNOWN_MEMBER_ID',
]);

/** A member of a consumer group, by the protocol that every broker since 0.9 speaks. */
export class GroupMember {
  readonly #cluster: Cluster;
  readonly #options: GroupMemberOptions;
  #memberId = '';
  #membership: Membership | null = null;
  #beating = new AbortController();
  /** How many partitions this member gave out, where it leads the group. */
  #givenOut: number | null = null;

  constructor(config: KafkaConfig, options: GroupMemberOptions) {
    this.#cluster = new Cluster(config);
    this.#options = options;
  }

  /**
   * Waits for the other members, then takes part until `over`. Throws BrokerError where the group refuses
   * this member, UnreachableError and ConnectionLostError.
   */
  async join(signal: AbortSignal): Promise<Assignment> {
    this.#beating.abort();
    const patience = {
      ms: PATIENCE_MS,
      isPassing: (error: unknown) => !signal.aborted && isWorthJoining(error),
    };
    const giveUp = (): void => this.#cluster.close();
    signal.addEventListener('abort', giveUp, { once: true });
    const joining = persistently(patience, () => this.#joinOnce());
    const { membership, partitions } = await joining.finally(() =>
      signal.removeEventListener('abort', giveUp),
    );
    this.#membership = membership;
    this.#beating = new AbortController();
    const over = new AbortController();
    void this.#beat(membership, over, this.#beating.signal);
    return { partitions, over: over.signal };
  }

  /** A copy of the handler's offsets, for lag tools. Throws as the coordinator does. */
  async commit(offsets: readonly GroupOffset[]): Promise<void> {
    if (this.#membership === null || offsets.length === 0) return;
    await this.#ask(commitOffsets(this.#membership, offsets));
  }

  /** The others need not wait for the session to end. */
  async leave(): Promise<void> {
    this.#beating.abort();
    const membership = this.#membership;
    this.#membership = null;
    if (membership !== null) await this.#ask(leaveGroup(membership)).catch(() => {});
    this.#cluster.close();
  }

  async #joinOnce(): Promise<{ membership: Membership; partitions: readonly TopicPartition[] }> {
    const { group, topics, sessionTimeoutMs } = this.#options;
    const rebalanceTimeoutMs = sessionTimeoutMs * 2;
    try {
      const joined = await this.#ask(
        joinGroup({
          group,
          sessionTimeoutMs,
          rebalanceTimeoutMs,
          memberId: this.#memberId,
          protocol: ASSIGNMENT_PROTOCOL,
          metadata: encodeSubscription(topics),
        }),
      );
      this.#memberId = joined.memberId;
      const membership = { group, generation: joined.generation, memberId: joined.memberId };
      this.#givenOut = null;
      const assignments = joined.isLeader ? await this.#assign(joined) : [];
      const given = await this.#ask(syncGroup(membership, assignments, rebalanceTimeoutMs));
      return { membership, partitions: decodeAssignment(given) };
    } catch (error) {
      if (error instanceof BrokerError && error.type === 'UNKNOWN_MEMBER_ID') this.#memberId = '';
      throw error;
    }
  }

  async #assign({ members }: Joined): Promise<{ memberId: string; assignment: Buffer }[]> {
    const subscribers = members.map(({ memberId, metadata }) => ({
      memberId,
      topics: decodeSubscription(metadata),
    }));
    await this.#cluster.refreshLeaders([...new Set(subscribers.flatMap(({ topics }) => topics))]);
    this.#givenOut = this.#partitionCount();
    const assigned = assignRoundRobin(subscribers, (topic) => this.#cluster.partitionsOf(topic));
    return [...assigned].map(([memberId, partitions]) => ({
      memberId,
      assignment: encodeAssignment(partitions),
    }));
  }

  /** Also while the group rebalances: what is under way is finished first, and until then the member lives. */
  async #beat(membership: Membership, over: AbortController, stop: AbortSignal): Promise<void> {
    const { sessionTimeoutMs } = this.#options;
    let heardAt = performance.now();
    while (!stop.aborted) {
      await sleep(sessionTimeoutMs / HEARTBEATS_PER_SESSION, undefined, { signal: stop }).catch(() => {});
      if (stop.aborted) return;
      const sentAt = performance.now();
      try {
        await this.#ask(heartbeat(membership));
        heardAt = sentAt;
        this.#lookForMore(over);
      } catch (error) {
        const isRejected = error instanceof BrokerError && !error.isRetriable;
        if (isRejected || performance.now() - heardAt > sessionTimeoutMs) over.abort();
      }
    }
  }

  /** Where a topic has more partitions by now, the leader joins anew: then the group gives all of them out. */
  #lookForMore(over: AbortController): void {
    const given = this.#givenOut;
    if (given === null) return;
    // The heartbeat does not wait for it; what cannot be asked now is asked at the next one.
    this.#cluster.refreshLeaders(this.#options.topics).then(
      () => this.#partitionCount() > given && over.abort(),
      () => {},
    );
  }

  #partitionCount(): number {
    return this.#options.topics.reduce((sum, topic) => sum + this.#cluster.partitionsOf(topic).length, 0);
  }

  async #ask<T>(request: WireRequest<T>): Promise<T> {
    try {
      const connection = await this.#cluster.toCoordinator('group', this.#options.group);
      return await connection.send(request);
    } catch (error) {
      if (!(error instanceof BrokerError) || error.isRetriable) this.#cluster.forgetCoordinator();
      throw error;
    }
  }
}

function isWorthJoining(error: unknown): boolean {
  if (error instanceof BrokerError && REJOIN.has(error.type)) return true;
  return error instanceof ConnectionLostError || isPassing(error);
}
