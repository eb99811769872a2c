import { setTimeout as sleep } from 'node:timers/promises';
import type { ClientBase } from 'pg';
import type { SourceConfig } from '../../config.ts';
import { consumerGroup } from '../../consumers/pipeline-runner.ts';
import type { Pipeline } from '../../consumers/define-pipeline.ts';
import { connect } from '../../runtime/postgres.ts';
import { type Progress, readLanes } from '../../sinks/positions.ts';
import { createKafka } from '../../topics/kafka.ts';
import { topicName } from '../../topics/names.ts';
import { endOffsets, withAdmin } from '../../topics/topic-admin.ts';
import type { Engine } from '../engine.ts';

const POLL_MS = 200;

/** topic → position of the last record in each partition */
export type PublishedEnds = ReadonlyMap<string, readonly string[]>;

/** Whether the pipeline's group has applied everything up to `ends`. */
export async function isApplied(
  engine: Engine,
  source: SourceConfig,
  pipeline: Pipeline,
  ends: PublishedEnds,
): Promise<boolean> {
  const client = await connect(engine.targetOf(pipeline), 'backfill');
  try {
    return reaches(
      await lanesOf(client, consumerGroup(source.prefix, pipeline)),
      topicsOf(source, pipeline),
      ends,
    );
  } finally {
    await client.end();
  }
}

/**
 * Returns when the pipeline's group has applied everything up to `ends`, whoever runs it. `progress` hears
 * how many records are still to be applied.
 */
export async function awaitApplied(
  engine: Engine,
  source: SourceConfig,
  pipeline: Pipeline,
  ends: PublishedEnds,
  { signal, progress }: { readonly signal: AbortSignal; readonly progress: (left: number) => void },
): Promise<void> {
  const topics = topicsOf(source, pipeline);
  const group = consumerGroup(source.prefix, pipeline);
  const kafka = createKafka(engine.config.kafka);
  const client = await connect(engine.targetOf(pipeline), 'backfill');
  try {
    await withAdmin(kafka, async (admin) => {
      for (;;) {
        signal.throwIfAborted();
        const lanes = await lanesOf(client, group);
        if (reaches(lanes, topics, ends)) return progress(0);
        const behind = (await endOffsets(admin, topics)).map(({ topic, partition, offset }) =>
          Math.max(0, Number(offset - (lanes.get(`${topic}/${partition}`)?.nextOffset ?? 0n))),
        );
        progress(behind.reduce((sum, each) => sum + each, 0));
        await sleep(POLL_MS, undefined, { signal }).catch(() => {});
      }
    });
  } finally {
    await client.end();
  }
}

type Lanes = ReadonlyMap<string, Progress>;

function topicsOf(source: SourceConfig, pipeline: Pipeline): string[] {
  return Object.values(pipeline.sources).map(({ table }) => topicName(source.prefix, table));
}

async function lanesOf(client: ClientBase, group: string): Promise<Lanes> {
  const lanes = await readLanes(client, group);
  return new Map(lanes.map((lane) => [`${lane.topic}/${lane.partition}`, lane]));
}

function reaches(lanes: Lanes, topics: readonly string[], ends: PublishedEnds): boolean {
  return topics.every((topic) =>
    (ends.get(topic) ?? []).every(
      (end, partition) => (lanes.get(`${topic}/${partition}`)?.position ?? '') >= end,
    ),
  );
}
