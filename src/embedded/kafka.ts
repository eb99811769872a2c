import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { access, mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { FreshetError } from '../runtime/errors.ts';
import { type DataFolder, logPath } from './data-folder.ts';
import { consoleLogging, propertiesText } from './java-files.ts';
import { probeKafka } from './kafka-probe.ts';
import type { ServicePlan } from './service-plan.ts';

const run = promisify(execFile);

/** Records of 8 MiB, and room for their batch's header. */
const MAX_MESSAGE_BYTES = 9 * 1024 * 1024;

/** Formats the storage on the first start. `jars` is the folder that `fetchArtefact` gave. Throws SERVICE_START. */
export async function prepareKafka(folder: DataFolder, jars: string): Promise<ServicePlan> {
  const home = join(folder.path, 'kafka');
  const temporary = join(home, 'tmp');
  await rm(temporary, { recursive: true, force: true });
  await mkdir(temporary, { recursive: true });
  await writeFile(join(home, 'log4j2.yaml'), consoleLogging('%d %p %m (%c)%n'));
  await writeFile(join(home, 'server.properties'), serverProperties(folder, join(home, 'data')));
  const java = [
    '-XX:-UsePerfData',
    `-Djava.io.tmpdir=${temporary}`,
    `-Dlog4j2.configurationFile=${join(home, 'log4j2.yaml')}`,
    '-cp',
    join(jars, '*'),
  ];
  await formatStorage(folder, home, java);
  return {
    service: 'kafka',
    title: 'Kafka',
    command: 'java',
    args: [
      '-Xms256m',
      '-Xmx512m',
      '-XX:+UseSerialGC',
      ...java,
      'kafka.Kafka',
      join(home, 'server.properties'),
    ],
    cwd: home,
    logFile: logPath(folder.path, 'kafka'),
    readyTimeoutMs: 180_000,
    stopTimeoutMs: 20_000,
    probe: (signal) => probeKafka(folder.ports.kafka, signal),
  };
}

/** Into a folder aside, then renamed: interrupted, it is done again. */
async function formatStorage(folder: DataFolder, home: string, java: readonly string[]): Promise<void> {
  const data = join(home, 'data');
  const formatted = await access(data).then(
    () => true,
    () => false,
  );
  if (formatted) return;
  const fresh = join(home, 'data.new');
  const properties = join(home, 'format.properties');
  await rm(fresh, { recursive: true, force: true });
  await writeFile(properties, serverProperties(folder, fresh));
  // With "=": an id may begin with a dash, which the tool would take for an option.
  const clusterId = randomBytes(16).toString('base64url');
  const tool = ['kafka.tools.StorageTool', 'format', `--cluster-id=${clusterId}`, '--config', properties];
  try {
    await run('java', ['-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', ...java, ...tool]);
  } catch (cause) {
    throw new FreshetError(
      'SERVICE_START',
      `Kafka's storage could not be formatted in ${home}: ${String(cause)}`,
      { cause },
    );
  }
  await rename(fresh, data);
}

/**
 * One node, broker and controller. Retention is unlimited by default, because the registry keeps its
 * schemas in a topic without a setting of its own; Freshet's topics carry their retention themselves.
 */
function serverProperties(folder: DataFolder, logDirs: string): string {
  const { kafka, kafkaController } = folder.ports;
  const settings: Readonly<Record<string, string | number>> = {
    'process.roles': 'broker,controller',
    'node.id': 1,
    'controller.quorum.voters': `1@127.0.0.1:${kafkaController}`,
    listeners: `PLAINTEXT://127.0.0.1:${kafka},CONTROLLER://127.0.0.1:${kafkaController}`,
    'advertised.listeners': `PLAINTEXT://127.0.0.1:${kafka}`,
    'inter.broker.listener.name': 'PLAINTEXT',
    'controller.listener.names': 'CONTROLLER',
    'listener.security.protocol.map': 'CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT',
    'log.dirs': logDirs,
    'auto.create.topics.enable': 'false',
    'num.partitions': 1,
    'log.retention.ms': -1,
    'message.max.bytes': MAX_MESSAGE_BYTES,
    'replica.fetch.max.bytes': MAX_MESSAGE_BYTES,
    'offsets.topic.replication.factor': 1,
    'offsets.topic.num.partitions': 4,
    'transaction.state.log.replication.factor': 1,
    'transaction.state.log.min.isr': 1,
    'transaction.state.log.num.partitions': 4,
    'transaction.abort.timed.out.transaction.cleanup.interval.ms': 1000,
    'share.coordinator.state.topic.replication.factor': 1,
    'share.coordinator.state.topic.min.isr': 1,
    'share.coordinator.state.topic.num.partitions': 1,
    // A killed broker is let in again only after its session ended (9 s by default).
    'broker.session.timeout.ms': 5000,
    'broker.heartbeat.interval.ms': 1000,
    'group.initial.rebalance.delay.ms': 0,
    'group.min.session.timeout.ms': 1000,
    'log.cleaner.dedupe.buffer.size': 16_777_216,
    'log.segment.delete.delay.ms': 1000,
  };
  return propertiesText(settings);
}
