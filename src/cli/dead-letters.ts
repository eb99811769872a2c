import { CAPTURE_GROUP } from '../capture/own-topics.ts';
import type { SourceConfig } from '../config.ts';
import type { Pipeline } from '../consumers/define-pipeline.ts';
import {
  type Failure,
  FailureList,
  type FailureFilter,
  captureFailure,
  isChosen,
} from '../consumers/failure-list.ts';
import { consumerGroup, tablesByTopic } from '../consumers/pipeline-runner.ts';
import { connect } from '../runtime/postgres.ts';
import { type Debt, readDebts } from '../sinks/owed-keys.ts';
import { readDeadLetters } from '../topics/dead-letter-reader.ts';
import { dlqTopic } from '../topics/names.ts';
import type { Engine } from './engine.ts';

/** What a pipeline owes, as its target has it. */
export interface PipelineDebts {
  readonly pipeline: Pipeline;
  readonly source: SourceConfig;
  readonly group: string;
  readonly debts: readonly Debt[];
  readonly tableOf: (topic: string) => string;
}

export async function debtsOf(engine: Engine, pipeline: Pipeline): Promise<PipelineDebts> {
  const source = engine.sourceOf(pipeline);
  const group = consumerGroup(source.prefix, pipeline);
  const tables = tablesByTopic(source.prefix, pipeline);
  await using client = await connect(engine.targetOf(pipeline), 'dlq');
  const debts = await readDebts(client, group);
  return { pipeline, source, group, debts, tableOf: (topic) => tables.get(topic) ?? topic };
}

/** Every failure of the chosen pipelines that the filter lets through, the oldest first. */
export async function findFailures(
  engine: Engine,
  pipelines: readonly Pipeline[],
  filter: FailureFilter,
): Promise<Failure[]> {
  const failures: Failure[] = [];
  for (const pipeline of pipelines) {
    if (filter.pipeline !== undefined && filter.pipeline !== pipeline.name) continue;
    failures.push(...(await ofPipeline(engine, pipeline)));
  }
  if (filter.pipeline === undefined || filter.pipeline === CAPTURE_GROUP) {
    const prefixes = new Set(engine.config.sources.map(({ prefix }) => prefix));
    for (const prefix of prefixes) failures.push(...(await ofCapture(engine, prefix)));
  }
  return failures
    .filter((failure) => isChosen(failure, failure.table, filter))
    .toSorted((a, b) => a.at.getTime() - b.at.getTime());
}

async function ofPipeline(engine: Engine, pipeline: Pipeline): Promise<Failure[]> {
  const { source, debts, tableOf } = await debtsOf(engine, pipeline);
  const list = new FailureList(pipeline.name, tableOf, debts);
  const topic = dlqTopic(source.prefix, pipeline.name);
  for await (const stored of readDeadLetters(engine.config.kafka, topic)) list.add(stored);
  return list.all();
}

async function ofCapture(engine: Engine, prefix: string): Promise<Failure[]> {
  const failures: Failure[] = [];
  for await (const stored of readDeadLetters(engine.config.kafka, dlqTopic(prefix, CAPTURE_GROUP)))
    failures.push(...captureFailure(CAPTURE_GROUP, stored));
  return failures;
}
