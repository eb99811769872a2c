import { setTimeout as sleep } from 'node:timers/promises';
import { topicName } from '../src/topics/names.ts';
import type { BenchContext } from './bench-context.ts';
import { BenchChild } from './child-process.ts';
import type { ReaderOrder, ReaderReport, WriterOrder, WriterReport } from './latency-messages.ts';
import { CATALOG } from './tables.ts';

const TAIL_MS = 3_000;

/** Writer and reader of one run. */
export class LatencyProbe implements AsyncDisposable {
  readonly #writer: BenchChild<WriterOrder, WriterReport>;
  readonly #reader: BenchChild<ReaderOrder, ReaderReport>;
  readonly #context: BenchContext;

  private constructor(
    context: BenchContext,
    writer: BenchChild<WriterOrder, WriterReport>,
    reader: BenchChild<ReaderOrder, ReaderReport>,
  ) {
    this.#context = context;
    this.#writer = writer;
    this.#reader = reader;
  }

  /** Resolves when the reader holds its partitions and the writer writes. */
  static async start(context: BenchContext, prefix: string): Promise<LatencyProbe> {
    const { signal, services, options } = context;
    const reader = await BenchChild.start<ReaderOrder, ReaderReport>('latency-reader.ts');
    const writer = await BenchChild.start<WriterOrder, WriterReport>('latency-writer.ts');
    const probe = new LatencyProbe(context, writer, reader);
    try {
      await Promise.all([reader.report('booted', signal), writer.report('booted', signal)]);
      reader.send({ type: 'read', brokers: services.urls.kafkaBrokers, topic: topicName(prefix, CATALOG) });
      await reader.report('reading', signal);
      writer.send({ type: 'write', url: services.urls.sourceUrl, rows: options.rows, rate: options.rate });
      await writer.report('writing', signal);
      return probe;
    } catch (error) {
      await probe[Symbol.asyncDispose]();
      throw error;
    }
  }

  get pids(): number[] {
    return [this.#writer.pid, this.#reader.pid];
  }

  /** Of the rows that were written in the span, once they had time to arrive. */
  async latencies(fromMs: number, toMs: number): Promise<readonly number[]> {
    await sleep(TAIL_MS, undefined, { signal: this.#context.signal });
    this.#reader.send({ type: 'tell', span: { fromMs, toMs } });
    const { latenciesMs } = await this.#reader.next('latencies', this.#context.signal);
    return latenciesMs;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([this.#writer[Symbol.asyncDispose](), this.#reader[Symbol.asyncDispose]()]);
  }
}
