import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { formatTable } from '../src/change/table.ts';
import { topicName } from '../src/topics/names.ts';
import { ensureChangeTopics, withAdmin } from '../src/topics/topic-admin.ts';
import type { BenchContext } from './bench-context.ts';
import { fetchConnect } from './connect-artefacts.ts';
import { ConnectProcess } from './connect-process.ts';
import { connectorSettings } from './debezium-settings.ts';
import { type Contender, type Figures, throughputFigures } from './figures.ts';
import { UsageMeter } from './process-usage.ts';
import { CATALOG } from './tables.ts';

/** Each look costs the broker CPU that is counted as the contender's. */
const POLL_MS = 50;
const RETENTION_MS = 24 * 3_600_000;

export interface DebeziumMeasure {
  /** Topic prefix, slot and publication. */
  readonly name: string;
  readonly snapshot: 'initial' | 'no_data';
  /** The log line from which on time counts; the JVM's start is before it. */
  readonly started: RegExp;
  /** Records that the topic must hold in the end. */
  readonly events: number;
  readonly rowBytes: number;
}

/** `work` gets the measuring of one run with these settings, and takes care of what is there before and after it. */
export function debeziumContender(
  context: BenchContext,
  preset: string,
  work: (run: (measure: DebeziumMeasure) => Promise<Figures>) => Promise<Figures>,
): Contender {
  return { name: `debezium ${preset}`, run: () => work((measure) => runDebezium(context, preset, measure)) };
}

/** A fresh Connect on the catalogue, with its topic made as Freshet makes it. */
export async function startDebezium(
  context: BenchContext,
  preset: string,
  { name, snapshot }: Pick<DebeziumMeasure, 'name' | 'snapshot'>,
  publicationExists: boolean,
): Promise<ConnectProcess> {
  const artefacts = await fetchConnect(context.signal, (text) => context.note(text));
  const { partitions } = context.options;
  const settings = { partitions, replicationFactor: 1, retentionMs: RETENTION_MS, maxRecordBytes: 1 << 23 };
  await withAdmin(context.kafka, (admin) => ensureChangeTopics(admin, [topicName(name, CATALOG)], settings));
  const task = { name, table: formatTable(CATALOG), snapshot, publicationExists };
  return ConnectProcess.start({
    artefacts,
    folder: join(context.dataDir, 'connect'),
    brokers: context.services.urls.kafkaBrokers,
    connector: connectorSettings(preset, context.services.urls, task),
  });
}

async function runDebezium(
  context: BenchContext,
  preset: string,
  measure: DebeziumMeasure,
): Promise<Figures> {
  const topic = topicName(measure.name, CATALOG);
  await using connect = await startDebezium(context, preset, measure, measure.snapshot === 'no_data');
  const startedAt = await connect.line(measure.started, context.signal);
  const meter = UsageMeter.start(context.tracked(connect.pid));
  const doneAt = await withAdmin(context.kafka, async (admin) => {
    for (;;) {
      context.signal.throwIfAborted();
      connect.failure();
      const offsets = await admin.fetchTopicOffsets(topic);
      // A producer without transactions: the end offsets count its records.
      if (offsets.reduce((sum, { high }) => sum + Number(high), 0) >= measure.events) return Date.now();
      await sleep(POLL_MS);
    }
  });
  const usage = meter.stop();
  return throughputFigures(measure.events, measure.rowBytes, (doneAt - startedAt) / 1000, usage);
}
