import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Pool } from 'pg';
import { isPositionText } from '../change/position.ts';
import { isFreshetError } from '../runtime/errors.ts';
import { errorMessage } from '../runtime/postgres.ts';
import { laneOwes } from '../sinks/owed-keys.ts';
import { type Lane, type Progress, lockLane, openLane, progressStatement } from '../sinks/positions.ts';
import { judgeSinkError, sinkFailure } from '../sinks/sink-error.ts';
import { inTransaction } from '../sinks/target-pool.ts';
import type { RawRecord } from '../topics/codec/record-decoder.ts';
import { type BatchHandler, assertOffsetKept } from '../topics/consumer.ts';
import { type FetchedBatch, type PartitionBounds, partitionKey } from '../topics/consumer-batch.ts';
import { POSITION_HEADER } from '../topics/codec/headers.ts';
import { BatchSize } from './batch-size.ts';
import { type LaneOutcome, type LaneServices, PartitionLane, highestPosition } from './partition-lane.ts';
import type { Item, RecordReader } from './record-reader.ts';
import { pauseBeforeRetry } from './retry-pause.ts';
import type { ConsumerSettings } from './runtime-settings.ts';

/**
 * Decoded in one turn of the event loop. A transaction that runs meanwhile goes on between two of them:
 * else the target would wait for a whole slice of every partition.
 */
const RECORDS_PER_TURN = 64;

export interface PipelineLanesOptions {
  readonly group: string;
  readonly pool: Pool;
  readonly reader: RecordReader;
  readonly services: LaneServices;
  readonly settings: ConsumerSettings;
  /** Topic → "schema.table", for the rows' stamp. */
  readonly tables: ReadonlyMap<string, string>;
}

/** The partitions that this process has been given, each with its progress. */
export class PipelineLanes implements BatchHandler {
  readonly #options: PipelineLanesOptions;
  #lanes = new Map<string, PartitionLane>();

  constructor(options: PipelineLanesOptions) {
    this.#options = options;
  }

  async assigned(partitions: readonly PartitionBounds[]): Promise<ReadonlyMap<string, bigint>> {
    const lanes = new Map<string, PartitionLane>();
    for (const bounds of partitions) lanes.set(partitionKey(bounds), await this.#open(bounds));
    this.#lanes = lanes;
    return new Map([...lanes].map(([key, lane]) => [key, lane.progress.nextOffset]));
  }

  async handle(batch: FetchedBatch): Promise<bigint> {
    const lane = this.#lanes.get(partitionKey(batch));
    if (lane === undefined) return batch.nextOffset;
    const outcome = await this.#work(lane, batch);
    if (outcome === 'overtaken') return await this.#reopen(batch);
    return lane.progress.nextOffset;
  }

  /** While the target writes one slice, the next one is decoded. */
  async #work(lane: PartitionLane, batch: FetchedBatch): Promise<LaneOutcome> {
    const takenMs = Date.now();
    const goOn = async (): Promise<boolean> => !batch.isStale();
    let writing: Promise<LaneOutcome> = Promise.resolve('applied');
    let position = lane.progress.position;
    const records = recordsFrom(batch, lane.progress.nextOffset);
    for (let at = 0, count = 0; at < records.length; at += count) {
      count = lane.size.next(records, at);
      const items = await this.#read(records.slice(at, at + count), position, goOn);
      const outcome = await writing;
      if (outcome !== 'applied') return outcome;
      if (items === null) return 'abandoned';
      position = highestPosition(items, position);
      // The last one ends where the batch ends, transaction markers included.
      const next = records[at + count];
      const nextOffset = next === undefined ? batch.nextOffset : BigInt(next.offset);
      writing = lane.apply(items, nextOffset, goOn, takenMs);
      // Looked at above, in the next round; meanwhile its rejection is not an unhandled one.
      writing.catch(() => {});
    }
    return writing;
  }

