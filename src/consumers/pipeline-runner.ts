import { setTimeout as sleep } from 'node:timers/promises';
import type { Pool } from 'pg';
import { formatTable } from '../change/table.ts';
import { backoffMs } from '../runtime/backoff.ts';
import { runTogether } from '../runtime/shutdown.ts';
import { type PostgresConfig, connect, errorMessage } from '../runtime/postgres.ts';
import type { Tracing } from '../runtime/tracing.ts';
import { RowWriter } from '../sinks/row-writer.ts';
import { migrateTarget } from '../sinks/schema.ts';
import { judgeSinkError, sinkErrorCode } from '../sinks/sink-error.ts';
import { createTargetPool } from '../sinks/target-pool.ts';
import { createRecordDecoder } from '../topics/codec/record-decoder.ts';
import { waitForTopics } from '../topics/consumer-topics.ts';
import { TopicConsumer } from '../topics/consumer.ts';
import { type ControlPlace, sendControl } from '../topics/control-topic.ts';
import { DeadLetterProducer } from '../topics/dead-letter-producer.ts';
import type { KafkaConfig } from '../topics/kafka-config.ts';
import { type Kafka, createKafka } from '../topics/kafka.ts';
import { dlqTopic, topicName } from '../topics/names.ts';
import type { SchemaRegistryPort } from '../topics/registry.ts';
import { BatchTransaction } from './batch-transaction.ts';
import type { Pipeline } from './define-pipeline.ts';
import { JointTransactions } from './joint-transactions.ts';
import { LaneReport } from './lane-report.ts';
import type { ConsumerObserver } from './observer.ts';
import { OwedRefresher } from './owed-refresher.ts';
import { unlessPaused } from './pause-watch.ts';
import { PipelineLanes } from './pipeline-lanes.ts';
import { RecordReader } from './record-reader.ts';
import { CONSUMER_DEFAULTS, type ConsumerSettings } from './runtime-settings.ts';
import { TracedTransactions } from './traced-transactions.ts';

export interface PipelineRunnerOptions {
  readonly pipeline: Pipeline;
  readonly kafka: KafkaConfig;
  readonly registry: SchemaRegistryPort;
  readonly target: PostgresConfig;
  /** The topics' prefix. */
  readonly prefix: string;
  /** Where the rows of owed keys are asked for; without it, nobody asks. */
  readonly control?: ControlPlace;
  readonly settings?: Partial<ConsumerSettings>;
  readonly observer: ConsumerObserver;
  readonly tracing?: Tracing | undefined;
  /** A further member of the group in one process: it consumes, and leaves to the first what is done once a process. */
  readonly isFurther?: boolean;
  /** Rows that the group's members in this process have written. The runner adds its own. */
  readonly written?: WrittenRows;
}

interface WrittenRows {
  rows: number;
}

export interface PipelineRunner {
  /**
   * Consumes until the signal; what is being written is finished, what is not begun is left to the next
   * run. Waits for topics that do not exist yet, and for services that are away. Rejects with what cannot
   * be waited for: OFFSET_LOST, VERSION_NEWER, PREFLIGHT …
   */
  run(signal: AbortSignal): Promise<void>;
}

/** The consumer group of a pipeline; more processes with the same one share its partitions. */
export function consumerGroup(prefix: string, pipeline: Pick<Pipeline, 'name'>): string {
  return `${prefix}.${pipeline.name}`;
}

/** The topics that a pipeline reads, each with its table as "schema.table". */
export function tablesByTopic(prefix: string, { sources }: Pick<Pipeline, 'sources'>): Map<string, string> {
  const tables = Object.values(sources).map(({ table }) => table);
  return new Map(tables.map((table) => [topicName(prefix, table), formatTable(table)]));
}

export function topicsOf(prefix: string, pipeline: Pick<Pipeline, 'sources'>): string[] {
  return [...tablesByTopic(prefix, pipeline).keys()];
}

export function createPipelineRunner(options: PipelineRunnerOptions): PipelineRunner {
  return new Runner(options);
}

class Runner implements PipelineRunner {
  readonly #options: PipelineRunnerOptions;
  readonly #settings: ConsumerSettings;
  readonly #group: string;
  /** Topic → "schema.table". */
  readonly #tables: ReadonlyMap<string, string>;
  readonly #written: WrittenRows;

  constructor(options: PipelineRunnerOptions) {
    const { pipeline, prefix, settings, written = { rows: 0 } } = options;
    this.#options = options;
    this.#written = written;
    this.#settings = { ...CONSUMER_DEFAULTS, ...settings };
    this.#group = consumerGroup(prefix, pipeline);
    this.#tables = tablesByTopic(prefix, pipeline);
  }

