import { setTimeout as sleep } from 'node:timers/promises';
import type { RawRecord } from './codec/record-decoder.ts';
import { BrokerError, ConnectionLostError } from './wire/broker-error.ts';
import type { Cluster } from './wire/cluster.ts';
import { fetchCommitted, type FetchedPartition, type FetchPosition } from './wire/fetch-requests.ts';
import { isPassing } from './wire/persistence.ts';
import { endOfBatches, readBatches } from './wire/record-batch-reader.ts';
import type { BrokerAddress, TopicPartition } from './wire/requests.ts';

/** What one fetch brought of a partition; no records where there were only markers or aborted ones. */
export interface FetchedPiece extends TopicPartition {
  readonly records: readonly RawRecord[];
  readonly nextOffset: bigint;
  readonly highWatermark: bigint;
}

export interface FetchSettings {
  readonly maxBytesPerPartition: number;
  /** Fetched and not handled yet, of all partitions together. */
  readonly maxBufferedBytes: number;
}

/** With every partition asked for, the broker answers as soon as there is something. */
const LONG_WAIT_MS = 250;
/** Else the ones that are not asked for would wait behind it. */
const SHORT_WAIT_MS = 10;
const RETRY_MS = 50;
/** A broker that is away for longer is the caller's to wait for, with a message. */
const PATIENCE_MS = 10_000;

/** The log no longer has the offset, or does not have it yet. */
export class OffsetGoneError extends Error {
  constructor(position: FetchPosition) {
    super(`${position.topic}, partition ${position.partition} does not have offset ${position.offset}`);
    this.name = 'OffsetGoneError';
  }
}

interface Source extends TopicPartition {
  /** To be fetched next. */
  offset: bigint;
  /** Fetched, and not taken yet: bytes only, as records made long before they are used cost the collector. */
  ahead: { readonly answer: FetchedPartition; readonly from: bigint } | null;
  isAsked: boolean;
}

/**
 * Reads ahead of what is handled: one piece of every partition waits while another one is worked on. A
 * request at a time and broker.
 */
export class Fetcher {
  readonly #cluster: Cluster;
  readonly #settings: FetchSettings;
  readonly #sources: readonly Source[];
  readonly #askedBrokers = new Set<string>();
  #failingSince: number | null = null;
  #turn = 0;
  #wake = Promise.withResolvers<void>();

  constructor(cluster: Cluster, settings: FetchSettings, positions: readonly FetchPosition[]) {
    this.#cluster = cluster;
    this.#settings = settings;
    this.#sources = positions.map((position) => ({ ...position, ahead: null, isAsked: false }));
  }

