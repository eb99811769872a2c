import { setTimeout as sleep } from 'node:timers/promises';
import { FreshetError } from '../runtime/errors.ts';
import { errorMessage } from '../runtime/postgres.ts';
import type { KafkaConfig } from './kafka-config.ts';
import { BrokerError } from './wire/broker-error.ts';
import { Cluster } from './wire/cluster.ts';
import { EARLIEST, fetchCommitted, listOffsets } from './wire/fetch-requests.ts';
import { readBatches } from './wire/record-batch-reader.ts';
import type { WireRequest } from './wire/requests.ts';

export interface TailRecord {
  readonly offset: bigint;
  /** Unix milliseconds. */
  readonly timestampMs: number;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
}

export interface TailPiece {
  readonly records: readonly TailRecord[];
  readonly nextOffset: bigint;
  /** Nothing that is committed now is behind `nextOffset`. */
  readonly atEnd: boolean;
}

/** A single batch that is larger comes nevertheless. */
const FETCH_BYTES = 1024 * 1024;

/** A topic that was made just now may have no leader yet, or one that does not know of it. */
const LEADER_MS = 5_000;
const LEADER_POLL_MS = 50;

/** Reads partition 0 of a small topic, committed records only, from any offset: no group, no offsets of its own. */
export class TopicTail implements Disposable {
  readonly #cluster: Cluster;
  readonly #at: { readonly topic: string; readonly partition: 0 };
  #leaderMayHaveMoved = true;

  constructor(config: KafkaConfig, topic: string) {
    this.#cluster = new Cluster(config);
    this.#at = { topic, partition: 0 };
  }

  /** Waits up to `maxWaitMs` where nothing is there. An offset that is gone is taken for the earliest one. Throws CONNECTION. */
  async fetch(from: bigint, maxWaitMs: number): Promise<TailPiece> {
    const patientUntil = performance.now() + LEADER_MS;
    for (;;) {
      try {
        return await this.#fetch(from, maxWaitMs);
      } catch (error) {
        if (error instanceof BrokerError && error.type === 'OFFSET_OUT_OF_RANGE') {
          const [earliest] = await this.#ask(listOffsets(EARLIEST, [this.#at]));
          return { records: [], nextOffset: earliest?.offset ?? 0n, atEnd: false };
        }
        this.#leaderMayHaveMoved = true;
        const passes = error instanceof BrokerError && error.isRetriable;
        if (!passes || performance.now() > patientUntil) throw this.#failed(error);
        await sleep(LEADER_POLL_MS);
      }
    }
  }

  [Symbol.dispose](): void {
    this.#cluster.close();
  }

  #failed(cause: unknown): FreshetError {
    return new FreshetError('CONNECTION', `cannot read ${this.#at.topic}: ${errorMessage(cause)}`, { cause });
  }

  async #fetch(from: bigint, maxWaitMs: number): Promise<TailPiece> {
    const limits = { maxWaitMs, maxBytes: FETCH_BYTES, maxBytesPerPartition: FETCH_BYTES };
    const [fetched] = await this.#ask(fetchCommitted(limits, [{ ...this.#at, offset: from }]));
    if (fetched === undefined) throw new RangeError('the answer holds no partition');
    if (fetched.error !== null) throw fetched.error;
    const { records, nextOffset } = readBatches(fetched, from);
    return {
      records: records.map(({ offset, timestamp, key, value }) => ({
        offset: BigInt(offset),
        timestampMs: Number(timestamp),
        key,
        value,
      })),
      nextOffset,
      atEnd: nextOffset >= fetched.lastStableOffset,
    };
  }

  async #ask<T>(request: WireRequest<T>): Promise<T> {
    if (this.#leaderMayHaveMoved) await this.#cluster.refreshLeaders([this.#at.topic]);
    this.#leaderMayHaveMoved = false;
    const leader = this.#cluster.leaderOf(this.#at);
    if (leader === undefined) throw BrokerError.leaderless(this.#at);
    const connection = await this.#cluster.toLeader(leader);
    return connection.send(request);
  }
}
