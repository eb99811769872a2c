import { z } from 'zod';

/** An identifier that also names files, groups and topics: no surprises in any of them. */
const name = z
  .string()
  .regex(
    /^[a-z][a-z0-9_-]{0,40}$/,
    'must be a lower-case name: letters, digits, "_" and "-", a letter first',
  );
const slotName = z.string().regex(/^[a-z0-9_]{1,63}$/, 'must be 1 to 63 of a-z, 0-9 and "_"');
const url = z.string().regex(/^postgres(ql)?:\/\//, 'must be a URL like postgres://user@host:5432/database');
const count = (min: number, max: number) => z.int().min(min).max(max);
const MEBIBYTE = 1024 * 1024;

const tls = z.strictObject({
  caFile: z
    .string()
    .optional()
    .describe('PEM file of the authorities that are trusted; the system’s where left out'),
  certFile: z.string().optional(),
  keyFile: z.string().optional(),
});

/** A secret is never written down in the config: it is named, and read from the environment or a file. */
const secret = z.union([
  z.strictObject({ env: z.string().describe('environment variable that holds the secret') }),
  z.strictObject({ file: z.string().describe('file that holds the secret') }),
]);

const table = z
  .string()
  .regex(/^[^.]+\.[^.]+$|^"[^"]+"\."[^"]+"$/, 'must be schema.table; with dots in a name: "schema"."table"');

const plainTable = z.string().regex(/^[^.]+\.[^.]+$/, 'must be schema.table');

const source = z
  .strictObject({
    name,
    url: url.optional().describe('also FRESHET_SOURCE_URL, where there is one source'),
    password: secret.optional(),
    tls: tls.optional(),
    writeBack: z
      .strictObject({ url: url.optional(), password: secret.optional() })
      .optional()
      .describe('who writes, for pipelines that write back to this source; default: the source’s own URL'),
    slot: slotName.optional().describe('default: freshet_<name>'),
    publication: z.string().min(1).max(63).optional().describe('default: freshet_<name>'),
    prefix: name.optional().describe('first part of the topics’ names; default: the source’s name'),
    tables: z.array(table).min(1, 'must name at least one table'),
    mode: z
      .enum(['stream', 'snapshot-only'])
      .default('stream')
      .describe('snapshot-only: no slot and no publication; changes show at the next refresh'),
    onSlotLoss: z.enum(['stop', 'refresh']).default('stop'),
    failoverSlot: z.boolean().default(false).describe('the slot is synchronized to a standby; PostgreSQL 17'),
  })
  .refine(({ mode, failoverSlot }) => mode === 'stream' || !failoverSlot, {
    path: ['failoverSlot'],
    message: "there is no slot in mode 'snapshot-only': leave one of them out",
  });

const kafka = z.strictObject({
  brokers: z
    .array(z.string().regex(/^[^\s:]+:\d+$|^\[[0-9a-f:]+\]:\d+$/i, 'must be host:port'))
    .min(1)
    .optional(),
  clientId: name.default('freshet'),
  tls: tls.optional(),
  sasl: z
    .strictObject({
      mechanism: z.enum(['plain', 'scram-sha-256', 'scram-sha-512']),
      username: z.string().min(1),
      password: secret,
    })
    .optional(),
});

const registry = z.strictObject({
  url: z
    .string()
    .regex(/^https?:\/\//, 'must be an http(s) URL')
    .optional(),
  auth: z.strictObject({ username: z.string().min(1), password: secret }).optional(),
  tls: tls.optional(),
});

const topics = z.strictObject({
  partitions: count(1, 10_000).default(4).describe('of each new topic; later: freshet topics repartition'),
  replicationFactor: count(-1, 10).default(-1).describe('-1: the broker’s default'),
  retentionHours: count(1, 24 * 365).default(24 * 7),
  maxRecordBytes: count(1024, 512 * MEBIBYTE).default(8 * MEBIBYTE),
  compression: z
    .enum(['none', 'gzip', 'zstd'])
    .default('none')
    .describe('of what capture publishes; every reader has to know it'),
});

const snapshot = z.strictObject({
  chunkRows: count(1, 1_000_000).default(5_000),
  chunkBytes: count(64 * 1024, 256 * MEBIBYTE).default(2 * MEBIBYTE),
  chunksInFlight: count(1, 64).default(3),
  partsPerTable: count(1, 64).default(2).describe('parts of one table that are read at once'),
  connections: count(1, 32).default(2),
  windowBytes: count(64 * 1024, 1024 * MEBIBYTE).default(16 * MEBIBYTE),
  lockTimeoutMs: count(10, 3_600_000).default(10_000),
  walBudgetBytes: count(MEBIBYTE, 1024 * 1024 * MEBIBYTE)
    .nullable()
    .default(null),
  whereTimeoutMs: count(100, 3_600_000)
    .default(60_000)
    .describe('of one chunk of a refresh with a condition'),
});

const stream = z.strictObject({
  queueBytes: count(64 * 1024, 1024 * MEBIBYTE).default(16 * MEBIBYTE),
  silenceTimeoutMs: count(1_000, 3_600_000).default(20_000),
  batchRecords: count(1, 100_000).default(5_000),
  batchBytes: count(64 * 1024, 256 * MEBIBYTE).default(4 * MEBIBYTE),
  commitIntervalMs: count(0, 1_000)
    .default(6)
    .describe('from one small Kafka transaction to the next, at least; after a quiet a change goes at once'),
  transactionTimeoutMs: count(1_000, 900_000).default(15_000),
  slotTimeoutMs: count(1_000, 3_600_000).default(60_000),
  watchMs: count(100, 3_600_000).default(2_000),
});

const consumers = z.strictObject({
  maxBatchRecords: count(1, 100_000).default(2_000),
  maxBatchBytes: count(64 * 1024, 256 * MEBIBYTE)
    .default(4 * MEBIBYTE)
    .describe('a larger record comes alone'),
  batchTargetMs: count(10, 600_000).default(2_000).describe('batches get smaller where they take longer'),
  connections: count(1, 64).default(4).describe('to the target, of each thread'),
  threads: count(1, 64)
    .default(1)
    .describe('that share the partitions of each pipeline; each is a member of its group'),
  refreshOwedAfterMs: count(0, 3_600_000)
    .default(5_000)
    .describe('rows that partial changes lack are asked for after this long; 0: never'),
  deadLetters: z
    .strictObject({
      payload: z.boolean().default(false).describe('whether they hold the failed row'),
      raw: z.boolean().default(true).describe('whether they hold the bytes of what cannot be decoded'),
      maskedColumns: z.array(z.string()).default([]).describe('columns that a payload does not show'),
      retentionHours: count(1, 24 * 3_650).default(24 * 30),
    })
    .prefault({}),
});

const classify = z.strictObject({
  urls: plainTable.default('public.urls').describe('the URLs; their page types are written back into it'),
  accounts: plainTable.default('public.accounts').describe('whose key urls.account_id holds'),
  patterns: plainTable.default('public.page_type_patterns').describe('made where it is missing'),
});

const transform = z.strictObject({
  positionsTable: plainTable.default('public.extracted_positions'),
  competitorsTable: plainTable.default('public.brand_competitors'),
  ids: z
    .enum(['bigint', 'uuid', 'text'])
    .default('bigint')
    .describe('type of brand_id, customer_id, query_id and competitor_id'),
  mvRefreshDebounceMs: count(100, 86_400_000)
    .default(60_000)
    .describe('the daily view is refreshed this long after a change that it does not show'),
});

const upsert = z.strictObject({
  taxonomyFile: z
    .string()
    .min(1)
    .optional()
    .describe(
      'lines like "12 - A > B > C"; without one an item’s category is the innermost level of its path',
    ),
  sink: z
    .enum(['sql', 'api'])
    .default('sql')
    .describe('where items go: into the table items of the target, or to the items API at api.url'),
  api: z
    .strictObject({
      url: z
        .string()
        .regex(/^https?:\/\//, 'must be an http(s) URL')
        .optional()
        .describe('takes POST, as https://host/v1/items:upsert'),
      token: secret.optional().describe('sent as "Authorization: Bearer …"'),
      itemsPerRequest: count(1, 10_000).default(500),
      bytesPerRequest: count(1024, 64 * MEBIBYTE).default(MEBIBYTE),
      requestsPerMinute: count(1, 1_000_000).optional().describe('of each process; without it no limit'),
      timeoutMs: count(100, 60_000).default(10_000),
    })
    .prefault({}),
  refreshCron: z
    .string()
    .nullable()
    .default(null)
    .describe(
      'when freshet work compares the items with their source: "0 3 * * *", in UTC; null: another scheduler does',
    ),
  keepSnapshots: count(1, 10_000)
    .default(14)
    .describe('how many snapshots of the catalogue are kept; a pinned one always is'),
});

const http = z.strictObject({
  host: z.string().min(1).default('127.0.0.1').describe('another one than loopback needs a token'),
  port: count(0, 65_535).default(9464).describe('0: any free port'),
  token: secret.optional().describe('what callers have to show; also FRESHET_HTTP_TOKEN'),
});

const itemsApi = z.strictObject({
  signingKeys: z
    .array(secret)
    .max(2)
    .default([])
    .describe('of Standard Webhooks, each "whsec_…"; two while they are changed'),
  tokens: z.array(secret).max(2).default([]).describe('bearer tokens, each of 16 characters or more'),
  toleranceSeconds: count(1, 3_600).default(300).describe('how far a signature’s time may be from now'),
  maxItems: count(1, 10_000).default(1_000).describe('of one request'),
  maxBodyBytes: count(1024, 64 * MEBIBYTE).default(4 * MEBIBYTE),
  maxInFlightBytes: count(1024, 1024 * MEBIBYTE)
    .default(32 * MEBIBYTE)
    .describe('of all requests at once; above it they are answered with 429'),
  rememberHours: count(1, 24 * 365)
    .default(24)
    .describe('how long a request’s id is known; longer than the tolerance'),
});

const embeddings = z.strictObject({
  enabled: z.boolean().default(false).describe('freshet run and freshet work keep an embedding of each item'),
  maxAgeDays: count(1, 36_500).optional().describe('older ones are made anew; without it they do not age'),
  scanMinutes: count(1, 10_080)
    .default(60)
    .describe('how often all items are looked through; changes are seen at once'),
  endpoint: z
    .strictObject({
      url: z
        .string()
        .regex(/^https?:\/\//, 'must be an http(s) URL')
        .optional()
        .describe('OpenAI-compatible API, as https://host/v1; without it the local model is asked'),
      model: z.string().min(1).optional(),
      key: secret.optional(),
      dimensions: count(1, 16_000).optional().describe('asked for where the model can have several'),
      batchSize: count(1, 2_048).default(64),
      requestsPerMinute: count(1, 1_000_000).optional(),
      timeoutMs: count(100, 600_000).default(30_000),
    })
    .prefault({}),
});

const tracing = z.strictObject({
  endpoint: z
    .string()
    .regex(/^https?:\/\/[^/]/, 'must be an http(s) URL')
    .optional()
    .describe('OTLP over HTTP, as http://127.0.0.1:4318/v1/traces; without one nothing is traced'),
  sampleRatio: z.number().min(0).max(1).default(0.01).describe('of the Kafka transactions'),
});

const scale = z
  .strictObject({
    min: count(-1_000_000, 1_000_000).default(1),
    max: count(-1_000_000, 1_000_000).default(10),
  })
  .refine(({ min, max }) => min < max, 'min must be below max');

const score = z.strictObject({
  scale: scale.prefault({}).describe('whole numbers; min is also the score of a disqualified lead'),
  concurrency: count(1, 1_000)
    .optional()
    .describe('jobs side by side in one worker; default 100 for the local scorer, 8 for an endpoint'),
  maxAttempts: count(1, 1_000).default(25).describe('tries of a job, with growing pauses'),
  queueSchema: z
    .string()
    .regex(/^[a-z_][a-z0-9_]{0,62}$/, 'must be a lower-case name')
    .default('graphile_worker')
    .describe('schema of the job queue'),
  endpoint: z
    .strictObject({
      url: z
        .string()
        .regex(/^https?:\/\//, 'must be an http(s) URL')
        .optional(),
      model: z.string().min(1).optional(),
      key: secret.optional(),
      timeoutMs: count(100, 3_600_000).default(30_000),
      requestsPerMinute: count(1, 1_000_000).optional(),
      answerFormat: z.enum(['json_schema', 'json_object']).default('json_schema'),
      promptUsdPerMillion: z.number().min(0).optional(),
      completionUsdPerMillion: z.number().min(0).optional(),
    })
    .prefault({}),
});

/** The config file, `freshet.config.ts`. Unknown keys fail. */
export const configSchema = z.strictObject({
  dataDir: z.string().min(1).default('.freshet').describe('where the embedded services keep their data'),
  sources: z.array(source).min(1).optional(),
  target: z
    .strictObject({ url: url.optional(), password: secret.optional(), tls: tls.optional() })
    .prefault({}),
  kafka: kafka.prefault({}),
  registry: registry.prefault({}),
  topics: topics.prefault({}),
  snapshot: snapshot.prefault({}),
  stream: stream.prefault({}),
  consumers: consumers.prefault({}),
  http: http.prefault({}),
  tracing: tracing.prefault({}),
  upsert: upsert.prefault({}),
  itemsApi: itemsApi.prefault({}),
  embeddings: embeddings.prefault({}),
  classify: classify.prefault({}),
  transform: transform.prefault({}),
  score: score.prefault({}),
  personalColumns: z
    .array(z.string().min(1))
    .default([])
    .describe('columns whose values nobody is shown: a name, of any table, or schema.table.column'),
  pipelines: z.array(z.unknown()).default(['upsert']),
});

export type ConfigInput = z.input<typeof configSchema>;
export type ParsedConfig = z.output<typeof configSchema>;
export type SecretSetting = z.output<typeof secret>;
export type TlsSetting = z.output<typeof tls>;

/** Gives a config file its types: `export default defineConfig({ … })`. */
export function defineConfig(config: ConfigInput): ConfigInput {
  return config;
}
