import { setTimeout as sleep } from 'node:timers/promises';
import type { SourceConfig } from '../../config.ts';
import { consumerGroup, topicsOf } from '../../consumers/pipeline-runner.ts';
import type { Pipeline } from '../../consumers/define-pipeline.ts';
import { connect } from '../../runtime/postgres.ts';
import { LogEnds } from '../../topics/log-ends.ts';
import type { Engine } from '../engine.ts';
import { GroupProgress, type PublishedEnds } from '../group-progress.ts';

/** Its end is waited for; how far it is, is only told. */
const POLL_MS = 40;
const PROGRESS_MS = 500;

/** Whether the pipeline's group has applied everything up to `ends`. */
export async function isApplied(
  engine: Engine,
  source: SourceConfig,
  pipeline: Pipeline,
  ends: PublishedEnds,
): Promise<boolean> {
  await using client = await connect(engine.targetOf(pipeline), 'backfill');
  const progress = await GroupProgress.read(client, consumerGroup(source.prefix, pipeline));
  return progress.reaches(topicsOf(source.prefix, pipeline), ends);
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
  const topics = topicsOf(source.prefix, pipeline);
  const group = consumerGroup(source.prefix, pipeline);
  using logs = new LogEnds(engine.config.kafka);
  await using client = await connect(engine.targetOf(pipeline), 'backfill');
  for (let toldAt = Number.NEGATIVE_INFINITY; ;) {
    signal.throwIfAborted();
    const applied = await GroupProgress.read(client, group);
    if (applied.reaches(topics, ends)) return progress(0);
    if (performance.now() - toldAt >= PROGRESS_MS) {
      // A broker that is away for a moment is no reason to stop waiting.
      const written = await logs.read(topics).catch(() => null);
      if (written !== null) progress(recordsLeft(written, applied));
      toldAt = performance.now();
    }
    await sleep(POLL_MS, undefined, { signal }).catch(() => {});
  }
}

function recordsLeft(written: ReadonlyMap<string, readonly bigint[]>, applied: GroupProgress): number {
  const behind = [...written].flatMap(([topic, offsets]) =>
    offsets.map((offset, partition) => Math.max(0, Number(offset - applied.nextOffset(topic, partition)))),
  );
  return behind.reduce((sum, each) => sum + each, 0);
}
