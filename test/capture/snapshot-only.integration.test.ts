import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { CaptureLink } from '../../src/cli/backfill/capture-link.ts';
import { askFor } from '../../src/cli/backfill/publish-refresh.ts';
import { runBackfill } from '../../src/cli/backfill/run-backfill.ts';
import { Engine } from '../../src/cli/engine.ts';
import { type Config, parseConfig, resolveConfig } from '../../src/config.ts';
import { upsertPipeline } from '../../src/consumers/upsert/pipeline.ts';
import { createProducts } from '../../src/demo/source-tables.ts';
import { runTogether } from '../../src/runtime/shutdown.ts';
import { until } from '../support/capture.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import type { Tasks } from '../support/during.ts';
import { start } from '../support/running.ts';
import { services } from '../support/services.ts';

const TABLE = { schema: 'public', name: 'products' };

interface Reader extends AsyncDisposable {
  readonly url: string;
}

/** A role that may connect and select, and nothing else. */
async function createReader({ pool, url }: TestDatabase): Promise<Reader> {
  const name = `reader_${randomBytes(4).toString('hex')}`;
  await pool.query(`CREATE ROLE ${name} LOGIN PASSWORD 'reader'; GRANT SELECT ON products TO ${name}`);
  const drop = `DROP OWNED BY ${name}; DROP ROLE ${name}`;
  return {
    url: Object.assign(new URL(url), { username: name, password: 'reader' }).href,
    [Symbol.asyncDispose]: async () => void (await pool.query(drop)),
  };
}

function configOf(reader: Reader, target: TestDatabase, mode: 'stream' | 'snapshot-only'): Config {
  const name = `t${randomBytes(4).toString('hex')}`;
  const sources = [{ name, tables: ['public.products'], url: reader.url, mode }];
  const input = { sources, target: { url: target.url }, snapshot: { chunkRows: 100 } };
  return resolveConfig(parseConfig(input, 'test', {}), {}, services());
}

async function rows({ pool }: TestDatabase, table: string): Promise<string> {
  const sql = `SELECT string_agg(sku || ' ' || price::int, ',' ORDER BY sku) AS all FROM ${table}`;
  return (await pool.query<{ all: string }>(sql)).rows[0]?.all ?? '';
}

function only<T>([first]: readonly T[]): T {
  if (first === undefined) throw new Error('there is none');
  return first;
}

async function openSource(): Promise<TestDatabase> {
  const source = await createDatabase();
  const client = await source.pool.connect();
  await createProducts(client);
  client.release();
  await source.pool.query(
    `INSERT INTO products (sku, name, price) SELECT 'sku' || i, 'Thing', 1 FROM generate_series(1, 450) i`,
  );
  return source;
}

describe('a snapshot-only capture', () => {
  it('needs SELECT alone; each refresh of a whole table takes away what is gone, also after a restart', async () => {
    await using source = await openSource();
    await using reader = await createReader(source);
    await using target = await createDatabase();
    const config = configOf(reader, target, 'snapshot-only');
    const messages: string[] = [];
    const engine = new Engine(config, (_level, message) => void messages.push(message));
    await engine.migrate([upsertPipeline]);
    const origin = only(config.sources);
    const same = (): Promise<void> =>
      until('the target is as the source', async () =>
        Promise.all([rows(source, 'products'), rows(target, 'items')]).then(([a, b]) => a === b),
      );
    const epochs = async (): Promise<number[]> => {
      const sql = 'SELECT DISTINCT _freshet_epoch::float8 AS epoch FROM items ORDER BY 1';
      return (await target.pool.query<{ epoch: number }>(sql)).rows.map(({ epoch }) => epoch);
    };
    const refresh = async (id: string): Promise<void> => {
      using link = await CaptureLink.open(config, origin);
      await until('the capture is there', () => link.isAlive());
      const parts = [{ table: TABLE, where: null, keys: null }];
      await askFor(link, { kind: 'refresh', id, group: null, options: {}, parts });
      await same();
    };
    const seen: number[] = [];
    for (const round of [1, 2]) {
      const tasks: Tasks = [
        (signal) => engine.capture(origin, signal),
        (signal) => engine.consume(upsertPipeline, signal),
      ];
      const running = start((signal) => runTogether(signal, tasks));
      try {
        if (round === 1) await same();
        await source.pool.query(
          `DELETE FROM products WHERE sku LIKE 'sku${round}_'; UPDATE products SET price = price + 1`,
        );
        await refresh(`first-${round}`);
        const [epoch, ...others] = await epochs();
        expect(others).toEqual([]);
        seen.push(epoch ?? 0);
        await source.pool.query(`DELETE FROM products WHERE sku = 'sku${round + 4}'`);
        await refresh(`second-${round}`);
      } finally {
        await running.stop();
      }
    }
    expect(seen).toEqual(seen.toSorted((a, b) => a - b));
    expect(new Set(seen).size).toBe(2);
    expect(messages).toContainEqual(expect.stringContaining('is captured by snapshots only'));
    const { rows: left } = await source.pool.query(
      'SELECT slot_name FROM pg_replication_slots WHERE database = current_database() UNION ALL SELECT pubname FROM pg_publication',
    );
    expect(left).toEqual([]);
    using link = await CaptureLink.open(config, origin);
    expect(await link.isAlive()).toBe(false);
  });

  it('is what a backfill runs where no capture does', async () => {
    await using source = await openSource();
    await using reader = await createReader(source);
    await using target = await createDatabase();
    const config = configOf(reader, target, 'snapshot-only');
    const engine = new Engine(config, () => {});
    const parts = [{ table: TABLE, where: null, keys: null }];
    const request = { pipeline: upsertPipeline, source: only(config.sources), parts, options: {} };
    const hooks = { signal: AbortSignal.timeout(60_000), progress: () => {} };
    const first = await runBackfill(engine, { ...request, keepSlot: false, resume: false }, hooks);
    expect(first.rowsPublished).toBe(450);
    await source.pool.query(`DELETE FROM products WHERE sku LIKE 'sku1%'`);
    await runBackfill(engine, { ...request, keepSlot: false, resume: false }, hooks);
    expect(await rows(target, 'items')).toBe(await rows(source, 'products'));
  });

  it('is not what a source in the other mode gets: its role is refused with the cure', async () => {
    await using source = await openSource();
    await using reader = await createReader(source);
    const config = configOf(reader, source, 'stream');
    const engine = new Engine(config, () => {});
    const capture = engine.capture(only(config.sources), AbortSignal.timeout(30_000));
    await expect(capture).rejects.toMatchObject({ code: 'PREFLIGHT', exitCode: 3 });
  });

  it('has no slot that could be kept over a failover', () => {
    const sources = [{ name: 'a', tables: ['public.a'], mode: 'snapshot-only', failoverSlot: true }];
    expect(() => parseConfig({ sources }, 'test', {})).toThrow("there is no slot in mode 'snapshot-only'");
  });
});