  /** The changes behind `position`; null where the partition is no longer ours. A registry that is away is waited for. */
  async #read(
    records: readonly RawRecord[],
    position: string,
    goOn: () => Promise<boolean>,
  ): Promise<Item[] | null> {
    const { reader, services } = this.#options;
    // Positions grow: replays come first, and those of a second producer run are told below.
    const first = records.findIndex((record) => !isReplay(record, position));
    const fresh = first === -1 ? [] : records.slice(first);
    for (let attempt = 0; ; attempt++) {
      try {
        await reader.prepare(fresh);
        break;
      } catch (error) {
        if (!isFreshetError(error, 'CONNECTION')) throw error;
        await pauseBeforeRetry(attempt, error, services.report, services.signal);
        if (!(await goOn())) return null;
      }
    }
    const items: Item[] = [];
    let highest = position;
    let replayed = records.length - fresh.length;
    let inTurn = 0;
    for (const record of fresh) {
      if (inTurn++ === RECORDS_PER_TURN) {
        await nextTurn();
        inTurn = 1;
      }
      const item = reader.read(record);
      if (item === null) continue;
      // A record that nobody can decode may have no position; any other at or below the highest is a replay.
      if (item.position <= highest && item.position !== '') {
        replayed++;
        continue;
      }
      if (item.position !== '') highest = item.position;
      items.push(item);
    }
    services.report.replayed(replayed);
    return items;
  }

  async #reopen(batch: FetchedBatch): Promise<bigint> {
    const { topic, partition } = batch;
    const lane = await this.#open({ topic, partition, low: 0n, high: batch.highWatermark });
    this.#lanes.set(partitionKey(batch), lane);
    this.#options.services.report.log(
      'warn',
      `${topic}, partition ${partition}: another process has moved it on; reading from there`,
    );
    return lane.progress.nextOffset;
  }

  async #open(bounds: PartitionBounds): Promise<PartitionLane> {
    const { group, pool, services, settings, tables } = this.#options;
    const { topic, partition } = bounds;
    const lane: Lane = { group, topic, partition };
    const from = `${tables.get(topic) ?? topic}/${partition}`;
    for (let attempt = 0; ; attempt++) {
      try {
        return await inTransaction(pool, async (client) => {
          const stored = await openLane(client, lane, bounds.low);
          const progress = await this.#keptProgress(bounds, stored, async (reset) => {
            await lockLane(client, lane);
            await client.query(progressStatement(lane, reset));
          });
          const owes = await laneOwes(client, lane);
          return new PartitionLane(lane, from, services, progress, owes, new BatchSize(settings));
        });
      } catch (error) {
        if (judgeSinkError(error) !== 'retry' || services.signal.aborted) throw sinkFailure(error);
        await pauseBeforeRetry(attempt, error, services.report, services.signal);
      }
    }
  }

  /** Throws OFFSET_LOST, unless the settings allow to begin anew: positions still tell what was applied. */
  async #keptProgress(
    bounds: PartitionBounds,
    stored: Progress,
    reset: (to: Progress) => Promise<void>,
  ): Promise<Progress> {
    try {
      assertOffsetKept(bounds, stored.nextOffset);
      return stored;
    } catch (error) {
      if (this.#options.settings.offsetLoss !== 'restart') throw error;
      const restarted = { position: stored.position, nextOffset: bounds.low };
      await reset(restarted);
      this.#options.services.report.log(
        'error',
        `${errorMessage(error)}; going on at ${bounds.low}: refresh the table`,
      );
      return restarted;
    }
  }
}

/** What the batch has from `nextOffset` on. */
function recordsFrom({ records }: FetchedBatch, nextOffset: bigint): readonly RawRecord[] {
  const first = records.findIndex((record) => BigInt(record.offset) >= nextOffset);
  return first === -1 ? [] : records.slice(first);
}

/** Told without decoding; a record without our header is told by its decoded position. */
function isReplay(record: RawRecord, position: string): boolean {
  const header = record.headers[POSITION_HEADER]?.toString('latin1');
  return header !== undefined && header <= position && isPositionText(header);
}
