import { existsSync, readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type { z } from 'zod';
import type { TableId } from './change/table.ts';
import { configSchema, type ParsedConfig, type SecretSetting, type TlsSetting } from './config-schema.ts';
import { importDefault, importPipelines } from './config-pipelines.ts';
import { HTTP_ENVIRONMENT, type HttpConfig, httpConfig, httpPlace } from './config-http.ts';
import { type EmbeddingsConfig, embeddingsConfig } from './config-embeddings.ts';
import { type ItemsApiConfig, itemsApiConfig, type ItemsTarget, itemsTarget } from './config-items-api.ts';
import { SCORER_ENVIRONMENT, type ScorerEndpoint, scorerEndpoint } from './config-scorer.ts';
import type { ServiceUrls } from './embedded/services.ts';
import { FreshetError } from './runtime/errors.ts';
import { errorMessage, type PostgresConfig, type PostgresTls } from './runtime/postgres.ts';
import type { KafkaConfig } from './topics/kafka-config.ts';
import type { RegistryOptions } from './topics/registry.ts';

/** The one reader of the environment and of the config file. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** What the environment may say; everything else is in the config file. */
export const ENVIRONMENT = {
  FRESHET_CONFIG: 'path of the config file; default freshet.config.ts in the current folder',
  FRESHET_DATA_DIR: 'folder of the embedded services; default .freshet',
  FRESHET_CACHE_DIR: 'where downloaded services are kept; default ~/.cache/freshet',
  FRESHET_SOURCE_URL: 'postgres:// URL of the source, where the config has one source',
  FRESHET_SOURCE_PASSWORD: 'its password, if the URL has none; or FRESHET_SOURCE_PASSWORD_FILE',
  FRESHET_TARGET_URL: 'postgres:// URL of the target',
  FRESHET_TARGET_PASSWORD: 'its password, if the URL has none; or FRESHET_TARGET_PASSWORD_FILE',
  FRESHET_KAFKA_BROKERS: 'host:port,host:port',
  FRESHET_REGISTRY_URL: 'URL of the schema registry, with the path of its Confluent API',
  ...SCORER_ENVIRONMENT,
  ...HTTP_ENVIRONMENT,
  DRY_RUN: 'true: backfill transform says what it would do, and writes nothing',
  NO_COLOR: 'no colours, whatever the terminal can do',
} as const;

export interface SourceConfig {
  readonly name: string;
  readonly connection: PostgresConfig;
  /** The same database for pipelines that write back to it. */
  readonly writeBack: PostgresConfig;
  readonly database: string;
  readonly slot: string;
  readonly publication: string;
  readonly prefix: string;
  readonly tables: readonly TableId[];
  readonly mode: 'stream' | 'snapshot-only';
  readonly onSlotLoss: 'stop' | 'refresh';
  readonly failoverSlot: boolean;
}

/** What a config file says, checked. */
export interface LoadedConfig extends ParsedConfig {
  /** Its path; null: none, the defaults or what a command says. */
  readonly file: string | null;
}

/** The config with every default filled in, secrets read and places known. */
export interface Config extends Omit<
  LoadedConfig,
  'sources' | 'target' | 'kafka' | 'registry' | 'http' | 'itemsApi' | 'embeddings'
> {
  readonly cacheDir: string | undefined;
  readonly sources: readonly SourceConfig[];
  readonly target: PostgresConfig;
  readonly kafka: KafkaConfig;
  readonly registry: RegistryOptions;
  readonly http: HttpConfig;
  /** Null: the local scorer. */
  readonly scorer: ScorerEndpoint | null;
  readonly itemsApi: ItemsApiConfig;
  readonly embeddings: EmbeddingsConfig;
  /** Null: the upsert pipeline writes the items itself. */
  readonly itemsTarget: ItemsTarget | null;
}

/** Whether DRY_RUN asks for a dry run. Throws CONFIG_INVALID on what is neither yes nor no: better than to write by mistake. */
export function dryRunRequested({ DRY_RUN = '' }: Environment): boolean {
  if (/^(?:true|1|yes)$/i.test(DRY_RUN)) return true;
  if (/^(?:false|0|no|)$/i.test(DRY_RUN)) return false;
  throw invalid([`DRY_RUN: "${DRY_RUN}" is neither true nor false`]);
}

/** Reads and checks the config file. Reports every problem at once: CONFIG_INVALID. */
export async function loadConfigFile(env: Environment, cwd: string): Promise<LoadedConfig> {
  const named = env.FRESHET_CONFIG;
  const path = resolve(cwd, named ?? 'freshet.config.ts');
  if (!existsSync(path)) {
    if (named !== undefined) throw invalid([`FRESHET_CONFIG: "${named}" does not exist`]);
    return parseConfig({}, 'the defaults', env);
  }
  const parsed = parseConfig(await importDefault(path, '', 'defineConfig({ … })'), path, env);
  return { ...parsed, file: path, pipelines: await importPipelines(parsed.pipelines, dirname(path)) };
}

export function parseConfig(input: unknown, origin: string, env: Environment): LoadedConfig {
  const result = configSchema.safeParse(input);
  if (!result.success)
    throw invalid(
      result.error.issues.map((issue) => describe(issue)),
      origin,
    );
  return { ...withEnvironment(result.data, env), file: null };
}

/** Puts places and secrets in: from the file, the environment, or embedded services that run. */
export function resolveConfig(parsed: LoadedConfig, env: Environment, running: ServiceUrls | null): Config {
  const problems: string[] = malformed(env);
  const sourceUrl = env.FRESHET_SOURCE_URL ?? running?.sourceUrl;
  const listed = parsed.sources ?? [
    {
      name: 'shop',
      tables: ['public.products'],
      mode: 'stream' as const,
      onSlotLoss: 'stop' as const,
      failoverSlot: false,
    },
  ];
  const sources = listed.map((source) => {
    const url = source.url ?? sourceUrl;
    if (url === undefined) problems.push(missing(`sources.${source.name}.url`, 'FRESHET_SOURCE_URL'));
    const password = secretOf(source.password, env, 'FRESHET_SOURCE_PASSWORD', problems);
    const connection = { url: url ?? 'postgres://missing', password, ssl: tlsOf(source.tls, problems) };
    return toSource(source, connection, writeBackOf(source.writeBack, connection, env, problems));
  });
  const targetUrl = parsed.target.url ?? env.FRESHET_TARGET_URL ?? running?.targetUrl;
  const brokers = parsed.kafka.brokers ?? env.FRESHET_KAFKA_BROKERS?.split(',') ?? running?.kafkaBrokers;
  const registryUrl = parsed.registry.url ?? env.FRESHET_REGISTRY_URL ?? running?.registryUrl;
  if (targetUrl === undefined) problems.push(missing('target.url', 'FRESHET_TARGET_URL'));
  if (brokers === undefined) problems.push(missing('kafka.brokers', 'FRESHET_KAFKA_BROKERS'));
  if (registryUrl === undefined) problems.push(missing('registry.url', 'FRESHET_REGISTRY_URL'));
  const secret = (setting: SecretSetting): string | undefined => secretOf(setting, env, null, problems);
  const config: Config = {
    ...parsed,
    cacheDir: env.FRESHET_CACHE_DIR,
    sources,
    target: {
      url: targetUrl ?? '',
      password: secretOf(parsed.target.password, env, 'FRESHET_TARGET_PASSWORD', problems),
      ssl: tlsOf(parsed.target.tls, problems),
    },
    kafka: toKafka(parsed, brokers ?? [], env, problems),
    registry: toRegistry(parsed, registryUrl ?? '', env, problems),
    http: httpConfig(parsed.http, secretOf(parsed.http.token, env, 'FRESHET_HTTP_TOKEN', problems), problems),
    itemsApi: itemsApiConfig(parsed, secret, problems),
    embeddings: embeddingsConfig(parsed, secret, problems),
    itemsTarget: itemsTarget(parsed, secret, problems),
    scorer: scorerEndpoint(
      parsed,
      env,
      secretOf(parsed.score.endpoint.key, env, 'FRESHET_SCORER_KEY', problems),
      problems,
    ),
  };
  if (problems.length > 0) throw invalid(problems);
  return config;
}

/** `"a.b"."c"` or `a.b`. */
export function parseTableName(text: string): TableId {
  const quoted = /^"([^"]+)"\."([^"]+)"$/.exec(text);
  const [schema = '', name = ''] = quoted === null ? text.split('.') : [quoted[1], quoted[2]];
  return { schema, name };
}

function withEnvironment(parsed: ParsedConfig, env: Environment): ParsedConfig {
  const problems: string[] = [];
  const http = httpPlace(parsed.http, env, problems);
  const dataDir = env.FRESHET_DATA_DIR ?? parsed.dataDir;
  if (problems.length > 0) throw invalid(problems);
  return { ...parsed, http, dataDir };
}

function toSource(
  source: NonNullable<ParsedConfig['sources']>[number],
  connection: PostgresConfig,
  writeBack: PostgresConfig,
): SourceConfig {
  const slot = source.slot ?? `freshet_${source.name.replaceAll('-', '_')}`;
  return {
    name: source.name,
    connection,
    writeBack,
    database: databaseOf(connection.url),
    slot,
    publication: source.publication ?? slot,
    prefix: source.prefix ?? source.name,
    tables: source.tables.map(parseTableName),
    mode: source.mode,
    onSlotLoss: source.onSlotLoss,
    failoverSlot: source.failoverSlot,
  };
}

function writeBackOf(
  setting: NonNullable<ParsedConfig['sources']>[number]['writeBack'],
  connection: PostgresConfig,
  env: Environment,
  problems: string[],
): PostgresConfig {
  if (setting === undefined) return connection;
  const password =
    setting.password === undefined ? connection.password : secretOf(setting.password, env, null, problems);
  return { ...connection, url: setting.url ?? connection.url, password };
}

export function databaseOf(url: string): string {
  try {
    return decodeURIComponent(new URL(url).pathname.slice(1)) || 'postgres';
  } catch {
    return 'postgres';
  }
}

function toKafka(
  parsed: ParsedConfig,
  brokers: readonly string[],
  env: Environment,
  problems: string[],
): KafkaConfig {
  const { clientId, tls, sasl } = parsed.kafka;
  const ssl = tlsOf(tls, problems);
  const password = sasl === undefined ? undefined : secretOf(sasl.password, env, null, problems);
  return {
    brokers: brokers.map((broker) => broker.trim()),
    clientId,
    ...(ssl === undefined ? {} : { ssl }),
    ...(sasl === undefined
      ? {}
      : { sasl: { mechanism: sasl.mechanism, username: sasl.username, password: password ?? '' } }),
  };
}

function toRegistry(
  parsed: ParsedConfig,
  url: string,
  env: Environment,
  problems: string[],
): RegistryOptions {
  const { auth, tls } = parsed.registry;
  const password = auth === undefined ? undefined : secretOf(auth.password, env, null, problems);
  const ssl = tlsOf(tls, problems);
  return {
    url,
    ...(auth === undefined ? {} : { auth: { username: auth.username, password: password ?? '' } }),
    ...(ssl === undefined ? {} : { tls: definedOnly(ssl) }),
  };
}

function secretOf(
  setting: SecretSetting | undefined,
  env: Environment,
  variable: string | null,
  problems: string[],
): string | undefined {
  if (setting === undefined) {
    if (variable === null) return undefined;
    const file = env[`${variable}_FILE`];
    return file === undefined ? env[variable] : readSecret(file, problems);
  }
  if ('file' in setting) return readSecret(setting.file, problems);
  const value = env[setting.env];
  if (value === undefined) problems.push(`password: the environment has no ${setting.env}: set it`);
  return value;
}

function tlsOf(setting: TlsSetting | undefined, problems: string[]): PostgresTls | undefined {
  if (setting === undefined) return undefined;
  const read = (file: string | undefined): string | undefined =>
    file === undefined ? undefined : readSecret(file, problems);
  return { ca: read(setting.caFile), cert: read(setting.certFile), key: read(setting.keyFile) };
}

function definedOnly(tls: PostgresTls): { ca?: string; cert?: string; key?: string } {
  return Object.fromEntries(Object.entries(tls).filter(([, value]) => value !== undefined)) as {
    ca?: string;
  };
}

function readSecret(file: string, problems: string[]): string | undefined {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch (error) {
    problems.push(`"${file}" cannot be read: ${errorMessage(error)}`);
    return undefined;
  }
}

function describe(issue: z.core.$ZodIssue): string {
  const path = issue.path.map(String).join('.');
  if (issue.code === 'unrecognized_keys') {
    const keys = issue.keys.map((key) => `"${key}"`).join(', ');
    return `${path === '' ? 'the config' : path}: unknown ${issue.keys.length === 1 ? 'key' : 'keys'} ${keys}`;
  }
  return `${path}: ${issue.message}`;
}

/** What the environment says is checked like the file; the values stay out of the message, as they may hold secrets. */
function malformed(env: Environment): string[] {
  const rules = [
    ['FRESHET_SOURCE_URL', /^postgres(ql)?:\/\/[^/]/, 'postgres://user@host:5432/database'],
    ['FRESHET_TARGET_URL', /^postgres(ql)?:\/\/[^/]/, 'postgres://user@host:5432/database'],
    ['FRESHET_REGISTRY_URL', /^https?:\/\/[^/]/, 'http://host:8081'],
    ['FRESHET_KAFKA_BROKERS', /^[^\s,]+:\d+(,\s*[^\s,]+:\d+)*$/, 'host:9092,host:9092'],
  ] as const;
  return rules.flatMap(([name, form, example]) => {
    const value = env[name];
    return value === undefined || form.test(value) ? [] : [`${name}: is not of the form ${example}`];
  });
}

function missing(field: string, variable: string): string {
  return `${field} is missing: set it, or ${variable}, or start the embedded services with freshet services up`;
}

function invalid(problems: readonly string[], origin?: string): FreshetError {
  const where = origin === undefined ? '' : ` (${origin})`;
  const list = problems.map((problem) => `\n  - ${problem}`).join('');
  return new FreshetError(
    'CONFIG_INVALID',
    `${problems.length === 1 ? 'a setting is' : `${problems.length} settings are`} wrong${where}:${list}`,
    {
      cure: 'Correct what is named; freshet.config.ts is described in docs/configuration.md.',
    },
  );
}
