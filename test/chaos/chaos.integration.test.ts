import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { describe, expect, it } from 'vitest';
import { debtsOf, findFailures } from '../../src/cli/dead-letters.ts';
import { Engine } from '../../src/cli/engine.ts';
import { parseConfig, resolveConfig } from '../../src/config.ts';
import { createSeededRandom } from '../../src/demo/seeded-random.ts';
import { type EmbeddedServices, startServices } from '../../src/embedded/services.ts';
import { until } from '../support/capture.ts';
import { createDatabase } from '../support/database.ts';
import { cacheDir, temporaryDataDir } from '../support/services-environment.ts';
import type { ConsumerOrder } from './consumer-child.ts';
import { copiesPipeline } from './copies-pipeline.ts';
import type { Detours } from './detours.ts';
import { OriginalsWriter } from './originals-writer.ts';
import { TcpProxy } from './tcp-proxy.ts';

const CHAOS_MS = process.env['SOAK'] === '1' ? 600_000 : 18_000;
const SEED = Number(process.env['CHAOS_SEED'] ?? Date.now() % 1_000_000);
const KILL_EVERY_MS = 3_000;
const CHILD = fileURLToPath(new URL('consumer-child.ts', import.meta.url));

/** Within the target: every committed state of a row is held against the newest one that it had before. */
const PROBE = `
  CREATE TABLE seen (id int PRIMARY KEY, version int8 NOT NULL);
  CREATE TABLE went_back (id int, seen int8, version int8);
  CREATE FUNCTION probe() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    INSERT INTO went_back SELECT NEW.id, s.version, NEW.version FROM seen s WHERE s.id = NEW.id AND s.version > NEW.version;
    INSERT INTO seen VALUES (NEW.id, NEW.version) ON CONFLICT (id) DO UPDATE SET version = EXCLUDED.version;
    RETURN NULL; END $$;
  CREATE TRIGGER probe AFTER INSERT OR UPDATE ON copies FOR EACH ROW EXECUTE FUNCTION probe()`;

/** Processes of one pipeline, of which one is killed now and then. */
class Consumers implements AsyncDisposable {
  readonly #order: ConsumerOrder;
  readonly #running = new Set<ChildProcess>();
  /** What those said that ended by themselves. */
  readonly ended: string[] = [];
  kills = 0;

  constructor(order: ConsumerOrder) {
    this.#order = order;
  }

