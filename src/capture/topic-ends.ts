import type { CheckpointEntry, CheckpointImage } from '../topics/checkpoint.ts';

const PREFIX = 'ends/';

/** Null: nothing is published that anybody still has to apply. */
export function endsEntry(topic: string, ends: PartitionEnds | null): CheckpointEntry {
  return { key: PREFIX + topic, value: ends === null ? null : JSON.stringify(ends) };
}

/** Positions by partition; empty where nothing was published yet. */
export type PartitionEnds = readonly string[];

/**
 * The position of the last record in each partition, kept with the checkpoint. With it "is everything
 * applied?" is a comparison of positions: offsets say little, as transaction markers have some too.
 */
export class TopicEnds {
  readonly #byTopic = new Map<string, string[]>();
  readonly #dirty = new Set<string>();

  static fromCheckpoint(image: CheckpointImage): TopicEnds {
    const ends = new TopicEnds();
    for (const [key, value] of image) {
      if (key.startsWith(PREFIX)) ends.#byTopic.set(key.slice(PREFIX.length), JSON.parse(value) as string[]);
    }
    return ends;
  }

  published(topic: string, partition: number, position: string): void {
    let positions = this.#byTopic.get(topic);
    if (positions === undefined) this.#byTopic.set(topic, (positions = []));
    while (positions.length <= partition) positions.push('');
    positions[partition] = position;
    this.#dirty.add(topic);
  }

  /** A copy, for those who compare while publishing goes on. */
  snapshot(): ReadonlyMap<string, PartitionEnds> {
    return new Map([...this.#byTopic].map(([topic, positions]) => [topic, [...positions]]));
  }

  /** What changed since the last call, for the checkpoint. */
  drain(): CheckpointEntry[] {
    const entries = [...this.#dirty].map((topic) => endsEntry(topic, this.#byTopic.get(topic) ?? []));
    this.#dirty.clear();
    return entries;
  }
}
