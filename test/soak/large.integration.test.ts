import { type ChildProcess, fork } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { from as copyFrom } from 'pg-copy-streams';
import { describe, expect, it } from 'vitest';
import type { CaptureConfig } from '../../src/capture/capture-config.ts';
import { configSchema } from '../../src/config-schema.ts';
import { createRecordDecoder } from '../../src/topics/codec/record-decoder.ts';
import { createKafka } from '../../src/topics/kafka.ts';
import { createRegistry } from '../../src/topics/registry.ts';
import { captureContext, until } from '../support/capture.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { services } from '../support/services.ts';
import type { CaptureTask } from '../support/quiet-capture.ts';
import type { ChildReport } from './child.ts';

const isSoak = process.env['SOAK'] === '1';
const ROWS = Number(process.env['SOAK_ROWS'] ?? (isSoak ? 1_000_000 : 50_000));
const TIMEOUT_MS = 60_000 + ROWS * 2;
const MOST_MEBIBYTES = 512;
const CHILD = fileURLToPath(new URL('child.ts', import.meta.url));

/** A capture in a process of its own, with the product's defaults. */
class Capture {
  readonly #process: ChildProcess;
  report: ChildReport = { records: 0, refreshed: false };
  /** Mebibytes, at its highest. */
  peak = 0;
  readonly #sampling: NodeJS.Timeout;

  constructor(config: CaptureConfig) {
    const { kafkaBrokers, registryUrl } = services();
    const task: CaptureTask = { config, brokers: kafkaBrokers, registryUrl };
    const execArgv = ['--disable-warning=TimeoutNegativeWarning', '--max-semi-space-size=8'];
    this.#process = fork(CHILD, [JSON.stringify(task)], { execArgv });
    this.#process.on('message', (report) => (this.report = report as ChildReport));
    this.#sampling = setInterval(() => this.#sample(), 100);
  }

  async kill(): Promise<void> {
    this.#sample();
    clearInterval(this.#sampling);
    const ended = once(this.#process, 'exit');
    this.#process.kill('SIGKILL');
    await ended;
  }

  /** VmHWM is the highest RSS so far. */
  #sample(): void {
    const status = readFileSync(`/proc/${this.#process.pid}/status`, 'utf8');
    this.peak = Math.max(this.peak, Number(/VmHWM:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024);
  }
}

/** Kills a capture when it is half through, and lets a second one finish. */
async function killedHalfWay(
  config: CaptureConfig,
  start: () => Promise<unknown>,
  isThrough: (first: ChildReport, second: ChildReport) => boolean,
): Promise<{ seconds: number; peaks: number[]; atKill: number }> {
  const startedAt = performance.now();
  const first = new Capture(config);
  await start();
  await until('a half is published', () => first.report.records >= ROWS / 2, TIMEOUT_MS);
  await first.kill();
  const second = new Capture(config);
  await until('everything is published', () => isThrough(first.report, second.report), TIMEOUT_MS);
  await second.kill();
  const seconds = (performance.now() - startedAt) / 1000;
  return { seconds, peaks: [first.peak, second.peak], atKill: first.report.records };
}

async function copyRows({ pool }: TestDatabase): Promise<void> {
  const client = await pool.connect();
  const lines = function* (): Generator<string> {
    for (let id = ROWS + 1; id <= 2 * ROWS; id++) yield `${id}\t0\tcopied ${id}\n`;
  };
  await pipeline(Readable.from(lines()), client.query(copyFrom('COPY items FROM STDIN')));
  client.release();
}

/** How often each key came with each operation, in one pass of a read_committed consumer. */
async function count(topic: string, end: () => Promise<number>): Promise<Map<string, Uint8Array>> {
  const { kafkaBrokers, registryUrl } = services();
  const kafka = createKafka({ brokers: kafkaBrokers, clientId: 'soak-reader' });
  const decoder = createRecordDecoder(createRegistry({ url: registryUrl }));
  const counts = new Map(['r', 'u', 'c', 'd'].map((op) => [op, new Uint8Array(2 * ROWS + 1)]));
  const consumer = kafka.consumer({ groupId: `soak-${randomUUID()}`, readUncommitted: false });
  await consumer.connect();
  await consumer.subscribe({ topic, fromBeginning: true });
  const wanted = await end();
  let seen = 0;
  await consumer.run({
    autoCommit: false,
    eachBatch: async (payload) => {
      const { batch } = payload;
      const records = batch.messages.map((message) => ({
        ...message,
        headers: message.headers as Record<string, Buffer | undefined>,
        topic,
        partition: batch.partition,
      }));
      await decoder.prepare(records);
      for (const record of records) {
        const change = decoder.decode(record);
        if (change === null || change.op === 'sweep' || change.op === 't') continue;
        const times = counts.get(change.op);
        if (times !== undefined) times[Number(change.key['id'])] = (times[Number(change.key['id'])] ?? 0) + 1;
        seen += 1;
      }
      await payload.heartbeat();
    },
  });
  await until('the topic is read', () => seen >= wanted, TIMEOUT_MS);
  await consumer.disconnect();
  return counts;
}

function spread(times: Uint8Array | undefined, from: number, to: number): Record<string, number> {
  const found: Record<string, number> = {};
  for (const each of times?.subarray(from, to + 1) ?? []) found[each] = (found[each] ?? 0) + 1;
  return found;
}

describe(`${ROWS} rows at once, with a capture that is killed half way`, () => {
  it('stay in bounded memory, and none is lost or comes twice', { timeout: 6 * TIMEOUT_MS }, async () => {
    await using database = await createDatabase();
    await database.pool.query('CREATE TABLE items (id int PRIMARY KEY, n int, name text)');
    await database.pool.query(
      `INSERT INTO items SELECT i, 0, 'item ' || i FROM generate_series(1, ${ROWS}) i`,
    );
    const { topics, snapshot, stream } = configSchema.parse({});
    const { config } = captureContext(database, ['items'], {
      snapshot,
      stream,
      topics: { ...topics, replicationFactor: 1, retentionMs: 3_600_000 },
    });
    const figures: Record<string, object> = {};

    figures['refresh'] = await killedHalfWay(
      config,
      async () => {},
      (_, second) => second.refreshed,
    );
    figures['one UPDATE'] = await killedHalfWay(
      config,
      () => database.pool.query('UPDATE items SET n = 1'),
      (first, second) => first.records + second.records >= ROWS,
    );
    figures['one COPY'] = await killedHalfWay(
      config,
      () => copyRows(database),
      (first, second) => first.records + second.records >= ROWS,
    );

    const counts = await count(`${config.prefix}.public.items`, async () => 3 * ROWS);
    const twice = spread(counts.get('r'), 1, ROWS);
    process.stdout.write(`${JSON.stringify({ rows: ROWS, ...figures, rowsReadTwice: twice['2'] ?? 0 })}\n`);
    expect(spread(counts.get('u'), 1, ROWS)).toEqual({ 1: ROWS });
    expect(spread(counts.get('c'), ROWS + 1, 2 * ROWS)).toEqual({ 1: ROWS });
    expect(twice['0'] ?? 0).toBe(0);
    // Chunks that were in flight at the kill are read once more.
    expect(twice['2'] ?? 0).toBeLessThanOrEqual(snapshot.chunksInFlight * snapshot.chunkRows);
    const peaks = Object.values(figures).flatMap((each) => (each as { peaks: number[] }).peaks);
    expect(Math.max(...peaks)).toBeLessThan(MOST_MEBIBYTES);
  });
});
