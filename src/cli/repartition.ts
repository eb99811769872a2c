import { setTimeout as sleep } from 'node:timers/promises';
import type { RepartitionRequest } from '../capture/repartition.ts';
import type { SourceConfig } from '../config.ts';
import { FreshetError } from '../runtime/errors.ts';
import { connect, type PostgresConfig, sqlState } from '../runtime/postgres.ts';
import { dropDebts, readDebts } from '../sinks/owed-keys.ts';
import { type Lane, type Progress, readTopicLanes } from '../sinks/positions.ts';
import { type ForeignGroup, foreignGroups, growTopic } from '../topics/grow-topic.ts';
import { topicBounds } from '../topics/group-offsets.ts';
import { createKafka } from '../topics/kafka.ts';
import { withAdmin } from '../topics/topic-admin.ts';
import { CaptureLink } from './backfill/capture-link.ts';
import type { Engine } from './engine.ts';
import { configuredPipelines } from './pipelines.ts';

const UNDEFINED_TABLE = '42P01';
const POLL_MS = 250;

/** A group that has read the topic into one of the targets. */
interface TopicReader {
  readonly group: string;
  readonly target: PostgresConfig;
  readonly lanes: readonly (Lane & Progress)[];
  /** Everything that is published in the topic is applied. */
  readonly isDone: boolean;
}

export interface TopicReaders {
  readonly own: readonly TopicReader[];
  /** Of which nobody here knows how far they must come. */
  readonly foreign: readonly ForeignGroup[];
}

/** Every group that reads the topic, and whether it has applied all up to `ends`. */
export async function topicReaders(
  engine: Engine,
  topic: string,
  ends: readonly string[],
): Promise<TopicReaders> {
  const own = await ownReaders(engine, topic, ends);
  const names = new Set(own.map(({ group }) => group));
  const kafka = createKafka(engine.config.kafka);
  return { own, foreign: await withAdmin(kafka, (admin) => foreignGroups(admin, topic, names)) };
}

/**
 * Gives the topic its partitions once every group of the targets has applied what is in it. Keys that were owed
 * come whole with the refresh. Throws SLOT_BUSY while a capture runs, PREFLIGHT with the groups that are behind
 * after `timeoutMs`.
 */
export async function repartitionTopic(
  engine: Engine,
  source: SourceConfig,
  request: RepartitionRequest,
  { timeoutMs, signal }: { readonly timeoutMs: number; readonly signal: AbortSignal },
): Promise<void> {
  const { topic, partitions } = request;
  using link = await CaptureLink.open(engine.config, source);
  if (await link.isAlive())
    throw new FreshetError('SLOT_BUSY', `a capture of source ${source.name} runs`, {
      cure: 'Stop it first; its slot keeps what changes meanwhile.',
    });
  const deadline = Date.now() + timeoutMs;
  await engine.repartition(source, request, async (ends) => {
    let readers = await ownReaders(engine, topic, ends);
    while (readers.some(({ isDone }) => !isDone)) {
      signal.throwIfAborted();
      if (Date.now() >= deadline) throw behind(topic, readers);
      await sleep(POLL_MS);
      readers = await ownReaders(engine, topic, ends);
    }
    const kafka = createKafka(engine.config.kafka);
    const kept = await readUpTo(engine, topic, readers);
    await withAdmin(kafka, (admin) => growTopic(admin, topic, partitions, kept));
    for (const reader of readers) await forgetDebts(reader, topic);
  });
}

async function ownReaders(engine: Engine, topic: string, ends: readonly string[]): Promise<TopicReader[]> {
  const pipelines = configuredPipelines(engine.config);
  const targets = new Set([engine.config.target, ...pipelines.map((pipeline) => engine.targetOf(pipeline))]);
  const readers = new Map<string, TopicReader>();
  for (const target of targets) {
    for (const [group, lanes] of Map.groupBy(await lanesIn(target, topic), (lane) => lane.group)) {
      const isDone = ends.every(
        (end, partition) => (lanes.find((lane) => lane.partition === partition)?.position ?? '') >= end,
      );
      readers.set(group, { group, target, lanes, isDone });
    }
  }
  return [...readers.values()];
}

async function lanesIn(target: PostgresConfig, topic: string): Promise<(Lane & Progress)[]> {
  await using client = await connect(target, 'topics');
  try {
    return await readTopicLanes(client, topic);
  } catch (error) {
    if (sqlState(error) === UNDEFINED_TABLE) return [];
    throw error;
  }
}

/** Behind every record, and not behind any group's next offset: markers may follow. */
async function readUpTo(
  engine: Engine,
  topic: string,
  readers: readonly TopicReader[],
): Promise<Map<number, bigint>> {
  const bounds = await topicBounds(createKafka(engine.config.kafka), [topic]);
  const lanes = readers.flatMap((reader) => reader.lanes);
  return new Map(
    bounds.map(({ partition, high }) => {
      const next = lanes.filter((lane) => lane.partition === partition).map(({ nextOffset }) => nextOffset);
      return [partition, next.reduce((least, each) => (each < least ? each : least), high)];
    }),
  );
}

async function forgetDebts({ group, target }: TopicReader, topic: string): Promise<void> {
  await using client = await connect(target, 'topics');
  const debts = await readDebts(client, group);
  await dropDebts(
    client,
    group,
    debts.filter((debt) => debt.topic === topic),
  );
}

function behind(topic: string, readers: readonly TopicReader[]): FreshetError {
  const groups = readers.filter(({ isDone }) => !isDone).map(({ group }) => group);
  return new FreshetError('PREFLIGHT', `${groups.join(', ')} has not applied all of ${topic}`, {
    cure: 'Let freshet consume run until it has, and ask again, with --timeout to wait for it.',
  });
}
