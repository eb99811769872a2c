import type { ClientBase } from 'pg';
import { type Progress, readLanes } from '../sinks/positions.ts';

/** topic → position of the last record in each partition */
export type PublishedEnds = ReadonlyMap<string, readonly string[]>;

/** How far a consumer group has come in every partition that it ever opened. */
export class GroupProgress {
  readonly #lanes: ReadonlyMap<string, Progress>;

  private constructor(lanes: ReadonlyMap<string, Progress>) {
    this.#lanes = lanes;
  }

  /** `client`: a connection to the database that has the group's positions. */
  static async read(client: ClientBase, group: string): Promise<GroupProgress> {
    const lanes = await readLanes(client, group);
    return new GroupProgress(new Map(lanes.map((lane) => [`${lane.topic}/${lane.partition}`, lane])));
  }

  /** Zero where nothing was read yet. */
  nextOffset(topic: string, partition: number): bigint {
    return this.#lanes.get(`${topic}/${partition}`)?.nextOffset ?? 0n;
  }

  /** The highest one that is applied; empty where there is none. */
  position(topic: string, partition: number): string {
    return this.#lanes.get(`${topic}/${partition}`)?.position ?? '';
  }

  /** Whether everything up to `ends` in these topics is applied. */
  reaches(topics: readonly string[], ends: PublishedEnds): boolean {
    return topics.every((topic) =>
      (ends.get(topic) ?? []).every((end, partition) => this.position(topic, partition) >= end),
    );
  }
}
