import { CAPTURE_GROUP } from '../../capture/own-topics.ts';
import { formatTable } from '../../change/table.ts';
import { parseDeadLetter } from '../../consumers/dead-letters.ts';
import type { Pipeline } from '../../consumers/define-pipeline.ts';
import { captureFailure } from '../../consumers/failure-list.ts';
import { consumerGroup } from '../../consumers/pipeline-runner.ts';
import type { FreshnessReport } from '../../metrics/freshness-report.ts';
import type { LetterGroup } from '../../metrics/page/page-events.ts';
import { connect } from '../../runtime/postgres.ts';
import { groupDebts } from '../../sinks/owed-keys.ts';
import { type StoredLetter, readDeadLetters } from '../../topics/dead-letter-reader.ts';
import { dlqTopic, topicName } from '../../topics/names.ts';
import type { Engine } from '../engine.ts';

/** Of a pipeline; the rest is in `freshet dlq list`. */
const MOST_GROUPS = 20;
/** Letters that one look reads; the next one goes on behind them. */
const MOST_LETTERS = 20_000;

/** What is open and why, for the status page. Asks only when the report's counts have changed. */
export class LetterGroups {
  readonly #engine: Engine;
  readonly #pipelines: readonly Pipeline[];
  readonly #readers = new Map<string, LetterReader>();
  #counts = '';
  #groups: readonly LetterGroup[] = [];

  constructor(engine: Engine, pipelines: readonly Pipeline[]) {
    this.#engine = engine;
    this.#pipelines = pipelines;
  }

  /** Throws CONNECTION. */
  async read({ sources, pipelines, startedAt }: FreshnessReport): Promise<readonly LetterGroup[]> {
    const counts = JSON.stringify([
      sources.map(({ rejected }) => rejected),
      pipelines.map(({ deadLetters }) => deadLetters),
    ]);
    if (counts === this.#counts) return this.#groups;
    const groups: LetterGroup[] = [];
    for (const pipeline of this.#pipelines) {
      const owed = pipelines.find(({ name }) => name === pipeline.name)?.deadLetters ?? {};
      if (Object.keys(owed).length > 0) groups.push(...(await this.#ofPipeline(pipeline)));
    }
    if (sources.some(({ rejected }) => Object.keys(rejected ?? {}).length > 0))
      groups.push(...(await this.#ofCapture(Date.parse(startedAt))));
    this.#groups = groups;
    this.#counts = counts;
    return groups;
  }

  async #ofPipeline(pipeline: Pipeline): Promise<LetterGroup[]> {
    const { prefix } = this.#engine.sourceOf(pipeline);
    const tables = new Map(
      Object.values(pipeline.sources).map(({ table }) => [topicName(prefix, table), formatTable(table)]),
    );
    const client = await connect(this.#engine.targetOf(pipeline), 'status');
    try {
      const owed = await groupDebts(client, consumerGroup(prefix, pipeline), MOST_GROUPS);
      const letters = this.#reader(dlqTopic(prefix, pipeline.name));
      await letters.advance();
      return owed.map(({ topic, code, keys, oldest }) => {
        const table = tables.get(topic) ?? topic;
        return {
          pipeline: pipeline.name,
          table,
          code,
          letters: keys,
          cause: this.#shownCause(letters.causes.get(`${topic} ${code}`) ?? null),
          since: oldest.toISOString(),
          command: `freshet dlq retry --pipeline ${pipeline.name} --table ${table} --code ${code}`,
        };
      });
    } finally {
      await client.end();
    }
  }

  /** What could not be published since the process began: nobody settles those by themselves. */
  async #ofCapture(sinceMs: number): Promise<LetterGroup[]> {
    const groups = new Map<string, LetterGroup>();
    for (const prefix of new Set(this.#engine.config.sources.map((source) => source.prefix))) {
      for await (const stored of readDeadLetters(
        this.#engine.config.kafka,
        dlqTopic(prefix, CAPTURE_GROUP),
      )) {
        if (stored.writtenAtMs < sinceMs) continue;
        for (const { table, code, cause, at } of captureFailure(CAPTURE_GROUP, stored)) {
          const before = groups.get(`${table} ${code}`);
          groups.set(`${table} ${code}`, {
            pipeline: CAPTURE_GROUP,
            table,
            code,
            letters: (before?.letters ?? 0) + 1,
            cause: this.#shownCause(cause),
            since: before?.since ?? at.toISOString(),
            command: `freshet refresh ${table}`,
          });
        }
      }
    }
    return [...groups.values()].slice(0, MOST_GROUPS);
  }

  #reader(topic: string): LetterReader {
    let reader = this.#readers.get(topic);
    if (reader === undefined)
      this.#readers.set(
        topic,
        (reader = new LetterReader((from) => readDeadLetters(this.#engine.config.kafka, topic, from))),
      );
    return reader;
  }

  /** A cause can quote the value that it is about. */
  #shownCause(cause: string | null): string | null {
    return cause === null || this.#engine.config.personalColumns.length === 0 ? cause : withoutValues(cause);
  }
}

/** The newest cause of each topic and code. Reads a topic once, piece by piece. */
class LetterReader {
  readonly #read: (from: bigint) => AsyncIterable<StoredLetter>;
  /** "<topic> <code>" → cause */
  readonly causes = new Map<string, string>();
  #from = 0n;

  constructor(read: (from: bigint) => AsyncIterable<StoredLetter>) {
    this.#read = read;
  }

  async advance(): Promise<void> {
    let count = 0;
    for await (const { offset, value } of this.#read(this.#from)) {
      const letter = parseDeadLetter(value);
      if (letter !== null) this.causes.set(`${letter.topic} ${letter.code}`, letter.cause);
      this.#from = offset + 1n;
      if (++count >= MOST_LETTERS) return;
    }
  }
}

/** `invalid input syntax for type integer: "abc"` and `Key (email)=(a@b.c)` lose what is in the quotes. */
export function withoutValues(cause: string): string {
  return cause.replace(/: ".*"/gs, ': "•••"').replace(/=\(.*?\)/gs, '=(•••)');
}
