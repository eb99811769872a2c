import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { to as copyTo } from 'pg-copy-streams';
import { toLsn } from '../src/change/lsn.ts';
import { ReplicationStream } from '../src/source/replication-stream.ts';
import { ensureChangeTopics, withAdmin } from '../src/topics/topic-admin.ts';
import type { BenchContext } from './bench-context.ts';
import { fetchKafka } from './connect-artefacts.ts';
import { type Contender, type ContenderResult, type Figures, throughputFigures } from './figures.ts';
import { UsageMeter } from './process-usage.ts';
import { currentLsn, hasTool, prepareSlot, receive } from './stream.ts';
import { CATALOG, fillCatalog, writeLargeTransaction } from './tables.ts';

const run = promisify(execFile);
/** What Freshet publishes for a catalogue row, key, value and headers. */
const RECORD_BYTES = 700;
const QUEUE_BYTES = 16 << 20;

/** What the parts can do alone: reading, decoding, and writing to the broker. */
export async function benchLimits(context: BenchContext): Promise<ContenderResult[]> {
  const rowBytes = await fillCatalog(context.source, context.options.rows);
  const jars = await fetchKafka(context.signal, (text) => context.note(text));
  const batched = ['linger.ms=20', 'batch.size=524288', 'buffer.memory=134217728'];
  const contenders: Contender[] = [
    { name: 'COPY binary to nowhere', run: () => copyToNowhere(context, rowBytes) },
    { name: 'pgoutput stream to nowhere', run: () => streamToNowhere(context, rowBytes) },
    { name: "Kafka's producer tool", run: () => produce(context, jars, []) },
    { name: "Kafka's producer tool, batched", run: () => produce(context, jars, batched) },
    {
      name: "Kafka's producer tool, batched, lz4",
      run: () => produce(context, jars, [...batched, 'compression.type=lz4']),
    },
  ];
  if (await hasTool()) {
    contenders.push({ name: 'pg_recvlogical to nowhere', run: () => receiveToNowhere(context, rowBytes) });
  }
  return context.interleave(contenders);
}

/** PostgreSQL's own receiver: what decoding and sending cost before anybody reads. */
async function receiveToNowhere(context: BenchContext, rowBytes: number): Promise<Figures> {
  const name = context.freshName('raw');
  try {
    await prepareSlot(context, name);
    await writeLargeTransaction(context.source, context.options.rows);
    return await receive(context, name, await currentLsn(context), rowBytes);
  } finally {
    await context.forget(name);
  }
}

async function copyToNowhere(context: BenchContext, rowBytes: number): Promise<Figures> {
  const meter = UsageMeter.start(context.tracked(null));
  let bytes = 0;
  const stream = context.source.query(copyTo(`COPY ${CATALOG.name} TO STDOUT (FORMAT binary)`));
  for await (const piece of stream as AsyncIterable<Buffer>) bytes += piece.length;
  const usage = meter.stop();
  const { rows } = context.options;
  return { ...throughputFigures(rows, rowBytes, usage.seconds, usage), copied_bytes_per_row: bytes / rows };
}

/** The product's own receiver with nobody behind it. */
async function streamToNowhere(context: BenchContext, rowBytes: number): Promise<Figures> {
  const { rows } = context.options;
  const name = context.freshName('raw');
  const connection = { url: context.services.urls.sourceUrl };
  try {
    await context.source.query(`CREATE PUBLICATION ${name} FOR TABLE ${CATALOG.name}`);
    await context.source.query(`SELECT pg_create_logical_replication_slot($1, 'pgoutput')`, [name]);
    await writeLargeTransaction(context.source, rows);
    await using stream = await ReplicationStream.open({
      connection,
      slot: name,
      publication: name,
      queueBytes: QUEUE_BYTES,
    });
    const meter = UsageMeter.start(context.tracked(null));
    await takeMessages(stream, rows);
    const usage = meter.stop();
    return throughputFigures(rows, rowBytes, usage.seconds, usage);
  } finally {
    await context.forget(name);
  }
}

/** Begin, relation and commit come on top of the changes. */
async function takeMessages(stream: ReplicationStream, changes: number): Promise<void> {
  let messages = 0;
  let wake = (): void => {};
  stream.onArrival(() => wake());
  while (messages < changes + 3) {
    const item = stream.take();
    if (item === undefined) await new Promise<void>((resolve) => (wake = resolve));
    else if (item.kind === 'message') messages += 1;
  }
  stream.confirm(toLsn(1n));
}

async function produce(context: BenchContext, jars: string, settings: readonly string[]): Promise<Figures> {
  const { rows, partitions } = context.options;
  const topic = `${context.freshName('perf')}.records`;
  const settingsOfTopic = {
    partitions,
    replicationFactor: 1,
    retentionMs: 3_600_000,
    maxRecordBytes: 1 << 23,
  };
  await withAdmin(context.kafka, (admin) => ensureChangeTopics(admin, [topic], settingsOfTopic));
  try {
    const brokers = `bootstrap.servers=${context.services.urls.kafkaBrokers.join(',')}`;
    const load = [
      '--topic',
      topic,
      '--num-records',
      String(rows),
      '--record-size',
      String(RECORD_BYTES),
      '--throughput',
      '-1',
    ];
    const tool = 'org.apache.kafka.tools.ProducerPerformance';
    const logging = join(context.dataDir, 'kafka', 'log4j2.yaml');
    const java = [`-Dlog4j2.configurationFile=${logging}`, '-Xmx512m', '-cp', join(jars, '*')];
    const meter = UsageMeter.start(context.tracked(null));
    const { stdout } = await run(
      'java',
      [...java, tool, ...load, '--producer-props', brokers, 'acks=all', ...settings],
      { signal: context.signal },
    );
    const usage = meter.stop();
    const perSecond = Number(
      /records sent, ([\d.]+) records\/sec/.exec(
        stdout.split('\n').findLast((line) => line.includes('99th')) ?? '',
      )?.[1],
    );
    if (!(perSecond > 0)) throw new Error(`the producer tool said: ${stdout.slice(-500)}`);
    return throughputFigures(rows, RECORD_BYTES, rows / perSecond, usage);
  } finally {
    await withAdmin(context.kafka, (admin) => admin.deleteTopics({ topics: [topic] }));
  }
}
