import type { Pipeline } from '../consumers/define-pipeline.ts';
import { consumerGroup, tablesByTopic } from '../consumers/pipeline-runner.ts';
import { FreshetError } from '../runtime/errors.ts';
import { connect } from '../runtime/postgres.ts';
import { type Lane, moveLane, readLanes } from '../sinks/positions.ts';
import { copyGroupOffsets, offsetsAtTime, topicBounds } from '../topics/group-offsets.ts';
import { createKafka } from '../topics/kafka.ts';
import { hasMembers, withAdmin } from '../topics/topic-admin.ts';
import type { Engine } from './engine.ts';

/** A partition of a pipeline: what is read next, and what the broker has. */
export interface LaneOffsets {
  readonly lane: Lane;
  /** "schema.table". */
  readonly table: string;
  readonly next: bigint;
  readonly low: bigint;
  readonly high: bigint;
}

export interface LaneMove extends LaneOffsets {
  readonly to: bigint;
}

export type ResetPoint =
  | { readonly kind: 'earliest' | 'latest' }
  | { readonly kind: 'offset'; readonly offset: bigint }
  | { readonly kind: 'time'; readonly timeMs: number };

const USAGE = 'Give earliest, latest, an offset, or a time like 2026-01-31T12:00:00Z.';

/** Throws USAGE. */
export function parseResetPoint(text: string): ResetPoint {
  if (text === 'earliest' || text === 'latest') return { kind: text };
  if (/^\d+$/.test(text)) return { kind: 'offset', offset: BigInt(text) };
  const timeMs = Date.parse(text);
  if (/^\d{4}-\d\d-\d\d/.test(text) && !Number.isNaN(timeMs)) return { kind: 'time', timeMs };
  throw new FreshetError('USAGE', `--to: "${text}" is no offset and no time`, { cure: USAGE });
}

/** The pipeline's partitions that have been read from. */
export async function laneOffsets(engine: Engine, pipeline: Pipeline): Promise<LaneOffsets[]> {
  const { prefix } = engine.sourceOf(pipeline);
  const tables = tablesByTopic(prefix, pipeline);
  const bounds = await topicBounds(createKafka(engine.config.kafka), [...tables.keys()]);
  await using client = await connect(engine.targetOf(pipeline), 'offsets');
  const lanes = await readLanes(client, consumerGroup(prefix, pipeline));
  const sorted = lanes.toSorted((a, b) => a.topic.localeCompare(b.topic) || a.partition - b.partition);
  return sorted.flatMap(({ group, topic, partition, nextOffset }) => {
    const found = bounds.find((each) => each.topic === topic && each.partition === partition);
    const lane = { group, topic, partition };
    const table = tables.get(topic) ?? topic;
    return found === undefined ? [] : [{ lane, table, next: nextOffset, low: found.low, high: found.high }];
  });
}

/** Where a reset would put each lane. An offset that the broker does not have throws USAGE. */
export async function planReset(
  engine: Engine,
  lanes: readonly LaneOffsets[],
  point: ResetPoint,
): Promise<LaneMove[]> {
  const times = new Map<string, Map<number, bigint>>();
  if (point.kind === 'time') {
    const kafka = createKafka(engine.config.kafka);
    for (const topic of new Set(lanes.map(({ lane }) => lane.topic)))
      times.set(topic, await offsetsAtTime(kafka, topic, point.timeMs));
  }
  return lanes.map((each) => {
    const to = target(each, point, times.get(each.lane.topic)?.get(each.lane.partition));
    if (to >= each.low && to <= each.high) return { ...each, to };
    throw new FreshetError(
      'USAGE',
      `--to: ${each.table}, partition ${each.lane.partition} has offsets ${each.low} to ${each.high}, not ${to}`,
      { cure: USAGE },
    );
  });
}

/** Moves the target's own offsets and the group's. Throws USAGE while somebody consumes: the lanes would go on where they are. */
export async function applyReset(
  engine: Engine,
  pipeline: Pipeline,
  moves: readonly LaneMove[],
): Promise<void> {
  const kafka = createKafka(engine.config.kafka);
  const group = consumerGroup(engine.sourceOf(pipeline).prefix, pipeline);
  if (await withAdmin(kafka, (admin) => hasMembers(admin, group)))
    throw new FreshetError('USAGE', `pipeline "${pipeline.name}" is running`, {
      cure: `Pause it first: freshet pipelines pause ${pipeline.name}. A killed process counts for some seconds.`,
    });
  await using client = await connect(engine.targetOf(pipeline), 'offsets');
  for (const { lane, to } of moves) await moveLane(client, lane, to);
  const copies = moves.map(({ lane: { topic, partition }, to }) => ({ topic, partition, offset: to }));
  await copyGroupOffsets(engine.config.kafka, group, copies);
}

function target({ low, high }: LaneOffsets, point: ResetPoint, atTime: bigint | undefined): bigint {
  switch (point.kind) {
    case 'earliest':
      return low;
    case 'latest':
      return high;
    case 'offset':
      return point.offset;
    case 'time':
      return atTime === undefined || atTime < low ? high : atTime;
  }
}