  /**
   * Fetches until the signal; `arrived` hears that there is something to take. Rejects with
   * OffsetGoneError, BrokerError, or what was wrong for too long.
   */
  async run(signal: AbortSignal, arrived: () => void): Promise<void> {
    const failed = Promise.withResolvers<never>();
    failed.promise.catch(() => {});
    signal.addEventListener('abort', () => this.#wakeUp(), { once: true });
    while (!signal.aborted) {
      this.#wake = Promise.withResolvers();
      for (const [leader, sources] of this.#wantedByLeader()) {
        this.#ask(leader, sources, signal).then(arrived, failed.reject);
      }
      await Promise.race([this.#wake.promise, failed.promise]);
    }
  }

  /**
   * The pieces that wait, of partitions that `isFree`; each makes room for the next. In turn, so that none
   * starves. Throws RangeError on what cannot be read.
   */
  take(isFree: (partition: TopicPartition) => boolean): FetchedPiece | null {
    for (let tries = 0; tries < this.#sources.length; tries++) {
      const source = this.#sources[this.#turn++ % this.#sources.length];
      if (source === undefined || source.ahead === null || !isFree(source)) continue;
      const { answer, from } = source.ahead;
      source.ahead = null;
      this.#wakeUp();
      const { topic, partition, highWatermark } = answer;
      return { topic, partition, highWatermark, ...readBatches(answer, from) };
    }
    return null;
  }

  /** Goes on elsewhere; what was fetched ahead is forgotten. */
  seek({ topic, partition }: TopicPartition, offset: bigint): void {
    const source = this.#sources.find((each) => each.topic === topic && each.partition === partition);
    if (source === undefined) return;
    source.offset = offset;
    source.ahead = null;
    this.#wakeUp();
  }

  #wakeUp(): void {
    this.#wake.resolve();
  }

  #wantedByLeader(): Map<BrokerAddress | null, Source[]> {
    const wanted = this.#sources.filter((source) => source.ahead === null && !source.isAsked);
    if (this.#room() <= 0) return new Map();
    const byName = Map.groupBy(wanted, (source) => nameOf(this.#cluster.leaderOf(source)));
    const ready = [...byName].filter(([name]) => !this.#askedBrokers.has(name));
    return new Map(
      ready.map(([, sources]) => [(sources[0] && this.#cluster.leaderOf(sources[0])) ?? null, sources]),
    );
  }

  async #ask(leader: BrokerAddress | null, sources: readonly Source[], signal: AbortSignal): Promise<void> {
    const name = nameOf(leader ?? undefined);
    this.#askedBrokers.add(name);
    for (const source of sources) source.isAsked = true;
    try {
      if (leader === null) await this.#learnLeaders(sources);
      else await this.#fetch(leader, sources);
      this.#failingSince = null;
    } catch (error) {
      if (signal.aborted) return;
      await this.#endure(error);
    } finally {
      this.#askedBrokers.delete(name);
      for (const source of sources) source.isAsked = false;
      this.#wakeUp();
    }
  }

  /** Bytes that may still be fetched ahead. */
  #room(): number {
    const { maxBufferedBytes } = this.#settings;
    return this.#sources.reduce(
      (left, { ahead }) => left - (ahead?.answer.records.length ?? 0),
      maxBufferedBytes,
    );
  }

  async #learnLeaders(sources: readonly Source[]): Promise<void> {
    await this.#cluster.refreshLeaders([...new Set(sources.map(({ topic }) => topic))]);
    const leaderless = sources.find((source) => this.#cluster.leaderOf(source) === undefined);
    if (leaderless !== undefined) throw BrokerError.leaderless(leaderless);
  }

  async #fetch(leader: BrokerAddress, sources: readonly Source[]): Promise<void> {
    const { maxBytesPerPartition } = this.#settings;
    const isAll = sources.length === this.#sources.length;
    const limits = {
      maxWaitMs: isAll ? LONG_WAIT_MS : SHORT_WAIT_MS,
      maxBytes: Math.max(this.#room(), maxBytesPerPartition),
      maxBytesPerPartition,
    };
    // The broker fills its answer in the order of the request.
    const first = this.#turn++ % sources.length;
    const ordered = [...sources.slice(first), ...sources.slice(0, first)];
    const asked = new Map(ordered.map((source) => [source, source.offset]));
    const connection = await this.#cluster.toLeader(leader);
    const answers = await connection.send(fetchCommitted(limits, ordered));
    let failure: BrokerError | null = null;
    for (const answer of answers) {
      const source = sources.find(
        ({ topic, partition }) => topic === answer.topic && partition === answer.partition,
      );
      // One that was sent elsewhere meanwhile is asked for again.
      if (source === undefined || source.offset !== asked.get(source)) continue;
      if (answer.error?.type === 'OFFSET_OUT_OF_RANGE') throw new OffsetGoneError(source);
      if (answer.error === null) keep(source, answer);
      else failure = answer.error;
    }
    if (failure !== null) throw failure;
  }

  /** Waits where it may pass. Whatever it is, the leaders are asked for again: one of them may have moved. */
  async #endure(error: unknown): Promise<void> {
    const passes = error instanceof ConnectionLostError || isPassing(error);
    this.#failingSince ??= performance.now();
    if (!passes || performance.now() - this.#failingSince > PATIENCE_MS) throw error;
    await sleep(RETRY_MS);
    await this.#cluster.refreshLeaders([...new Set(this.#sources.map(({ topic }) => topic))]).catch(() => {});
  }
}

function keep(source: Source, answer: FetchedPartition): void {
  const nextOffset = endOfBatches(answer, source.offset);
  if (nextOffset === source.offset) return;
  source.ahead = { answer, from: source.offset };
  source.offset = nextOffset;
}

function nameOf(address: BrokerAddress | undefined): string {
  return address === undefined ? '' : `${address.host}:${address.port}`;
}