  async run(signal: AbortSignal): Promise<void> {
    const { kafka: config, target, pipeline, prefix, observer, isFurther = false } = this.#options;
    const { replicationFactor, deadLetterRetentionMs } = this.#settings;
    const kafka = createKafka(config, (level, message) => {
      if (level !== 'info') observer.log(pipeline.name, level, message);
    });
    pipeline.watchDelivery?.({
      request: (status, seconds) => observer.delivered(pipeline.name, status, seconds),
      waits: (reason, seconds) => observer.deliveryWaits(pipeline.name, reason, seconds),
      circuit: (isOpen) => observer.deliveryCircuit(pipeline.name, isOpen),
    });
    // A pipeline's own statements may be any.
    const { apply, clear, finish, units } = pipeline;
    const pipelined = [apply, clear, finish, units].every((own) => own === null);
    const pool = createTargetPool(target, `consume ${pipeline.name}`, this.#settings, { pipelined });
    const letters = { replicationFactor, retentionMs: deadLetterRetentionMs };
    const producer = new DeadLetterProducer(kafka, dlqTopic(prefix, pipeline.name), letters);
    try {
      await this.#untilDone(signal, async () => {
        await this.#migrate();
        const tell = (message: string): void => observer.log(pipeline.name, 'info', message);
        await unlessPaused(pool, this.#group, signal, tell, (unpaused) =>
          runTogether(unpaused, [
            (stop) => this.#consume(kafka, pool, producer, stop),
            ...(isFurther
              ? []
              : [
                  (stop: AbortSignal) => this.#accompany(stop),
                  () => producer.prepare(),
                  (stop: AbortSignal) => this.#refreshOwed(kafka, pool, stop),
                ]),
          ]),
        );
      });
    } finally {
      await producer[Symbol.asyncDispose]();
      await pool.end();
    }
  }

  /** A service that is away is waited for; a run that lasted makes the waiting start short again. */
  async #untilDone(signal: AbortSignal, work: () => Promise<void>): Promise<void> {
    const { pipeline, observer } = this.#options;
    for (let attempt = 0; !signal.aborted; attempt++) {
      const startedAt = Date.now();
      try {
        return await work();
      } catch (error) {
        // The target can be lost anywhere: while it is migrated or prepared, and in a companion's own queries.
        const passes = judgeSinkError(error) === 'retry';
        if (signal.aborted && (isAbort(error) || passes)) return;
        if (!passes) throw error;
        if (Date.now() - startedAt > 60_000) attempt = 0;
        observer.retry(pipeline.name, sinkErrorCode(error));
        observer.log(pipeline.name, 'warn', `${errorMessage(error)}; trying again`);
        await sleep(backoffMs(attempt), undefined, { signal }).catch(() => {});
      }
    }
  }

  async #accompany(signal: AbortSignal): Promise<void> {
    const { pipeline, target, observer } = this.#options;
    const { name, companion } = pipeline;
    await companion?.(
      {
        target,
        writes: () => this.#written.rows,
        viewAge: (view, seconds) => observer.viewAge(name, view, seconds),
        unresolved: (kind, count) => observer.unresolved(name, kind, count),
        missing: (field, rows, of) => observer.missing(name, field, rows, of),
        log: (level, message) => observer.log(name, level, message),
      },
      signal,
    );
  }

  async #refreshOwed(kafka: Kafka, pool: Pool, signal: AbortSignal): Promise<void> {
    const { pipeline, observer, control } = this.#options;
    const { refreshOwedAfterMs: waitedMs } = this.#settings;
    if (control === undefined || waitedMs === 0 || pipeline.posted) return;
    await new OwedRefresher({
      pool,
      group: this.#group,
      pipeline,
      tables: this.#tables,
      waitedMs,
      send: (request) => sendControl(kafka, control, request),
      report: new LaneReport(pipeline, observer),
    }).run(signal);
  }

  async #migrate(): Promise<void> {
    {
      await using client = await connect(this.#options.target, 'migrate');
      await migrateTarget(client, [this.#options.pipeline]);
    }
    await this.#options.pipeline.prepare?.(this.#options.target);
  }

  async #consume(
    kafka: Kafka,
    pool: Pool,
    deadLetters: DeadLetterProducer,
    signal: AbortSignal,
  ): Promise<void> {
    const { pipeline, observer } = this.#options;
    const topics = [...this.#tables.keys()];
    const maker = pipeline.posted ? 'serve' : 'capture';
    await waitForTopics(kafka, topics, signal, (missing) =>
      observer.log(
        pipeline.name,
        'warn',
        `waiting for ${missing.join(', ')}, which freshet ${maker} makes: start it`,
      ),
    );
    const { maxBytesPerPartition, concurrency, sessionTimeoutMs } = this.#settings;
    const handler = this.#lanes(pool, deadLetters, signal);
    const group = this.#group;
    await new TopicConsumer({
      kafka: this.#options.kafka,
      group,
      topics,
      maxBytesPerPartition,
      concurrency,
      sessionTimeoutMs,
      handler,
    }).run(signal);
  }

  #lanes(pool: Pool, deadLetters: DeadLetterProducer, signal: AbortSignal): PipelineLanes {
    const { pipeline, registry, observer, tracing } = this.#options;
    const report = new LaneReport(pipeline, observer, (rows) => (this.#written.rows += rows));
    const sources = new Map(Object.values(pipeline.sources).map((each) => [formatTable(each.table), each]));
    const columns = new Map([...sources].map(([table, { row }]) => [table, new Set(Object.keys(row.shape))]));
    const decoder = createRecordDecoder(registry, {
      columns: (table) => columns.get(formatTable(table)) ?? null,
      types: (table) => sources.get(formatTable(table))?.types ?? {},
    });
    const transaction = new BatchTransaction(pool, pipeline, new RowWriter());
    const applier = pipeline.finish === null ? transaction : new JointTransactions(transaction);
    const { letterContent } = this.#settings;
    return new PipelineLanes({
      group: this.#group,
      pool,
      reader: new RecordReader(decoder, pipeline),
      services: {
        transaction: tracing === undefined ? applier : new TracedTransactions(applier, tracing),
        deadLetters,
        report,
        letterContent,
        signal,
      },
      settings: this.#settings,
      tables: this.#tables,
    });
  }
}

function isAbort(error: unknown): boolean {
  return error instanceof Error && error.name === 'AbortError';
}
