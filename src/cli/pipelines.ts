import type { Config } from '../config.ts';
import type { Pipeline } from '../consumers/define-pipeline.ts';
import { classifyPipeline } from '../consumers/classify/pipeline.ts';
import { transformPipeline } from '../consumers/transform/pipeline.ts';
import { createDeliveredPipeline } from '../consumers/upsert/delivered-pipeline.ts';
import { createPostedPipeline } from '../consumers/upsert/posted-pipeline.ts';
import { createUpsertPipeline } from '../consumers/upsert/pipeline.ts';
import { readTaxonomy } from '../consumers/upsert/taxonomy-file.ts';
import { FreshetError } from '../runtime/errors.ts';
import { HttpSink } from '../sinks/http/http-sink.ts';
import { scorePipeline } from './score/setup.ts';
import { judgeAgainOptions } from './upsert/judge-again.ts';

/** Name → how the pipeline is made from the config. */
const BUILT_IN: Readonly<Record<string, (config: Config) => Pipeline>> = {
  upsert: upsertPipelineOf,
  'items-api': ({ upsert }) => createPostedPipeline(readTaxonomy(upsert.taxonomyFile)),
  classify: ({ classify }) => classifyPipeline(classify),
  transform: ({ transform }) => transformPipeline(transform),
  score: scorePipeline,
};

function upsertPipelineOf(config: Config): Pipeline {
  const { upsert, itemsTarget } = config;
  const taxonomy = readTaxonomy(upsert.taxonomyFile);
  const again = judgeAgainOptions(config);
  if (itemsTarget === null) return createUpsertPipeline(taxonomy, again);
  const { token, requestsPerMinute = Number.POSITIVE_INFINITY, ...options } = itemsTarget;
  const headers = (): Record<string, string> => (token === null ? {} : { authorization: `Bearer ${token}` });
  const sink = new HttpSink({ ...options, requestsPerMinute, headers });
  return createDeliveredPipeline(taxonomy, sink, again);
}

/** Made of nothing but the config: a thread that has it can make them again. */
const configured = new WeakSet<Pipeline>();

/** The configured pipelines: ours by name, the user's own as `definePipeline` made them. */
export function configuredPipelines(config: Config): Pipeline[] {
  const pipelines = config.pipelines.map((entry, index) => {
    if (typeof entry !== 'string') return asPipeline(entry, index);
    const create = Object.hasOwn(BUILT_IN, entry) ? BUILT_IN[entry] : undefined;
    if (create === undefined) throw unknownPipeline(`pipelines.${index}`, entry, Object.keys(BUILT_IN));
    return create(config);
  });
  const names = pipelines.map((pipeline) => pipeline.name);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined)
    throw new FreshetError('CONFIG_INVALID', `pipelines: "${twice}" is there twice`, {
      cure: 'Leave one of them out.',
    });
  for (const pipeline of pipelines) configured.add(pipeline);
  return pipelines;
}

/** Whether threads can share its work. One that delivers to an API keeps its rate limit and its circuit breaker in one place. */
export function isDivisible(pipeline: Pipeline): boolean {
  return configured.has(pipeline) && pipeline.watchDelivery === null;
}

export function pipelineNamed(pipelines: readonly Pipeline[], name: string): Pipeline {
  const pipeline = pipelines.find((each) => each.name === name);
  if (pipeline !== undefined) return pipeline;
  throw unknownPipeline(
    'consume',
    name,
    pipelines.map((each) => each.name),
  );
}

function asPipeline(entry: unknown, index: number): Pipeline {
  if (typeof entry === 'object' && entry !== null && 'transform' in entry && 'targets' in entry)
    return entry as Pipeline;
  throw new FreshetError(
    'CONFIG_INVALID',
    `pipelines.${index}: neither a name nor what definePipeline gives`,
  );
}

function unknownPipeline(field: string, name: string, known: readonly string[]): FreshetError {
  return new FreshetError('CONFIG_INVALID', `${field}: there is no pipeline "${name}"`, {
    cure: `Choose one of: ${known.join(', ')}.`,
  });
}

/** Whether its rows are items, which embeddings can be made of. */
export function writesItems({ name }: Pipeline): boolean {
  return name === 'upsert' || name === 'items-api';
}
