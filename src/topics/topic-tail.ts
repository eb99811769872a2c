import { FreshetError } from '../runtime/errors.ts';
import { errorMessage } from '../runtime/postgres.ts';
import type { KafkaConfig } from './kafka-config.ts';
import { BrokerError } from './wire/broker-error.ts';
import { Cluster } from './wire/cluster.ts';
import { earliestOffset, fetchCommitted } from './wire/fetch.ts';
import type { WireRequest } from './wire/requests.ts';
import { type FetchedRecord, readBatches } from './wire/record-batch-reader.ts';

export type TailRecord = FetchedRecord;

export interface TailPiece {
  readonly records: readonly TailRecord[];
  readonly nextOffset: bigint;
  /** Nothing that is committed now is behind `nextOffset`. */
  readonly atEnd: boolean;
}

/** A single batch that is larger comes nevertheless. */
const FETCH_BYTES = 1024 * 1024;

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
    try {
      return await this.#fetch(from, maxWaitMs);
    } catch (error) {
      if (error instanceof BrokerError && error.type === 'OFFSET_OUT_OF_RANGE') {
        const earliest = await this.#ask(earliestOffset(this.#at));
        return { records: [], nextOffset: earliest, atEnd: false };
      }
      this.#leaderMayHaveMoved = true;
      throw new FreshetError('CONNECTION', `cannot read ${this.#at.topic}: ${errorMessage(error)}`, {
        cause: error,
      });
    }
  }

  [Symbol.dispose](): void {
    this.#cluster.close();
  }

  async #fetch(from: bigint, maxWaitMs: number): Promise<TailPiece> {
    const fetched = await this.#ask(fetchCommitted(this.#at, from, maxWaitMs, FETCH_BYTES));
    const { records, nextOffset } = readBatches(fetched);
    const next = nextOffset ?? from;
    return {
      // A batch is given as a whole, also where `from` is in its middle.
      records: records.filter(({ offset }) => offset >= from),
      nextOffset: next,
      atEnd: next >= fetched.lastStableOffset,
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
