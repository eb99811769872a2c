import { setTimeout as sleep } from 'node:timers/promises';
import type { SourceConfig } from '../../config.ts';
import { consumerGroup } from '../../consumers/pipeline-runner.ts';
import type { Pipeline } from '../../consumers/define-pipeline.ts';
import { connect } from '../../runtime/postgres.ts';
import { readLanes } from '../../sinks/positions.ts';
import { createKafka } from '../../topics/kafka.ts';
import { topicName } from '../../topics/names.ts';
import { endOffsets, withAdmin } from '../../topics/topic-admin.ts';
import type { Engine } from '../engine.ts';

const POLL_MS = 200;

/** topic → position of the last record in each partition */
export type PublishedEnds = ReadonlyMap<string, readonly string[]>;

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
  const topics = Object.values(pipeline.sources).map(({ table }) => topicName(source.prefix, table));
  const group = consumerGroup(source.prefix, pipeline);
  const kafka = createKafka(engine.config.kafka);
  const client = await connect(engine.targetOf(pipeline), 'backfill');
  try {
    await withAdmin(kafka, async (admin) => {
      for (;;) {
        signal.throwIfAborted();
        const lanes = new Map(
          (await readLanes(client, group)).map((lane) => [`${lane.topic}/${lane.partition}`, lane]),
        );
        const isApplied = topics.every((topic) =>
          (ends.get(topic) ?? []).every(
            (end, partition) => (lanes.get(`${topic}/${partition}`)?.position ?? '') >= end,
          ),
        );
        if (isApplied) return progress(0);
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
