import type { ServiceUrls } from '../src/embedded/services.ts';

type Settings = Readonly<Record<string, string>>;

/** Confluent's wire format, as Freshet writes it: magic byte and schema id in the value, not in headers. */
const AVRO_CONVERTER: Settings = {
  '': 'io.apicurio.registry.utils.converter.AvroConverter',
  'apicurio.registry.auto-register': 'true',
  'apicurio.registry.find-latest': 'true',
  'apicurio.registry.as-confluent': 'true',
  'apicurio.registry.headers.enabled': 'false',
  'apicurio.registry.use-id': 'contentId',
};

const JSON_CONVERTER: Settings = {
  '': 'org.apache.kafka.connect.json.JsonConverter',
  'schemas.enable': 'false',
};

/** Larger fetches, batches and queues, and a compressing producer that waits for full batches. */
const TUNED: Settings = {
  'snapshot.fetch.size': '20000',
  'max.batch.size': '8192',
  'max.queue.size': '32768',
  'poll.interval.ms': '50',
  'producer.override.linger.ms': '20',
  'producer.override.batch.size': '524288',
  'producer.override.buffer.memory': '134217728',
  'producer.override.compression.type': 'lz4',
};

const PRESETS: Readonly<Record<string, Settings>> = {
  default: {},
  tuned: TUNED,
  'low-latency': { 'poll.interval.ms': '5' },
};

export interface DebeziumTask {
  /** Topic prefix, slot and publication. */
  readonly name: string;
  readonly table: string;
  readonly snapshot: 'initial' | 'no_data';
  /** Whether the publication is there already. */
  readonly publicationExists: boolean;
}

/** Throws where `preset` is no converter and settings joined by "-", as "avro-tuned". */
export function connectorSettings(preset: string, urls: ServiceUrls, task: DebeziumTask): Settings {
  const [, converter = '', tuning = ''] = /^(avro|json)-(.+)$/.exec(preset) ?? [];
  const tuned = PRESETS[tuning];
  if (tuned === undefined)
    throw new Error(`--peers ${preset}: known are avro- or json-, with ${Object.keys(PRESETS).join(', ')}`);
  const url = new URL(urls.sourceUrl);
  return {
    name: task.name,
    'connector.class': 'io.debezium.connector.postgresql.PostgresConnector',
    'tasks.max': '1',
    'database.hostname': url.hostname,
    'database.port': url.port,
    'database.user': decodeURIComponent(url.username),
    'database.password': decodeURIComponent(url.password),
    'database.dbname': url.pathname.slice(1),
    'topic.prefix': task.name,
    'plugin.name': 'pgoutput',
    'table.include.list': task.table,
    'slot.name': task.name,
    'publication.name': task.name,
    'publication.autocreate.mode': task.publicationExists ? 'disabled' : 'filtered',
    'snapshot.mode': task.snapshot,
    ...(converter === 'avro' ? avro(urls) : { ...converters(JSON_CONVERTER) }),
    ...tuned,
  };
}

function avro(urls: ServiceUrls): Settings {
  const registry = new URL('/apis/registry/v2', urls.registryUrl).href;
  return {
    ...converters({ ...AVRO_CONVERTER, 'apicurio.registry.url': registry }),
    'schema.name.adjustment.mode': 'avro',
  };
}

function converters(settings: Settings): Settings {
  return Object.fromEntries(
    ['key.converter', 'value.converter'].flatMap((converter) =>
      Object.entries(settings).map(([name, value]) => [
        name === '' ? converter : `${converter}.${name}`,
        value,
      ]),
    ),
  );
}
