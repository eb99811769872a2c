import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { Engine } from '../../../src/cli/engine.ts';
import { FreshnessWatch } from '../../../src/cli/freshness/freshness-watch.ts';
import { waitUntilApplied } from '../../../src/cli/freshness/wait.ts';
import { parseConfig, resolveConfig } from '../../../src/config.ts';
import { createSeededRandom } from '../../../src/demo/seeded-random.ts';
import type { ConsumerOrder } from '../../chaos/consumer-child.ts';
import { copiesPipeline } from '../../chaos/copies-pipeline.ts';
import type { Doom } from '../../crash/child.ts';
import { captureContext } from '../../support/capture.ts';
import { createDatabase, type TestDatabase } from '../../support/database.ts';
import { KillableProcess } from '../../support/killable-process.ts';
import { services } from '../../support/services.ts';

const SEED = Number(process.env['WAIT_SEED'] ?? Date.now() % 1_000_000);
const ROUNDS = process.env['SOAK'] === '1' ? 60 : 6;
const KEYS = 400;
const CAPTURE = fileURLToPath(new URL('../../crash/child.ts', import.meta.url));
const CONSUMER = fileURLToPath(new URL('../../chaos/consumer-child.ts', import.meta.url));
const NEVER = new AbortController().signal;

/** Writes versions that grow; knows of each row the newest version that is committed. */
class Writers {
  readonly #database: TestDatabase;
  readonly #random: () => number;
  readonly committed = new Map<number, number>();
  #version = 0;
  #stopping = false;
  readonly #done: Promise<unknown>;

  constructor(database: TestDatabase, random: () => number, count: number) {
    this.#database = database;
    this.#random = random;
    this.#done = Promise.all(Array.from({ length: count }, (_, nth) => this.#write(nth, count)));
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    await this.#done;
  }

  /** Each writer has keys of its own: so a row's newest version is known when its transaction has ended. */
  async #write(nth: number, of: number): Promise<void> {
    while (!this.#stopping) {
      const version = ++this.#version;
      const ids = Array.from({ length: 1 + Math.floor(this.#random() * 20) }, () => {
        return 1 + nth + of * Math.floor((this.#random() * KEYS) / of);
      });
      await this.#database.pool.query(
        `INSERT INTO originals SELECT DISTINCT id, $2::int8, 'v' || $2 FROM unnest($1::int[]) AS id
         ON CONFLICT (id) DO UPDATE SET version = EXCLUDED.version, body = EXCLUDED.body`,
        [ids, version],
      );
      for (const id of ids) this.committed.set(id, version);
      await sleep(this.#random() * 20);
    }
  }
}

/** Rows of the target that lack what was committed, when that was `committed`. */
async function missing(target: TestDatabase, committed: ReadonlyMap<number, number>): Promise<string[]> {
  const { rows } = await target.pool.query<{ id: number; version: string }>('SELECT id, version FROM copies');
  const applied = new Map(rows.map(({ id, version }) => [id, Number(version)]));
  return [...committed]
    .filter(([id, version]) => (applied.get(id) ?? -1) < version)
    .map(([id, version]) => `${id}: ${version}, not ${applied.get(id)}`);
}

describe(`freshet wait (WAIT_SEED=${SEED})`, () => {
  it(
    'never returns before every row that was committed is applied, whoever is killed meanwhile',
    { timeout: 60_000 + ROUNDS * 20_000 },
    async () => {
      const seeded = createSeededRandom(SEED);
      const random = (): number => seeded.next();
      await using source = await createDatabase();
      await using target = await createDatabase();
      await source.pool.query('CREATE TABLE originals (id int PRIMARY KEY, version int8, body text)');
      const { kafkaBrokers, registryUrl } = services();
      const context = captureContext(source, ['originals'], { transactionTimeoutMs: 3_000 });
      const { slot, publication, prefix } = context.config;
      const input = {
        sources: [{ name: prefix, slot, publication, prefix, tables: ['public.originals'], url: source.url }],
        target: { url: target.url },
      };
      const config = resolveConfig(parseConfig(input, 'test', {}), {}, services());
      const engine = new Engine(config, () => {});
      await engine.migrate([copiesPipeline]);
      const { config: captured } = context;
      const doom: Doom = {
        config: captured,
        brokers: kafkaBrokers,
        registryUrl,
        failpoint: 'after-commit',
        time: 1e9,
        delayMs: 0,
      };
      const capture = (): KillableProcess => new KillableProcess(CAPTURE, doom);
      const order: ConsumerOrder = {
        brokers: kafkaBrokers,
        registryUrl,
        targetUrl: target.url,
        prefix,
        detours: {},
      };
      const consumer = (): KillableProcess => new KillableProcess(CONSUMER, order);
      const running = { capture: capture(), consumer: consumer() };
      await using watch = new FreshnessWatch(engine, { sources: [], pipelines: [copiesPipeline] });
      const writers = new Writers(source, random, 3);
      try {
        for (let round = 0; round < ROUNDS; round++) {
          const killing = kill(running, round % 2 === 0 ? 'capture' : 'consumer', random, {
            capture,
            consumer,
          });
          await sleep(random() * 300);
          const committed = new Map(writers.committed);
          const options = { until: { kind: 'now' } as const, strict: round % 3 === 0, timeoutMs: 60_000 };
          const waiting = waitUntilApplied(watch, { ...options, signal: NEVER });
          await waiting.catch((error: unknown) => {
            throw new Error(`round ${round}: ${running.capture.said} ${running.consumer.said}`, {
              cause: error,
            });
          });
          expect(await missing(target, committed)).toEqual([]);
          await killing;
        }
        expect(writers.committed.size).toBeGreaterThan(KEYS / 4);
      } finally {
        await writers.stop();
        await Promise.all([running.capture.kill(), running.consumer.kill()]);
      }
    },
  );

  it('gives up in time, and says who is behind', async () => {
    await using source = await createDatabase();
    await source.pool.query('CREATE TABLE originals (id int PRIMARY KEY, version int8, body text)');
    const name = `t${randomUUID().slice(0, 8)}`;
    const input = {
      sources: [{ name, tables: ['public.originals'], url: source.url }],
      target: { url: source.url },
    };
    const engine = new Engine(resolveConfig(parseConfig(input, 'test', {}), {}, services()), () => {});
    await engine.migrate([copiesPipeline]);
    await using watch = new FreshnessWatch(engine, { sources: [], pipelines: [copiesPipeline] });
    const options = { until: { kind: 'now' } as const, strict: false, timeoutMs: 300, signal: NEVER };
    await expect(waitUntilApplied(watch, options)).rejects.toMatchObject({
      code: 'WAIT_TIMEOUT',
      message: expect.stringMatching(/copies.*source t.* is empty/s),
    });
  });
});

type Roles = 'capture' | 'consumer';

/** Some time from now one is killed, and another one takes its place. */
async function kill(
  running: Record<Roles, KillableProcess>,
  role: Roles,
  random: () => number,
  start: Readonly<Record<Roles, () => KillableProcess>>,
): Promise<void> {
  await sleep(random() * 600);
  await running[role].kill();
  running[role] = start[role]();
}