  join(): void {
    const child = spawn(process.execPath, [CHILD, JSON.stringify(this.#order)], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let said = '';
    child.stderr.on('data', (text: Buffer) => (said = (said + text.toString()).slice(-2_000)));
    child.once('exit', (code) => {
      this.#running.delete(child);
      if (child.signalCode !== 'SIGKILL') this.ended.push(`code ${code}: ${said}`);
    });
    this.#running.add(child);
  }

  kill(random: () => number): void {
    const chosen = [...this.#running][Math.floor(random() * this.#running.size)];
    this.kills++;
    chosen?.kill('SIGKILL');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const child of this.#running) child.kill('SIGKILL');
    while (this.#running.size > 0) await sleep(20);
  }
}

/** A proxy before each service, for the consumers alone. */
class ServiceProxies implements AsyncDisposable {
  readonly #proxies: ReadonlyMap<string, TcpProxy>;
  readonly detours: Detours;

  private constructor(proxies: ReadonlyMap<string, TcpProxy>, detours: Detours) {
    this.#proxies = proxies;
    this.detours = detours;
  }

  static async before(
    services: Readonly<Record<string, number>>,
    random: () => number,
  ): Promise<ServiceProxies> {
    const proxies = new Map<string, TcpProxy>();
    const detours: Record<number, number> = {};
    for (const [service, port] of Object.entries(services)) {
      const proxy = await TcpProxy.before(port, random);
      proxies.set(service, proxy);
      detours[port] = proxy.port;
    }
    return new ServiceProxies(proxies, detours);
  }

  harm(harming: boolean): void {
    for (const proxy of this.#proxies.values()) proxy.harming = harming;
  }

  /** Service → what was done to its connections. */
  get harms(): Record<string, TcpProxy['harms']> {
    return Object.fromEntries([...this.#proxies].map(([service, { harms }]) => [service, harms]));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const proxy of this.#proxies.values()) await proxy[Symbol.asyncDispose]();
  }
}

function portOf(url: string): number {
  return Number(new URL(url).port);
}

async function rowsOf(url: string, sql: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => {});
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(sql)).rows;
  } finally {
    await client.end().catch(() => {});
  }
}

async function contents(url: string, table: string): Promise<Map<unknown, string>> {
  const rows = await rowsOf(url, `SELECT id, version, md5(body) AS body FROM ${table}`);
  return new Map(rows.map(({ id, version, body }) => [id, `${String(version)} ${String(body)}`]));
}

/** Kills and joins until the time is over; in between the broker and the target are restarted. */
async function rage(services: EmbeddedServices, consumers: Consumers, random: () => number): Promise<void> {
  const rounds = Math.ceil(CHAOS_MS / KILL_EVERY_MS);
  const every = Math.max(6, Math.floor(rounds / 8));
  for (let round = 1; round <= rounds; round++) {
    await sleep(KILL_EVERY_MS);
    consumers.kill(random);
    if (round % every === 2) await services.restart('kafka', { immediate: true });
    if (round % every === 5) await services.restart('postgres', { immediate: true });
    consumers.join();
  }
}

describe(`three consumers of one pipeline in chaos (CHAOS_SEED=${SEED})`, () => {
  it(
    'end with the target right, one dead letter for each poison record, and no row that ever went back',
    { timeout: CHAOS_MS + 240_000 },
    async () => {
      const seeded = createSeededRandom(SEED);
      const random = (): number => seeded.next();
      await using source = await createDatabase();
      await OriginalsWriter.prepare(source.pool);
      await using data = await temporaryDataDir();
      await using services = await startServices({ dataDir: data.path, ...cacheDir(process.env) });
      const { targetUrl, kafkaBrokers, registryUrl } = services.urls;
      const prefix = `c${randomUUID().slice(0, 8)}`;
      const input = {
        sources: [{ name: prefix, tables: ['public.originals'], url: source.url }],
        topics: { partitions: 6 },
      };
      const config = resolveConfig(parseConfig(input, 'test', {}), {}, services.urls);
      const engine = new Engine(config, () => {});
      const [captured] = config.sources;
      if (captured === undefined) throw new Error('the config has no source');
      await engine.migrate([copiesPipeline]);
      await rowsOf(targetUrl, PROBE);
      await using proxies = await ServiceProxies.before(
        {
          target: portOf(targetUrl),
          broker: portOf(`kafka://${kafkaBrokers[0] ?? ''}`),
          registry: portOf(registryUrl),
        },
        random,
      );
      const { detours } = proxies;
      const order = { brokers: kafkaBrokers, registryUrl, prefix, targetUrl, detours };
      const stop = new AbortController();
      const capture = engine.capture(captured, stop.signal);
      capture.catch(() => {});
      try {
        await using consumers = new Consumers(order);
        for (let i = 0; i < 3; i++) consumers.join();
        const isRight = async (): Promise<boolean> => {
          const [originals, copies] = await Promise.all([
            contents(source.url, 'originals'),
            contents(targetUrl, 'copies'),
          ]);
          return (
            originals.size === copies.size && [...originals].every(([id, text]) => copies.get(id) === text)
          );
        };
        await until('the first rows are there', isRight, 60_000);
        const writer = new OriginalsWriter(source.pool, random);
        proxies.harm(true);
        await rage(services, consumers, random);
        await writer.stop();
        proxies.harm(false);
        await until('the target is right', isRight, 90_000);
        await until(
          'nothing is owed',
          async () => (await debtsOf(engine, copiesPipeline)).debts.length === 0,
        );
        const letters = await findFailures(engine, [copiesPipeline], {});
        const report = `chaos: ${writer.changes} changes, ${writer.poison} poison, ${consumers.kills} kills, harms ${JSON.stringify(proxies.harms)}\n`;
        process.stdout.write(report);
        expect(letters.map(({ code, state }) => `${code} ${state}`)).toEqual(
          Array.from({ length: writer.poison }, () => 'RECORD_INVALID settled'),
        );
        expect(await rowsOf(targetUrl, 'SELECT * FROM went_back')).toEqual([]);
        expect(consumers.ended).toEqual([]);
      } finally {
        stop.abort();
        await capture.catch(() => {});
      }
    },
  );
});
