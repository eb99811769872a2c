import type { Engine } from '../src/cli/engine.ts';
import { scorePipeline } from '../src/cli/score/setup.ts';
import { type Config, parseConfig, resolveConfig } from '../src/config.ts';
import type { ConfigInput } from '../src/config-schema.ts';
import { runTogether } from '../src/runtime/shutdown.ts';
import type { BenchContext } from './bench-context.ts';

const POLL_MS = 100;

/** A source of its own, with a prefix that was not used before. */
export function scoreConfig(context: BenchContext, score: ConfigInput['score'] = {}): Config {
  const name = context.freshName('score');
  const parsed = parseConfig(
    {
      sources: [{ name, tables: ['public.leads', 'public.messages'] }],
      topics: { partitions: context.options.partitions },
      pipelines: ['score'],
      score,
    },
    'the benchmark',
    {},
  );
  return resolveConfig(parsed, {}, context.services.urls);
}

/** Capture and the pipeline in this process; returns when the first snapshot is published. `ended` settles after the signal. */
export async function startRoles(
  engine: Engine,
  signal: AbortSignal,
): Promise<{ readonly ended: Promise<void> }> {
  const [source] = engine.config.sources;
  if (source === undefined) throw new Error('the benchmark has no source');
  const ended = runTogether(signal, [
    (each) => engine.capture(source, each),
    (each) => engine.consume(scorePipeline(engine.config), each),
  ]);
  ended.catch(() => {});
  const live = engine.status.source(source.name);
  const isFinished = (): boolean =>
    live.connected &&
    live.refreshes.size > 0 &&
    [...live.refreshes.values()].every(({ finished }) => finished);
  while (!isFinished()) {
    await Promise.race([ended, new Promise((resolve) => setTimeout(resolve, POLL_MS))]);
    signal.throwIfAborted();
  }
  return { ended };
}
