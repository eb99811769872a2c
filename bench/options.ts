import { parseArgs } from 'node:util';

/** In the order in which `all` runs them. */
export const BENCHES = [
  'snapshot',
  'stream',
  'latency',
  'sink',
  'end-to-end',
  'linear',
  'transform',
  'score',
  'classify',
  'limits',
  'refresh',
  'items',
] as const;
export type BenchName = (typeof BENCHES)[number];

export interface BenchOptions {
  readonly bench: BenchName;
  readonly rows: number;
  readonly runs: number;
  /** Names of Debezium's settings to run beside Freshet; empty: Freshet alone. */
  readonly peers: readonly string[];
  readonly json: boolean;
  /** Of every change topic, Freshet's and the peer's. */
  readonly partitions: number;
  /** How long latency is measured. Seconds. */
  readonly seconds: number;
  /** Transactions a second while latency is measured. */
  readonly rate: number;
  /** Kept afterwards; null: a temporary folder. */
  readonly dataDir: string | null;
  /** Before each run, at most so long is waited until other processes use less than a tenth of the machine. Seconds. */
  readonly quietWait: number;
  /** Freshet's settings that differ from its defaults: "stream.batchRecords" → value. */
  readonly settings: Readonly<Record<string, number | string>>;
  /** Where CPU profiles of the Freshet process go. */
  readonly profileDir: string | null;
  /** Where real data lies; null: generated. */
  readonly dataFolder: string | null;
}

const DEFAULT_PEERS: Readonly<Record<BenchName, readonly string[]>> = {
  snapshot: ['avro-default', 'avro-tuned'],
  stream: ['avro-tuned', 'json-tuned'],
  latency: ['avro-default', 'avro-low-latency'],
  sink: [],
  'end-to-end': [],
  linear: [],
  transform: [],
  limits: [],
  refresh: [],
  score: [],
  classify: [],
  items: [],
};

/** Their topics have as many partitions as Freshet makes. */
const CONSUMING: readonly BenchName[] = ['sink', 'end-to-end', 'transform', 'score', 'classify', 'items'];

export const USAGE = `usage: npm run bench -- ${BENCHES.join(' | ')} | all [options]
  --rows N          rows of the table, or changes of the backlog; default 100000; linear: of the larger table
  --runs N          interleaved runs of each contender; default 3
  --vs debezium     Kafka Connect with Debezium beside it (snapshot, stream, latency)
  --peers a,b       which of its settings: avro-default, avro-tuned, json-default, json-tuned,
                    avro-low-latency, json-low-latency
  --partitions N    of each topic; default 1, and 4 for sink, end-to-end, transform, score, classify and items, as Freshet makes them
  --seconds S       how long latency is measured; default 30
  --rate N          transactions a second for latency; default 500
  --quiet-wait S    wait before each run, at most so long, until other processes use < 10 % of the CPUs
  --set NAME=VALUE  a setting of Freshet other than its default, as --set stream.batchRecords=2500 or
                    --set topics.compression=zstd; may be repeated
  --data-dir DIR    keep the services' data here; default: a temporary folder
  --cpu-prof DIR    write CPU profiles of the Freshet process
  --data DIR        real URLs for classify, from DIR/urls; default: generated ones
  --json            one JSON object on stdout`;

type Values = ReturnType<typeof parseValues>['values'];

function parseValues(args: readonly string[]) {
  return parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      rows: { type: 'string', default: '100000' },
      runs: { type: 'string', default: '3' },
      vs: { type: 'string' },
      peers: { type: 'string' },
      partitions: { type: 'string' },
      seconds: { type: 'string', default: '30' },
      rate: { type: 'string', default: '500' },
      'quiet-wait': { type: 'string', default: '0' },
      set: { type: 'string', multiple: true, default: [] },
      'data-dir': { type: 'string' },
      'cpu-prof': { type: 'string' },
      data: { type: 'string' },
      json: { type: 'boolean', default: false },
    },
  });
}

/** One for each benchmark that is to run. Throws an Error with a sentence for the user. */
export function parseOptions(args: readonly string[]): BenchOptions[] {
  const { values, positionals } = parseValues(args);
  const benches = positionals[0] === 'all' ? BENCHES : BENCHES.filter((name) => name === positionals[0]);
  if (benches.length === 0 || positionals.length > 1)
    throw new Error(`choose one of ${BENCHES.join(', ')}, or all`);
  if (values.vs !== undefined && values.vs !== 'debezium')
    throw new Error(`--vs ${values.vs}: only debezium is known`);
  if (values.vs !== undefined && benches.every((bench) => DEFAULT_PEERS[bench].length === 0))
    throw new Error(`--vs: ${benches.join(', ')} has no counterpart in Debezium`);
  return benches.map((bench) => optionsOf(bench, values));
}

function optionsOf(bench: BenchName, values: Values): BenchOptions {
  const hasPeers = values.vs !== undefined && DEFAULT_PEERS[bench].length > 0;
  return {
    bench,
    rows: whole('--rows', values.rows),
    runs: whole('--runs', values.runs),
    peers: hasPeers ? (values.peers?.split(',') ?? DEFAULT_PEERS[bench]) : [],
    json: values.json,
    partitions: whole('--partitions', values.partitions ?? (CONSUMING.includes(bench) ? '4' : '1')),
    seconds: whole('--seconds', values.seconds),
    rate: whole('--rate', values.rate),
    dataDir: values['data-dir'] ?? null,
    quietWait: values['quiet-wait'] === '0' ? 0 : whole('--quiet-wait', values['quiet-wait']),
    settings: Object.fromEntries(values.set.map(setting)),
    profileDir: values['cpu-prof'] ?? null,
    dataFolder: values.data ?? null,
  };
}

function setting(text: string): [string, number | string] {
  const [, name = '', value = ''] = /^([a-z]+\.[a-zA-Z]+)=(\d+|[a-z]+)$/.exec(text) ?? [];
  if (name === '')
    throw new Error(`--set ${text}: SECTION.NAME=VALUE is wanted, as stream.batchRecords=2500`);
  return [name, /^\d/.test(value) ? Number(value) : value];
}

function whole(name: string, text: string): number {
  const value = Number(text.replaceAll('_', ''));
  if (!Number.isInteger(value) || value < 1)
    throw new Error(`${name} ${text}: a whole number from 1 on is wanted`);
  return value;
}
